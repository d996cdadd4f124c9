// stats, verify and version: what the store and the program tell about themselves.
#include <fmt/format.h>

#include "command_set.h"
#include "progress.h"
#include "tree_drawing.h"
#include "units.h"

namespace firn::tool {
namespace {

ExitCode ShowStats(CommandContext& context, Operands& operands) {
  if (!operands.Resolve(context)) return context.fail_code();
  std::optional<Store> store = context.Open(operands.directory(), Creation::kMustExist);
  if (!store.has_value()) return context.fail_code();
  const Stats stats = store->db->GetStats();
  if (context.common.json) {
    context.out().Write(StatsToJson(stats) + "\n");
  } else {
    context.out().Write(DescribeStore(stats));
    for (const KeyspaceStats& keyspace : stats.keyspaces) {
      if (!context.common.keyspace.empty() && keyspace.name != context.common.keyspace) continue;
      context.out().Write("\n" + DrawTree(keyspace));
    }
  }
  return context.Close(*store, operands.directory());
}

std::string DescribeReport(const VerifyReport& report, bool json) {
  std::string text;
  if (!json) {
    text = fmt::format("verified {} entries in {} table{}, {}: no damage\n",
                       FormatCount(report.entries), FormatCount(report.tables),
                       report.tables == 1 ? "" : "s", FormatBytes(report.bytes));
    for (const std::string& file : report.orphan_files) {
      text += fmt::format("orphan file {}\n", Encode(TextCoding::kEscape, file));
    }
    return text;
  }
  text = fmt::format("{{\"tables\": {}, \"bytes\": {}, \"entries\": {}, \"orphan_files\": [",
                     report.tables, report.bytes, report.entries);
  for (std::size_t i = 0; i < report.orphan_files.size(); ++i) {
    if (i > 0) text += ", ";
    text += '{';
    AppendJsonMember("name", report.orphan_files[i], TextCoding::kEscape, text);
    text += '}';
  }
  return text + "]}\n";
}

struct VerifyArguments {
  explicit VerifyArguments(CLI::App& command) : operands(command, {}) {}
  Operands operands;
  bool progress = false;
};

ExitCode Verify(CommandContext& context, VerifyArguments& arguments) {
  if (!arguments.operands.Resolve(context)) return context.fail_code();
  const std::string& directory = arguments.operands.directory();
  std::optional<Store> store = context.Open(directory, Creation::kMustExist);
  if (!store.has_value()) return context.fail_code();
  ProgressLine progress(arguments.progress || StandardErrorIsTerminal(), 0);
  const Result<VerifyReport> report =
      store->db->Verify([&](std::uint64_t done, std::uint64_t total) {
        progress.set_bytes_total(total);
        progress.Update(std::nullopt, done);
      });
  progress.Clear();
  if (!report.ok()) {
    context.Fail("the store is damaged or unreadable", directory, report.status());
  } else {
    context.out().Write(DescribeReport(*report, context.common.json));
  }
  return context.Close(*store, directory);
}

}  // namespace

void AddStatsCommands(CommandSet& commands) {
  CLI::App* stats = commands.Add("stats", "Show health, memory, counters and the tree");
  commands.AddKeyspaceOption(*stats);
  auto stats_operands = std::make_shared<Operands>(*stats, std::vector<std::string>{});
  commands.SetRun(stats,
                  [stats_operands](CommandContext& c) { return ShowStats(c, *stats_operands); });

  CLI::App* verify = commands.Add("verify", "Read every file and check all there is to check");
  auto verify_arguments = std::make_shared<VerifyArguments>(*verify);
  verify->add_flag("--progress", verify_arguments->progress,
                   "Show progress also when standard error is no terminal");
  commands.SetRun(verify,
                  [verify_arguments](CommandContext& c) { return Verify(c, *verify_arguments); });

  CLI::App* version = commands.Add("version", "Show the version of this program");
  commands.SetRun(version, [](CommandContext& c) {
    c.out().Write(c.common.json ? "{\"version\": \"" FIRN_VERSION "\"}\n"
                                : "firn " FIRN_VERSION "\n");
    return ExitCode::kOk;
  });
}

}  // namespace firn::tool
