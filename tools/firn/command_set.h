// Declares subcommands and finds the one that was asked for.
// Threads: one at a time.
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command_context.h"

namespace firn::tool {

// The words after a command's name: DIR, then the command's own. --db takes the place of DIR, so
// every slot is kept as it stands and shared out after parsing.
class Operands {
 public:
  static constexpr std::size_t kMax = 4;  // DIR included

  // `names` are the command's own; the last `optional_count` of them may be left out.
  Operands(CLI::App& command, std::vector<std::string> names, std::size_t optional_count = 0);

  // False, with the error told, when some are missing or too many.
  [[nodiscard]] bool Resolve(CommandContext& context);
  // After Resolve.
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const std::string& at(std::size_t index) const { return own_[index]; }
  [[nodiscard]] bool has(std::size_t index) const { return index < own_.size(); }

 private:
  std::vector<std::string> names_;
  std::size_t optional_count_;
  std::array<std::string, kMax> slots_;
  std::vector<CLI::Option*> slot_options_;
  std::string directory_;
  std::vector<std::string> own_;
};

class CommandSet {
 public:
  using Run = std::function<ExitCode(CommandContext&)>;

  // Both must outlive the set.
  CommandSet(CLI::App& root, CommandContext& context) : root_(root), context_(context) {}

  // A subcommand with --db, --json and the store's options. Null `parent`: of the root.
  CLI::App* Add(const std::string& name, const std::string& description,
                CLI::App* parent = nullptr);
  // One that works on no store: --json alone.
  CLI::App* AddWithoutStore(const std::string& name, const std::string& description);
  void SetRun(CLI::App* command, Run run) { runs_.emplace_back(command, std::move(run)); }

  // Options several commands share.
  void AddKeyspaceOption(CLI::App& command);
  void AddBytesOptions(CLI::App& command);  // --hex, --escape, --raw
  void AddRangeOptions(CLI::App& command);  // --from, --to, --prefix

  // Runs the command that was parsed.
  [[nodiscard]] ExitCode RunParsed();

  [[nodiscard]] CommandContext& context() { return context_; }

 private:
  CLI::App& root_;
  CommandContext& context_;
  std::vector<std::pair<CLI::App*, Run>> runs_;
};

void AddPointCommands(CommandSet& commands);
void AddRangeCommands(CommandSet& commands);
void AddLoadCommands(CommandSet& commands);
void AddKeyspaceCommands(CommandSet& commands);
void AddStatsCommands(CommandSet& commands);
void AddCareCommands(CommandSet& commands);
void AddVerifyCommands(CommandSet& commands);
void AddTortureCommands(CommandSet& commands);

}  // namespace firn::tool
