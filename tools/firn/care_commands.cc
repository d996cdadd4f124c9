// compact, checkpoint and destroy.
#include <fmt/format.h>

#include "command_set.h"

namespace firn::tool {
namespace {

ExitCode Compact(CommandContext& context, Operands& operands) {
  if (!operands.Resolve(context)) return context.fail_code();
  const auto range = context.Range();
  if (!range.has_value()) return context.fail_code();
  std::optional<Store> store = context.Open(operands.directory(), Creation::kMustExist);
  if (!store.has_value()) return context.fail_code();
  const auto bound = [](const std::optional<std::string>& key) {
    return key.has_value() ? std::optional<Slice>(*key) : std::nullopt;
  };
  const Status status =
      store->db->CompactRange(bound(range->lower), bound(range->upper), store->keyspace);
  if (!status.ok()) context.Fail("cannot compact", operands.directory(), status);
  return context.Close(*store, operands.directory());
}

ExitCode Checkpoint(CommandContext& context, Operands& operands) {
  if (!operands.Resolve(context)) return context.fail_code();
  std::optional<Store> store = context.Open(operands.directory(), Creation::kMustExist);
  if (!store.has_value()) return context.fail_code();
  const Status status = store->db->Checkpoint(operands.at(0));
  if (!status.ok()) context.Fail("cannot make the checkpoint", operands.at(0), status);
  return context.Close(*store, operands.directory());
}

struct DestroyArguments {
  explicit DestroyArguments(CLI::App& command) : operands(command, {}) {}
  Operands operands;
  bool yes = false;
};

ExitCode Destroy(CommandContext& context, DestroyArguments& arguments) {
  if (!arguments.operands.Resolve(context)) return context.fail_code();
  const std::string& directory = arguments.operands.directory();
  if (!arguments.yes) {
    return context.FailUsage(fmt::format("destroy would delete every key in {}", directory),
                             "add --yes if that is meant");
  }
  if (const Status status = Db::Destroy(directory); !status.ok()) {
    return context.Fail("cannot destroy the store", directory, status);
  }
  return ExitCode::kOk;
}

}  // namespace

void AddCareCommands(CommandSet& commands) {
  CLI::App* compact = commands.Add("compact", "Merge a range of keys into the last level now");
  commands.AddKeyspaceOption(*compact);
  commands.AddBytesOptions(*compact);
  commands.AddRangeOptions(*compact);
  auto compact_operands = std::make_shared<Operands>(*compact, std::vector<std::string>{});
  commands.SetRun(compact,
                  [compact_operands](CommandContext& c) { return Compact(c, *compact_operands); });

  CLI::App* checkpoint =
      commands.Add("checkpoint", "Make a second store in TARGET with the state of this moment");
  auto checkpoint_operands =
      std::make_shared<Operands>(*checkpoint, std::vector<std::string>{"TARGET"});
  commands.SetRun(checkpoint, [checkpoint_operands](CommandContext& c) {
    return Checkpoint(c, *checkpoint_operands);
  });

  CLI::App* destroy = commands.Add("destroy", "Delete the store; needs --yes");
  auto destroy_arguments = std::make_shared<DestroyArguments>(*destroy);
  destroy->add_flag("--yes", destroy_arguments->yes, "Yes, delete all of it");
  commands.SetRun(destroy,
                  [destroy_arguments](CommandContext& c) { return Destroy(c, *destroy_arguments); });
}

}  // namespace firn::tool
