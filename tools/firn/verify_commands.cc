// verify and repair: what is wrong with a store, and what of it can be saved.
#include <firn/repair.h>
#include <firn/verify.h>
#include <fmt/format.h>

#include "command_set.h"
#include "progress.h"
#include "units.h"

namespace firn::tool {
namespace {

std::string Escaped(const std::string& bytes) { return Encode(TextCoding::kEscape, bytes); }

// Appends `"name": "text"` behind a comma where one is needed.
void AppendMember(std::string& object, std::string_view name, Slice value) {
  if (object.back() != '{') object += ", ";
  AppendJsonMember(name, value, TextCoding::kEscape, object);
}

void AppendNumber(std::string& object, std::string_view name, std::uint64_t value) {
  if (object.back() != '{') object += ", ";
  object += fmt::format("\"{}\": {}", name, value);
}

// `[{...}, {...}]` of what `describe` writes of each element.
template <typename List, typename Describe>
std::string JsonList(const List& list, Describe describe) {
  std::string text = "[";
  for (const auto& each : list) {
    if (text.size() > 1) text += ", ";
    text += '{';
    describe(each, text);
    text += '}';
  }
  return text + "]";
}

std::string FindingToText(const VerifyFinding& finding) {
  std::string text = Escaped(finding.file);
  if (finding.offset) text += fmt::format(" at offset {}", *finding.offset);
  if (!text.empty()) text += ": ";
  return text + fmt::format("{}; {}\n", Escaped(finding.what), finding.advice);
}

std::string ReportToText(const VerifyReport& report) {
  std::string text;
  for (const VerifyFinding& finding : report.findings) text += FindingToText(finding);
  if (report.findings_more > 0) {
    text += fmt::format("and {} more\n", FormatCount(report.findings_more));
  }
  for (const std::string& file : report.orphan_files) {
    text += fmt::format("orphan file {}: harmless\n", Escaped(file));
  }
  if (report.log_bytes_dropped > 0) {
    text += fmt::format("the log ends in {} that were never synced: opening drops them\n",
                        FormatBytes(report.log_bytes_dropped));
  }
  const std::uint64_t findings = report.findings.size() + report.findings_more;
  return text + fmt::format("verified {} entries in {} table{}, {}: {}\n",
                            FormatCount(report.entries), FormatCount(report.tables),
                            report.tables == 1 ? "" : "s", FormatBytes(report.bytes),
                            findings == 0 ? "no damage"
                                          : fmt::format("{} finding{}", FormatCount(findings),
                                                        findings == 1 ? "" : "s"));
}

std::string ReportToJson(const VerifyReport& report) {
  std::string text = "{";
  AppendNumber(text, "tables", report.tables);
  AppendNumber(text, "entries", report.entries);
  AppendNumber(text, "bytes", report.bytes);
  AppendNumber(text, "log_bytes_dropped", report.log_bytes_dropped);
  text += ", \"orphan_files\": " + JsonList(report.orphan_files, [](const auto& file, auto& to) {
    AppendMember(to, "name", file);
  });
  text += ", \"findings\": " + JsonList(report.findings, [](const auto& finding, auto& to) {
    AppendMember(to, "file", finding.file);
    if (finding.offset) AppendNumber(to, "offset", *finding.offset);
    AppendMember(to, "what", finding.what);
    AppendMember(to, "advice", finding.advice);
  });
  AppendNumber(text, "findings_more", report.findings_more);
  return text + "}\n";
}

struct VerifyArguments {
  explicit VerifyArguments(CLI::App& command) : operands(command, {}) {}
  Operands operands;
  bool progress = false;
};

// The store is not opened: nothing of it may change before its owner has seen what is wrong.
ExitCode Verify(CommandContext& context, VerifyArguments& arguments) {
  if (!arguments.operands.Resolve(context)) return context.fail_code();
  const std::optional<Options> options = context.StoreOptions(Creation::kMustExist);
  if (!options.has_value()) return context.fail_code();
  const std::string& directory = arguments.operands.directory();
  ProgressLine progress(arguments.progress || StandardErrorIsTerminal(), 0);
  const VerifyReport report =
      VerifyStore(directory, *options, [&](std::uint64_t done, std::uint64_t total) {
        progress.set_bytes_total(total);
        progress.Update(std::nullopt, done);
      });
  progress.Clear();
  if (!report.stopped.ok()) {
    return context.Fail("cannot verify the store", directory, report.stopped);
  }
  context.out().Write(context.common.json ? ReportToJson(report) : ReportToText(report));
  if (!report.ok()) context.Fail("the store is damaged", directory, report.status());
  return context.fail_code();
}

std::string LossToText(const RepairLoss& loss) {
  std::string text = loss.file.empty() ? std::string("log") : Escaped(loss.file);
  if (loss.end > loss.offset) text += fmt::format(" bytes {} to {}", loss.offset, loss.end);
  text += ": " + Escaped(loss.what);
  if (!loss.keyspace.empty()) text += fmt::format(", keyspace {}", Escaped(loss.keyspace));
  if (loss.entries) {
    text += fmt::format(", {} entr{}", FormatCount(*loss.entries),
                        *loss.entries == 1 ? "y" : "ies");
  }
  if (loss.from) text += fmt::format(", from key {}", Escaped(*loss.from));
  if (loss.to) text += fmt::format(", to key {}", Escaped(*loss.to));
  return text + "\n";
}

std::string ReportToText(const RepairReport& report) {
  std::string text;
  for (const RepairLoss& loss : report.losses) text += "lost: " + LossToText(loss);
  for (const RepairUnordered& each : report.unordered) {
    text += fmt::format(
        "not ordered: {}, keyspace {}, keys {} to {}: deleted or overwritten values may be back\n",
        Escaped(each.file), Escaped(each.keyspace), Escaped(each.from), Escaped(each.to));
  }
  for (const RepairIgnored& each : report.ignored) {
    text += fmt::format("left out: {}: {}\n", Escaped(each.file), each.why);
  }
  for (const std::string& note : report.notes) text += fmt::format("note: {}\n", Escaped(note));
  return text + fmt::format(
                    "repaired: {} keyspace{}, {} entries read from {} table{} and {} log "
                    "record{}; {}\n",
                    FormatCount(report.keyspaces), report.keyspaces == 1 ? "" : "s",
                    FormatCount(report.entries_read), FormatCount(report.tables),
                    report.tables == 1 ? "" : "s", FormatCount(report.log_records),
                    report.log_records == 1 ? "" : "s",
                    report.complete() ? "nothing was lost" : "not everything could be saved");
}

std::string ReportToJson(const RepairReport& report) {
  std::string text = "{";
  text += fmt::format("\"complete\": {}, \"manifest_used\": {}", report.complete(),
                      report.manifest_used);
  AppendNumber(text, "keyspaces", report.keyspaces);
  AppendNumber(text, "tables", report.tables);
  AppendNumber(text, "log_records", report.log_records);
  AppendNumber(text, "entries_read", report.entries_read);
  text += ", \"losses\": " + JsonList(report.losses, [](const auto& loss, auto& to) {
    AppendMember(to, "file", loss.file);
    AppendNumber(to, "offset", loss.offset);
    AppendNumber(to, "end", loss.end);
    AppendMember(to, "what", loss.what);
    if (!loss.keyspace.empty()) AppendMember(to, "keyspace", loss.keyspace);
    if (loss.entries) AppendNumber(to, "entries", *loss.entries);
    if (loss.from) AppendMember(to, "from", *loss.from);
    if (loss.to) AppendMember(to, "to", *loss.to);
  });
  text += ", \"unordered\": " + JsonList(report.unordered, [](const auto& each, auto& to) {
    AppendMember(to, "file", each.file);
    AppendMember(to, "keyspace", each.keyspace);
    AppendMember(to, "from", each.from);
    AppendMember(to, "to", each.to);
  });
  text += ", \"left_out\": " + JsonList(report.ignored, [](const auto& each, auto& to) {
    AppendMember(to, "file", each.file);
    AppendMember(to, "why", each.why);
  });
  text += ", \"notes\": " + JsonList(report.notes, [](const auto& note, auto& to) {
    AppendMember(to, "note", note);
  });
  return text + "}\n";
}

struct RepairArguments {
  explicit RepairArguments(CLI::App& command) : operands(command, {"TARGET"}) {}
  Operands operands;
  bool progress = false;
};

ExitCode Repair(CommandContext& context, RepairArguments& arguments) {
  if (!arguments.operands.Resolve(context)) return context.fail_code();
  const std::optional<Options> options = context.StoreOptions(Creation::kMustExist);
  if (!options.has_value()) return context.fail_code();
  const std::string& source = arguments.operands.directory();
  ProgressLine progress(arguments.progress || StandardErrorIsTerminal(), 0);
  const Result<RepairReport> report =
      RepairStore(source, arguments.operands.at(0), *options,
                  [&](std::uint64_t done, std::uint64_t total) {
                    progress.set_bytes_total(total);
                    progress.Update(std::nullopt, done);
                  });
  progress.Clear();
  if (!report.ok()) return context.Fail("cannot repair the store", source, report.status());
  context.out().Write(context.common.json ? ReportToJson(*report) : ReportToText(*report));
  return report->complete() ? ExitCode::kOk : ExitCode::kIncomplete;
}

}  // namespace

void AddVerifyCommands(CommandSet& commands) {
  CLI::App* verify = commands.Add("verify", "Read every file and check all there is to check");
  auto verify_arguments = std::make_shared<VerifyArguments>(*verify);
  verify->add_flag("--progress", verify_arguments->progress,
                   "Show progress also when standard error is no terminal");
  commands.SetRun(verify,
                  [verify_arguments](CommandContext& c) { return Verify(c, *verify_arguments); });

  CLI::App* repair = commands.Add("repair", "Save what is readable of a damaged store to TARGET");
  auto repair_arguments = std::make_shared<RepairArguments>(*repair);
  repair->add_flag("--progress", repair_arguments->progress,
                   "Show progress also when standard error is no terminal");
  commands.SetRun(repair,
                  [repair_arguments](CommandContext& c) { return Repair(c, *repair_arguments); });
}

}  // namespace firn::tool
