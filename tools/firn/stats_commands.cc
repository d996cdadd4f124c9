// stats and version: what the store and the program tell about themselves.
#include <fmt/format.h>

#include "command_set.h"
#include "tree_drawing.h"

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

}  // namespace

void AddStatsCommands(CommandSet& commands) {
  CLI::App* stats = commands.Add("stats", "Show health, memory, counters and the tree");
  commands.AddKeyspaceOption(*stats);
  auto stats_operands = std::make_shared<Operands>(*stats, std::vector<std::string>{});
  commands.SetRun(stats,
                  [stats_operands](CommandContext& c) { return ShowStats(c, *stats_operands); });

  CLI::App* version = commands.Add("version", "Show the version of this program");
  commands.SetRun(version, [](CommandContext& c) {
    c.out().Write(c.common.json ? "{\"version\": \"" FIRN_VERSION "\"}\n"
                                : "firn " FIRN_VERSION "\n");
    return ExitCode::kOk;
  });
}

}  // namespace firn::tool
