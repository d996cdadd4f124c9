// keyspaces list, create, drop and rename.
#include <fmt/format.h>

#include "command_set.h"

namespace firn::tool {
namespace {

ExitCode List(CommandContext& context, Operands& operands) {
  if (!operands.Resolve(context)) return context.fail_code();
  std::optional<Store> store = context.Open(operands.directory(), Creation::kMustExist);
  if (!store.has_value()) return context.fail_code();
  for (const std::string& name : store->db->ListKeyspaces()) {
    std::string line;
    if (context.common.json) {
      line += '{';
      AppendJsonMember("name", name, TextCoding::kEscape, line);
      line += '}';
    } else {
      AppendEncoded(TextCoding::kEscape, name, line);
    }
    line += '\n';
    context.out().Write(line);
  }
  return context.Close(*store, operands.directory());
}

// What create, drop and rename share: they differ in one call.
template <typename Change>
ExitCode ChangeKeyspaces(CommandContext& context, Operands& operands, Creation creation,
                         Change change) {
  if (!operands.Resolve(context)) return context.fail_code();
  std::optional<Store> store = context.Open(operands.directory(), creation);
  if (!store.has_value()) return context.fail_code();
  const Status status = change(*store->db);
  if (!status.ok()) {
    context.Fail(fmt::format("cannot change keyspace '{}'",
                             Encode(TextCoding::kEscape, operands.at(0))),
                 operands.directory(), status);
  }
  return context.Close(*store, operands.directory());
}

}  // namespace

void AddKeyspaceCommands(CommandSet& commands) {
  CLI::App* group = commands.Add("keyspaces", "List, create, drop and rename keyspaces");
  group->require_subcommand(1);

  CLI::App* list = commands.Add("list", "Show the names, sorted", group);
  auto list_operands = std::make_shared<Operands>(*list, std::vector<std::string>{});
  commands.SetRun(list, [list_operands](CommandContext& c) { return List(c, *list_operands); });

  CLI::App* create = commands.Add("create", "Create a keyspace, and the store if missing", group);
  auto create_operands = std::make_shared<Operands>(*create, std::vector<std::string>{"NAME"});
  commands.SetRun(create, [create_operands](CommandContext& c) {
    Operands& operands = *create_operands;
    return ChangeKeyspaces(c, operands, Creation::kIfMissing, [&](Db& db) {
      return db.CreateKeyspace(operands.at(0)).status();
    });
  });

  CLI::App* drop = commands.Add("drop", "Drop a keyspace with all its keys", group);
  auto drop_operands = std::make_shared<Operands>(*drop, std::vector<std::string>{"NAME"});
  commands.SetRun(drop, [drop_operands](CommandContext& c) {
    Operands& operands = *drop_operands;
    return ChangeKeyspaces(c, operands, Creation::kMustExist,
                           [&](Db& db) { return db.DropKeyspace(operands.at(0)); });
  });

  CLI::App* rename = commands.Add("rename", "Give a keyspace a new name", group);
  auto rename_operands = std::make_shared<Operands>(*rename, std::vector<std::string>{"NAME", "NEW"});
  commands.SetRun(rename, [rename_operands](CommandContext& c) {
    Operands& operands = *rename_operands;
    return ChangeKeyspaces(c, operands, Creation::kMustExist, [&](Db& db) {
      return db.RenameKeyspace(operands.at(0), operands.at(1));
    });
  });
}

}  // namespace firn::tool
