// load, and compare, which checks that a store holds what was loaded.
#include <fmt/format.h>

#include <set>

#include "command_set.h"
#include "import_format.h"
#include "loader.h"
#include "progress.h"
#include "units.h"

namespace firn::tool {
namespace {

struct InputArguments {
  explicit InputArguments(CLI::App& command) : operands(command, {"FILE"}, 1) {}
  [[nodiscard]] std::string file() const { return operands.has(0) ? operands.at(0) : "-"; }

  Operands operands;
  std::string format = "tsv";
  std::string key_field;
  bool progress = false;
};

struct LoadArguments : InputArguments {
  using InputArguments::InputArguments;
  std::uint64_t batch_rows = 1000;
  std::string acknowledge_file;
};

struct CompareArguments : InputArguments {
  using InputArguments::InputArguments;
  std::uint64_t rows = std::numeric_limits<std::uint64_t>::max();
};

// Null when told as an error.
std::optional<ImportSettings> SettingsOf(CommandContext& context, const InputArguments& input) {
  ImportSettings settings;
  settings.key_field = input.key_field;
  const bool is_paragraphs = input.format == "rfc822";
  if (is_paragraphs != !input.key_field.empty()) {
    context.FailUsage("--format rfc822 and --key-field NAME go together", "give both or neither");
    return std::nullopt;
  }
  if (is_paragraphs) {
    settings.format = ImportFormat::kParagraphs;
  } else if (input.format == "ndjson") {
    settings.format = ImportFormat::kJson;
  } else if (context.common.hex) {
    settings.coding = TextCoding::kHex;
  } else if (input.format == "kv" && !context.common.escape) {
    settings.coding = TextCoding::kRaw;
  }
  return settings;
}

// The input of a command, read record by record under a progress line.
struct Input {
  OpenedSource opened;
  std::unique_ptr<RecordReader> reader;
  std::unique_ptr<ProgressLine> progress;
};

std::optional<Input> OpenInput(CommandContext& context, const InputArguments& arguments) {
  const std::optional<ImportSettings> settings = SettingsOf(context, arguments);
  if (!settings.has_value()) return std::nullopt;
  Result<OpenedSource> opened = OpenSource(arguments.file());
  if (!opened.ok()) {
    context.Fail("cannot read the input", arguments.file(), opened.status());
    return std::nullopt;
  }
  Input input;
  input.opened = std::move(opened).value();
  input.reader = RecordReader::Make(*settings, *input.opened.source);
  input.progress = std::make_unique<ProgressLine>(
      arguments.progress || StandardErrorIsTerminal(), input.opened.bytes_total);
  return input;
}

// Loads all of `input` and tells what was kept. `acknowledgements` may be null.
LoadReport LoadInput(Store& store, Input& input, const LoadArguments& arguments,
                     Output* acknowledgements) {
  BadRecordLog bad_records([&](Slice line) { input.progress->Print(line); });
  const LoadHooks hooks{
      .write = [&](const WriteBatch& batch) { return store.db->Write(batch); },
      .acknowledged =
          [&](std::uint64_t rows) {
            input.progress->Update(rows, input.reader->bytes_consumed());
            if (acknowledgements == nullptr) return Status();
            acknowledgements->Write(fmt::format("{}\n", rows));
            return acknowledgements->Flush();
          },
      .bad_record = [&](std::uint64_t line, Slice reason) { bad_records.Add(line, reason); }};
  LoadReport report = Load(*input.reader,
                           {.keyspace = store.keyspace, .batch_rows_max = arguments.batch_rows},
                           hooks);
  bad_records.Finish();
  input.progress->Clear();
  return report;
}

void ShowLoadReport(CommandContext& context, const Input& input, const LoadReport& report) {
  if (context.common.json) {
    context.out().Write(fmt::format("{{\"rows\": {}, \"bad_rows\": {}, \"bytes\": {}}}\n",
                                    report.rows, report.bad_rows,
                                    input.reader->bytes_consumed()));
    return;
  }
  const std::uint64_t micros = std::max<std::uint64_t>(input.progress->elapsed_micros(), 1);
  const double seconds = static_cast<double>(micros) / 1e6;
  const double rate = static_cast<double>(input.reader->bytes_consumed()) / 1e6 / seconds;
  context.out().Write(fmt::format("loaded {} records ({}) in {:.2f} s, {:.1f} MB/s",
                                  FormatCount(report.rows),
                                  FormatBytes(input.reader->bytes_consumed()), seconds, rate));
  if (report.bad_rows > 0) {
    context.out().Write(fmt::format("; {} bad ones left out", FormatCount(report.bad_rows)));
  }
  context.out().Write("\n");
}

ExitCode RunLoad(CommandContext& context, LoadArguments& arguments) {
  if (!arguments.operands.Resolve(context)) return context.fail_code();
  const std::string& directory = arguments.operands.directory();
  std::optional<Input> input = OpenInput(context, arguments);
  if (!input.has_value()) return context.fail_code();
  std::unique_ptr<Output> acknowledgements;
  if (!arguments.acknowledge_file.empty()) {
    Result<std::unique_ptr<Output>> created = Output::Create(arguments.acknowledge_file);
    if (!created.ok()) {
      return context.Fail("cannot record acknowledgements", arguments.acknowledge_file,
                          created.status());
    }
    acknowledgements = std::move(created).value();
  }
  std::optional<Store> store = context.Open(directory, Creation::kIfMissing);
  if (!store.has_value()) return context.fail_code();
  const LoadReport report = LoadInput(*store, *input, arguments, acknowledgements.get());
  ShowLoadReport(context, *input, report);
  if (!report.status.ok()) {
    context.Fail(fmt::format("load ended after {} records", report.rows), directory,
                 report.status);
  }
  const ExitCode code = context.Close(*store, directory);
  return code == ExitCode::kOk && report.bad_rows > 0 ? ExitCode::kBadInput : code;
}

struct Comparison {
  std::uint64_t rows = 0;
  std::uint64_t bad_rows = 0;
  // Keys whose stored value is not that of their newest record so far.
  std::set<std::string> differing;
  Status status;
};

// Reads the input beyond the first `rows_checked` records too: a record that came later may
// rightly have replaced one of them.
Comparison CompareInput(const Store& store, Input& input, std::uint64_t rows_checked) {
  Comparison comparison;
  Record record;
  for (;;) {
    const RecordReader::Outcome outcome = input.reader->Next(&record);
    if (outcome == RecordReader::Outcome::kEnd) return comparison;
    if (outcome == RecordReader::Outcome::kFailed) {
      comparison.status = input.reader->status();
      return comparison;
    }
    if (outcome == RecordReader::Outcome::kBad) {
      ++comparison.bad_rows;
      continue;
    }
    const bool is_checked = comparison.rows < rows_checked;
    if (!is_checked && comparison.differing.empty()) return comparison;
    PinnedValue value;
    const Result<bool> found =
        store.db->Get(record.key, value, {.keyspace = store.keyspace, .snapshot = {}});
    if (!found.ok()) {
      comparison.status = found.status();
      return comparison;
    }
    if (*found && value.value() == record.value) {
      comparison.differing.erase(record.key);
    } else if (is_checked) {
      comparison.differing.insert(record.key);
    }
    if (is_checked) ++comparison.rows;
    input.progress->Update(comparison.rows, input.reader->bytes_consumed());
  }
}

void ShowComparison(CommandContext& context, const Comparison& comparison) {
  constexpr std::size_t kShown = 20;
  std::size_t shown = 0;
  for (const std::string& key : comparison.differing) {
    if (shown++ == kShown) break;
    WriteToStandardError(fmt::format("firn: missing or different: key {}: load it again\n",
                                     Encode(TextCoding::kEscape, key)));
  }
  const std::size_t differing = comparison.differing.size();
  context.out().Write(
      context.common.json
          ? fmt::format("{{\"rows\": {}, \"differing\": {}, \"bad_rows\": {}}}\n", comparison.rows,
                        differing, comparison.bad_rows)
          : fmt::format("compared {} records: {}\n", FormatCount(comparison.rows),
                        differing == 0 ? "all are in the store"
                                       : fmt::format("{} missing or different",
                                                     FormatCount(differing))));
}

ExitCode RunCompare(CommandContext& context, CompareArguments& arguments) {
  if (!arguments.operands.Resolve(context)) return context.fail_code();
  const std::string& directory = arguments.operands.directory();
  std::optional<Input> input = OpenInput(context, arguments);
  if (!input.has_value()) return context.fail_code();
  std::optional<Store> store = context.Open(directory, Creation::kMustExist);
  if (!store.has_value()) return context.fail_code();
  const Comparison comparison = CompareInput(*store, *input, arguments.rows);
  input->progress->Clear();
  if (comparison.status.ok()) {
    ShowComparison(context, comparison);
  } else {
    context.Fail("cannot compare", directory, comparison.status);
  }
  const ExitCode code = context.Close(*store, directory);
  return code == ExitCode::kOk && !comparison.differing.empty() ? ExitCode::kKeyNotFound : code;
}

void AddInputOptions(CommandSet& commands, CLI::App& command, InputArguments& arguments) {
  commands.AddKeyspaceOption(command);
  command
      .add_option("--format", arguments.format,
                  "tsv (key TAB value, escaped; default), kv (the same, raw), ndjson, or rfc822 "
                  "(paragraphs of 'Field: text')")
      ->check(CLI::IsMember({"tsv", "kv", "ndjson", "rfc822"}))
      ->option_text("FORMAT");
  command.add_option("--key-field", arguments.key_field, "Which field is the key (rfc822)")
      ->option_text("NAME");
  command.add_flag("--progress", arguments.progress,
                   "Show progress also when standard error is no terminal");
  CommonOptions& common = commands.context().common;
  CLI::Option* hex = command.add_flag("--hex", common.hex, "tsv, kv: fields in hexadecimal");
  command.add_flag("--escape", common.escape, "kv: fields escaped, as in tsv")->excludes(hex);
}

}  // namespace

void AddLoadCommands(CommandSet& commands) {
  CLI::App* load = commands.Add(
      "load", "Store the records of FILE (or standard input); creates the store if missing");
  auto load_arguments = std::make_shared<LoadArguments>(*load);
  AddInputOptions(commands, *load, *load_arguments);
  load->add_option("--batch", load_arguments->batch_rows, "Records a batch (default 1000)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}))
      ->option_text("N");
  load->add_option("--acknowledge", load_arguments->acknowledge_file,
                   "After each batch append the number of acknowledged records to this file")
      ->option_text("FILE");
  commands.SetRun(load,
                  [load_arguments](CommandContext& c) { return RunLoad(c, *load_arguments); });

  CLI::App* compare = commands.Add(
      "compare", "Check that the records of FILE are in the store; exit code 1 when not");
  auto compare_arguments = std::make_shared<CompareArguments>(*compare);
  AddInputOptions(commands, *compare, *compare_arguments);
  compare->add_option("--rows", compare_arguments->rows, "Only the first N good records")
      ->option_text("N");
  commands.SetRun(compare, [compare_arguments](CommandContext& c) {
    return RunCompare(c, *compare_arguments);
  });
}

}  // namespace firn::tool
