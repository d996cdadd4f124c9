#include "command_line.h"

#include <fmt/format.h>

#include "command_set.h"

namespace firn::tool {
namespace {

constexpr char kFooter[] =
    "Exit codes: 0 done, 1 key not found (compare: records missing), 2 wrong usage, 3 bad input\n"
    "records (the good ones are stored), 4 the store cannot be used now (missing, busy, existing,\n"
    "closed, too new), 5 corruption, 6 no space, 7 input or output failed, 8 repaired, but with\n"
    "losses, 9 torture: a promise was broken.\n"
    "Keys that begin with '-' go after '--'.";

// --help and --version are answers, everything else is an error.
ExitCode AnswerParseEnd(const CLI::App& root, const CLI::ParseError& error,
                        CommandContext& context) {
  if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success)) {
    return context.FailUsage(error.what(), "see firn --help");
  }
  if (dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr) {
    context.out().Write(fmt::format("{}\n", error.what()));
  } else {
    context.out().Write(root.help());
  }
  return context.Finish(ExitCode::kOk);
}

}  // namespace

// The options and subcommands, declared.
struct CommandLine::Parser {
  Parser() {
    root.set_version_flag("--version", std::string("firn " FIRN_VERSION));
    root.require_subcommand(1);
    root.footer(kFooter);
    root.add_option("--db", context.common.directory, "The store's directory, instead of DIR")
        ->option_text("DIR");
    root.add_flag("--json", context.common.json, "Answer in JSON");
    AddPointCommands(commands);
    AddRangeCommands(commands);
    AddLoadCommands(commands);
    AddKeyspaceCommands(commands);
    AddStatsCommands(commands);
    AddCareCommands(commands);
    AddVerifyCommands(commands);
    AddTortureCommands(commands);
  }

  CommandContext context;
  CLI::App root{"firn: look into, fill and care for a firn store", "firn"};
  CommandSet commands{root, context};
};

CommandLine::CommandLine() : parser_(std::make_unique<Parser>()) {}
CommandLine::~CommandLine() = default;

ExitCode CommandLine::Check(int argument_count, char** arguments) {
  try {
    parser_->root.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    const bool answer = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    return answer ? ExitCode::kOk : ExitCode::kUsage;
  }
  return ExitCode::kOk;
}

ExitCode CommandLine::Run(int argument_count, char** arguments) {
  IgnoreBrokenPipes();
  try {
    parser_->root.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return AnswerParseEnd(parser_->root, error, parser_->context);
  }
  return parser_->commands.RunParsed();
}

}  // namespace firn::tool
