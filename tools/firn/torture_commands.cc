// torture: the engine under the simulated scheduler, from the command line.
#include "command_set.h"
#include "standard_streams.h"
#include "torture.h"

namespace firn::tool {
namespace {

constexpr double kMinutesWhenNotSaid = 1;

}  // namespace

void AddTortureCommands(CommandSet& commands) {
  CLI::App* torture = commands.AddWithoutStore(
      "torture", "Run the engine under a simulated scheduler and disk until a promise breaks");
  auto arguments = std::make_shared<TortureArguments>();
  torture->add_option("--seed", arguments->seed, "The first seed (default 1); each run has its own")
      ->option_text("S");
  torture->add_option("--runs", arguments->runs, "Stop after so many runs")
      ->check(CLI::PositiveNumber)
      ->option_text("N");
  torture
      ->add_option("--minutes", arguments->minutes,
                   "Stop after this time (default, when --runs is not given: 1)")
      ->check(CLI::PositiveNumber)
      ->option_text("M");
  torture->add_flag(
      "--no-reduce", [arguments](std::int64_t) { arguments->reduce = false; },
      "Do not look for the smallest plan that fails in the same way");
  torture->add_flag("--progress", arguments->show_progress,
                    "Show progress also when standard error is no terminal");
  commands.SetRun(torture, [arguments](CommandContext& context) {
    if (!arguments->runs.has_value() && !arguments->minutes.has_value()) {
      arguments->minutes = kMinutesWhenNotSaid;
    }
    arguments->show_progress = arguments->show_progress || StandardErrorIsTerminal();
    return RunTorture(context, *arguments);
  });
}

}  // namespace firn::tool
