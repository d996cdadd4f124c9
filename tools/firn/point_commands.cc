// put, get, delete and delete-range.
#include <fmt/format.h>

#include "command_set.h"
#include "import_format.h"

namespace firn::tool {
namespace {

struct PutArguments {
  explicit PutArguments(CLI::App& command) : operands(command, {"KEY", "VALUE"}, 1) {}
  Operands operands;
  std::string value_file;
};

// The value from the command line or --value-file; null when told as an error.
std::optional<std::string> ValueOf(CommandContext& context, const PutArguments& arguments) {
  if (arguments.operands.has(1) == !arguments.value_file.empty()) {
    context.FailUsage("put needs one value", "give VALUE or --value-file FILE");
    return std::nullopt;
  }
  if (arguments.value_file.empty()) {
    return context.DecodeArgument("VALUE", arguments.operands.at(1));
  }
  Result<std::string> value = ReadWhole(arguments.value_file, kValueBytesMax);
  if (value.ok()) return std::move(value).value();
  context.Fail("cannot read the value", arguments.value_file, value.status());
  return std::nullopt;
}

ExitCode Put(CommandContext& context, PutArguments& arguments) {
  if (!arguments.operands.Resolve(context)) return context.fail_code();
  const std::string& directory = arguments.operands.directory();
  const auto key = context.DecodeArgument("KEY", arguments.operands.at(0));
  if (!key.has_value()) return context.fail_code();
  const auto value = ValueOf(context, arguments);
  if (!value.has_value()) return context.fail_code();
  std::optional<Store> store = context.Open(directory, Creation::kIfMissing);
  if (!store.has_value()) return context.fail_code();
  const Status status = store->db->Put(*key, *value, {.durability = {}, .keyspace = store->keyspace});
  if (!status.ok()) context.Fail("cannot put", directory, status);
  return context.Close(*store, directory);
}

void ShowValue(CommandContext& context, Slice key, Slice value) {
  std::string text;
  if (context.common.json) {
    AppendRecord({.json = true, .coding = context.output_coding()}, key, value, text);
  } else {
    AppendEncoded(context.output_coding(), value, text);
    // Raw output is for files and pipes: exactly the bytes.
    if (!context.common.raw) text += '\n';
  }
  context.out().Write(text);
}

ExitCode Get(CommandContext& context, Operands& operands) {
  if (!operands.Resolve(context)) return context.fail_code();
  const auto key = context.DecodeArgument("KEY", operands.at(0));
  if (!key.has_value()) return context.fail_code();
  std::optional<Store> store = context.Open(operands.directory(), Creation::kMustExist);
  if (!store.has_value()) return context.fail_code();
  PinnedValue value;
  const Result<bool> found =
      store->db->Get(*key, value, {.keyspace = store->keyspace, .snapshot = {}});
  if (!found.ok()) {
    context.Fail("cannot get", operands.directory(), found.status());
  } else if (*found) {
    ShowValue(context, *key, value.value());
  }
  value.Reset();
  const ExitCode code = context.Close(*store, operands.directory());
  const bool is_missing = found.ok() && !*found;
  return code == ExitCode::kOk && is_missing ? ExitCode::kKeyNotFound : code;
}

ExitCode Delete(CommandContext& context, Operands& operands) {
  if (!operands.Resolve(context)) return context.fail_code();
  const auto key = context.DecodeArgument("KEY", operands.at(0));
  if (!key.has_value()) return context.fail_code();
  std::optional<Store> store = context.Open(operands.directory(), Creation::kMustExist);
  if (!store.has_value()) return context.fail_code();
  const Status status = store->db->Delete(*key, {.durability = {}, .keyspace = store->keyspace});
  if (!status.ok()) context.Fail("cannot delete", operands.directory(), status);
  return context.Close(*store, operands.directory());
}

// DeleteRange needs an end; where the range is open the end is the key behind the last one.
Status DeleteKeys(Store& store, const KeyRange& range) {
  const WriteOptions write{.durability = {}, .keyspace = store.keyspace};
  const std::string begin = range.lower.value_or("");
  if (range.upper.has_value()) return store.db->DeleteRange(begin, *range.upper, write);
  Iterator last = store.db->NewIterator(
      {.lower = begin, .upper = {}, .keyspace = store.keyspace, .snapshot = {}});
  last.SeekToLast();
  if (!last.Valid()) return last.status();
  // The longest key has no successor within the limits, so it goes by itself.
  std::string end(last.key());
  WriteBatch batch;
  batch.DeleteRange(begin, end, store.keyspace);
  batch.Delete(end, store.keyspace);
  return store.db->Write(batch);
}

ExitCode DeleteRange(CommandContext& context, Operands& operands) {
  if (!operands.Resolve(context)) return context.fail_code();
  if (!context.common.has_from && !context.common.has_to && !context.common.has_prefix) {
    return context.FailUsage("delete-range needs a range",
                             "give --from, --to or --prefix (--prefix '' means every key)");
  }
  const auto range = context.Range();
  if (!range.has_value()) return context.fail_code();
  std::optional<Store> store = context.Open(operands.directory(), Creation::kMustExist);
  if (!store.has_value()) return context.fail_code();
  if (const Status status = DeleteKeys(*store, *range); !status.ok()) {
    context.Fail("cannot delete the range", operands.directory(), status);
  }
  return context.Close(*store, operands.directory());
}

}  // namespace

void AddPointCommands(CommandSet& commands) {
  CLI::App* put = commands.Add("put", "Store a value under a key; creates the store if missing");
  commands.AddKeyspaceOption(*put);
  commands.AddBytesOptions(*put);
  auto put_arguments = std::make_shared<PutArguments>(*put);
  put->add_option("--value-file", put_arguments->value_file,
                  "Take the value from a file, byte for byte (-: standard input)")
      ->option_text("FILE");
  commands.SetRun(put, [put_arguments](CommandContext& c) { return Put(c, *put_arguments); });

  CLI::App* get = commands.Add("get", "Show the value of a key; exit code 1 when it has none");
  commands.AddKeyspaceOption(*get);
  commands.AddBytesOptions(*get);
  auto get_operands = std::make_shared<Operands>(*get, std::vector<std::string>{"KEY"});
  commands.SetRun(get, [get_operands](CommandContext& c) { return Get(c, *get_operands); });

  CLI::App* del = commands.Add("delete", "Delete a key; no error when it has no value");
  commands.AddKeyspaceOption(*del);
  commands.AddBytesOptions(*del);
  auto delete_operands = std::make_shared<Operands>(*del, std::vector<std::string>{"KEY"});
  commands.SetRun(del, [delete_operands](CommandContext& c) { return Delete(c, *delete_operands); });

  CLI::App* range = commands.Add("delete-range", "Delete all keys of a range in one step");
  commands.AddKeyspaceOption(*range);
  commands.AddBytesOptions(*range);
  commands.AddRangeOptions(*range);
  auto range_operands = std::make_shared<Operands>(*range, std::vector<std::string>{});
  commands.SetRun(range,
                  [range_operands](CommandContext& c) { return DeleteRange(c, *range_operands); });
}

}  // namespace firn::tool
