#include "command_set.h"

#include <fmt/format.h>

namespace firn::tool {

Operands::Operands(CLI::App& command, std::vector<std::string> names, std::size_t optional_count)
    : names_(std::move(names)), optional_count_(optional_count) {
  slot_options_.push_back(command.add_option("DIR", slots_[0], "The store (or: --db DIR)"));
  for (std::size_t i = 0; i < names_.size(); ++i) {
    slot_options_.push_back(command.add_option(names_[i], slots_[i + 1]));
  }
  for (CLI::Option* option : slot_options_) option->option_text(" ");
}

bool Operands::Resolve(CommandContext& context) {
  std::vector<std::string> given;
  for (std::size_t i = 0; i < slot_options_.size(); ++i) {
    if (slot_options_[i]->count() > 0) given.push_back(slots_[i]);
  }
  directory_ = context.common.directory;
  if (directory_.empty()) {
    if (given.empty()) {
      context.FailUsage("no store named", "name its directory first, or with --db DIR");
      return false;
    }
    directory_ = given.front();
    given.erase(given.begin());
  }
  const std::size_t needed = names_.size() - optional_count_;
  if (given.size() < needed) {
    context.FailUsage(fmt::format("{} is missing", names_[given.size()]), "see --help");
    return false;
  }
  if (given.size() > names_.size()) {
    context.FailUsage(fmt::format("'{}' is one word too many", given.back()),
                      "with --db the directory is not named again; see --help");
    return false;
  }
  own_ = std::move(given);
  return true;
}

CLI::App* CommandSet::Add(const std::string& name, const std::string& description,
                          CLI::App* parent) {
  CLI::App* command = (parent != nullptr ? parent : &root_)->add_subcommand(name, description);
  CommonOptions& common = context_.common;
  command->add_option("--db", common.directory, "The store's directory, instead of DIR")
      ->option_text("DIR");
  command->add_flag("--json", common.json, "Answer in JSON");
  command->add_option("--memory-budget", common.memory_budget,
                      "Memory for the engine, at least 8MiB (default 512MiB)")
      ->option_text("SIZE");
  command->add_flag("--direct-reads", common.direct_reads, "Read tables past the page cache");
  command
      ->add_option("--durability", common.durability,
                   "What a write survives: none, periodic (default: a killed process), sync "
                   "(power loss)")
      ->check(CLI::IsMember({"none", "periodic", "sync"}))
      ->option_text("KIND");
  command->add_option("--compression", common.compression, "none, lz4 (default) or zstd")
      ->check(CLI::IsMember({"none", "lz4", "zstd"}))
      ->option_text("CODEC");
  return command;
}

CLI::App* CommandSet::AddWithoutStore(const std::string& name, const std::string& description) {
  CLI::App* command = root_.add_subcommand(name, description);
  command->add_flag("--json", context_.common.json, "Answer in JSON");
  return command;
}

void CommandSet::AddKeyspaceOption(CLI::App& command) {
  command.add_option("--keyspace", context_.common.keyspace, "Keyspace (default: the default one)")
      ->option_text("NAME");
}

void CommandSet::AddBytesOptions(CLI::App& command) {
  CommonOptions& common = context_.common;
  CLI::Option* hex = command.add_flag("--hex", common.hex, "Keys and values in hexadecimal");
  command.add_flag("--escape", common.escape, "Understand \\xNN, \\t, \\n, \\r and \\\\ in input")
      ->excludes(hex);
  command.add_flag("--raw", common.raw, "Show bytes as they are instead of escaped")
      ->excludes(hex);
}

void CommandSet::AddRangeOptions(CLI::App& command) {
  CommonOptions& common = context_.common;
  const auto add = [&](const char* name, std::string& text, bool& is_set, const char* meaning) {
    command
        .add_option_function<std::string>(
            name,
            [&text, &is_set](const std::string& given) {
              text = given;
              is_set = true;
            },
            meaning)
        ->option_text("KEY");
  };
  add("--from", common.from, common.has_from, "First key");
  add("--to", common.to, common.has_to, "End: the first key that is left out");
  add("--prefix", common.prefix, common.has_prefix, "Only keys that start with this");
}

ExitCode CommandSet::RunParsed() {
  for (const auto& [command, run] : runs_) {
    if (command->parsed()) return context_.Finish(run(context_));
  }
  return context_.FailUsage("no command", "see --help");
}

}  // namespace firn::tool
