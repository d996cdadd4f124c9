// scan, count and dump: everything that walks keys.
#include <fmt/format.h>

#include <limits>

#include "command_set.h"

namespace firn::tool {
namespace {

enum class Direction : bool { kForward, kBackward };

struct Walk {
  KeyRange range;
  Direction direction = Direction::kForward;
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
};

// Calls `visit` with each key and value until it answers false.
template <typename Visit>
Status WalkKeys(const Store& store, const Walk& walk, Visit visit) {
  IteratorOptions options;
  if (walk.range.lower.has_value()) options.lower = *walk.range.lower;
  if (walk.range.upper.has_value()) options.upper = *walk.range.upper;
  options.keyspace = store.keyspace;
  Iterator iterator = store.db->NewIterator(options);
  const bool forward = walk.direction == Direction::kForward;
  forward ? iterator.SeekToFirst() : iterator.SeekToLast();
  for (std::uint64_t count = 0; count < walk.limit && iterator.Valid(); ++count) {
    if (!visit(iterator.key(), iterator.value())) return {};
    forward ? iterator.Next() : iterator.Prev();
  }
  return iterator.status();
}

Status WriteRecords(CommandContext& context, const Store& store, const Walk& walk,
                    const RecordStyle& style, Output& to) {
  std::string line;
  Status status = WalkKeys(store, walk, [&](Slice key, Slice value) {
    line.clear();
    AppendRecord(style, key, value, line);
    to.Write(line);
    return !to.reader_gone() && !to.failed();
  });
  // An output of its own is finished here; CommandContext finishes the standard one.
  if (status.ok() && &to != &context.out()) status = to.Finish();
  return status;
}

struct ScanArguments {
  explicit ScanArguments(CLI::App& command) : operands(command, {}) {}
  Operands operands;
  Walk walk;
  bool reverse = false;
  bool keys_only = false;
};

ExitCode Scan(CommandContext& context, ScanArguments& arguments) {
  if (!arguments.operands.Resolve(context)) return context.fail_code();
  const auto range = context.Range();
  if (!range.has_value()) return context.fail_code();
  const std::string& directory = arguments.operands.directory();
  std::optional<Store> store = context.Open(directory, Creation::kMustExist);
  if (!store.has_value()) return context.fail_code();
  arguments.walk.range = *range;
  arguments.walk.direction = arguments.reverse ? Direction::kBackward : Direction::kForward;
  const RecordStyle style{.json = context.common.json,
                          .coding = context.output_coding(),
                          .keys_only = arguments.keys_only};
  const Status status = WriteRecords(context, *store, arguments.walk, style, context.out());
  if (!status.ok()) context.Fail("cannot scan", directory, status);
  return context.Close(*store, directory);
}

ExitCode Count(CommandContext& context, Operands& operands) {
  if (!operands.Resolve(context)) return context.fail_code();
  const auto range = context.Range();
  if (!range.has_value()) return context.fail_code();
  std::optional<Store> store = context.Open(operands.directory(), Creation::kMustExist);
  if (!store.has_value()) return context.fail_code();
  std::uint64_t count = 0;
  const Status status = WalkKeys(*store, {.range = *range}, [&](Slice, Slice) {
    ++count;
    return true;
  });
  if (!status.ok()) {
    context.Fail("cannot count", operands.directory(), status);
  } else {
    context.out().Write(context.common.json ? fmt::format("{{\"count\": {}}}\n", count)
                                            : fmt::format("{}\n", count));
  }
  return context.Close(*store, operands.directory());
}

struct DumpArguments {
  explicit DumpArguments(CLI::App& command) : operands(command, {}) {}
  Operands operands;
  std::string format = "tsv";
  std::string output;
};

ExitCode Dump(CommandContext& context, DumpArguments& arguments) {
  if (!arguments.operands.Resolve(context)) return context.fail_code();
  const auto range = context.Range();
  if (!range.has_value()) return context.fail_code();
  const std::string& directory = arguments.operands.directory();
  std::optional<Store> store = context.Open(directory, Creation::kMustExist);
  if (!store.has_value()) return context.fail_code();
  const RecordStyle style{.json = arguments.format == "ndjson" || context.common.json,
                          .coding = context.common.hex ? TextCoding::kHex : TextCoding::kEscape};
  const Walk walk{.range = *range};
  Status status;
  if (arguments.output.empty()) {
    status = WriteRecords(context, *store, walk, style, context.out());
  } else {
    const Result<std::unique_ptr<Output>> file = Output::Create(arguments.output);
    status = file.ok() ? WriteRecords(context, *store, walk, style, **file) : file.status();
  }
  if (!status.ok()) context.Fail("cannot dump", directory, status);
  return context.Close(*store, directory);
}

}  // namespace

void AddRangeCommands(CommandSet& commands) {
  CLI::App* scan = commands.Add("scan", "Show keys and values in key order, one a line");
  commands.AddKeyspaceOption(*scan);
  commands.AddBytesOptions(*scan);
  commands.AddRangeOptions(*scan);
  auto scan_arguments = std::make_shared<ScanArguments>(*scan);
  scan->add_flag("--reverse", scan_arguments->reverse, "From the last key to the first");
  scan->add_option("--limit", scan_arguments->walk.limit, "At most this many")->option_text("N");
  scan->add_flag("--keys-only", scan_arguments->keys_only, "Leave the values out");
  commands.SetRun(scan, [scan_arguments](CommandContext& c) { return Scan(c, *scan_arguments); });

  CLI::App* count = commands.Add("count", "Count the keys of a range");
  commands.AddKeyspaceOption(*count);
  commands.AddBytesOptions(*count);
  commands.AddRangeOptions(*count);
  auto count_operands = std::make_shared<Operands>(*count, std::vector<std::string>{});
  commands.SetRun(count, [count_operands](CommandContext& c) { return Count(c, *count_operands); });

  CLI::App* dump = commands.Add("dump", "Write keys and values in a form that load reads back");
  commands.AddKeyspaceOption(*dump);
  commands.AddBytesOptions(*dump);
  commands.AddRangeOptions(*dump);
  auto dump_arguments = std::make_shared<DumpArguments>(*dump);
  dump->add_option("--format", dump_arguments->format, "tsv (default) or ndjson")
      ->check(CLI::IsMember({"tsv", "ndjson"}))
      ->option_text("FORMAT");
  dump->add_option("--output", dump_arguments->output, "Write to a file instead of standard output")
      ->option_text("FILE");
  commands.SetRun(dump, [dump_arguments](CommandContext& c) { return Dump(c, *dump_arguments); });
}

}  // namespace firn::tool
