#include <fmt/format.h>

#include <algorithm>

#include "progress.h"
#include "standard_streams.h"
#include "torture.h"
#include "torture/isolated_run.h"
#include "torture/reducer.h"
#include "units.h"

namespace firn::tool {
namespace {

using testing::RunTotals;
using testing::RunVerdict;

constexpr double kMicrosPerSecond = 1e6;
constexpr double kSecondsPerMinute = 60;

double SecondsSince(std::uint64_t start_micros) {
  return static_cast<double>(MonotonicMicros() - start_micros) / kMicrosPerSecond;
}

// How much of what was asked for is done; 1 or more: all.
double Share(const TortureArguments& arguments, const RunTotals& totals, double seconds) {
  double share = 0;
  if (arguments.runs.has_value()) {
    share = static_cast<double>(totals.runs) / static_cast<double>(*arguments.runs);
  }
  if (arguments.minutes.has_value()) {
    share = std::max(share, seconds / (*arguments.minutes * kSecondsPerMinute));
  }
  return share;
}

std::string Facts(const RunTotals& totals, double share, double seconds) {
  std::string text = fmt::format("{} runs  {} steps  {:.0f} runs/s", FormatCount(totals.runs),
                                 FormatCount(totals.steps),
                                 static_cast<double>(totals.runs) / std::max(seconds, 0.001));
  if (share > 0) {
    const double left = seconds / share - seconds;
    text += fmt::format("  {} left", FormatDuration(static_cast<std::uint64_t>(left + 0.5)));
  }
  return text;
}

std::string Summary(const RunTotals& totals, double seconds, bool json) {
  if (json) {
    return fmt::format("{{\"runs\": {}, \"steps\": {}, \"commits\": {}, \"flushes\": {}, "
                       "\"merges\": {}, \"faults\": {}, \"power_losses\": {}, "
                       "\"seconds\": {:.1f}}}\n",
                       totals.runs, totals.steps, totals.commits, totals.flushes, totals.merges,
                       totals.faults, totals.power_losses, seconds);
  }
  return fmt::format("{} runs, {} steps, {} commits, {} flushes, {} merges, {} faults, "
                     "{} power losses, {:.1f} s\n",
                     FormatCount(totals.runs), FormatCount(totals.steps),
                     FormatCount(totals.commits), FormatCount(totals.flushes),
                     FormatCount(totals.merges), FormatCount(totals.faults),
                     FormatCount(totals.power_losses), seconds);
}

void TellFailure(CommandContext& context, const TortureArguments& arguments, std::uint64_t seed,
                 const RunVerdict& verdict) {
  const testing::Plan plan = testing::MakePlan(seed);
  context.out().Write(fmt::format("seed {} broke a promise: {}\n  {}\nreplay: firn torture --seed "
                                  "{} --runs 1\n",
                                  seed, verdict.failure, testing::ToText(plan), seed));
  if (!arguments.reduce) return;
  (void)context.out().Flush();
  const testing::ReducerSettings settings;
  ProgressLine progress(arguments.show_progress, 0);
  const testing::Reduction reduction = testing::Reduce(
      plan, verdict.failure, testing::SimulateIsolated, settings, [&](std::size_t runs) {
        progress.Show(static_cast<double>(runs) / static_cast<double>(settings.runs_max),
                      "reducing");
      });
  progress.Clear();
  context.out().Write(fmt::format("reduced in {} runs to {}", FormatCount(reduction.runs),
                                  testing::InWords(reduction)));
}

}  // namespace

ExitCode RunTorture(CommandContext& context, const TortureArguments& arguments) {
  const std::uint64_t start = MonotonicMicros();
  RunTotals totals;
  ExitCode code = ExitCode::kOk;
  ProgressLine progress(arguments.show_progress, 0);
  for (std::uint64_t seed = arguments.seed; code == ExitCode::kOk; ++seed) {
    const double seconds = SecondsSince(start);
    const double share = Share(arguments, totals, seconds);
    if (share >= 1) break;
    progress.Show(share, Facts(totals, share, seconds));
    const RunVerdict verdict = testing::RunSeed(seed, testing::SimulateIsolated);
    totals.Add(verdict);
    if (verdict.failure.empty()) continue;
    progress.Clear();
    TellFailure(context, arguments, seed, verdict);
    code = ExitCode::kBrokenPromise;
  }
  progress.Clear();
  context.out().Write(Summary(totals, SecondsSince(start), context.common.json));
  return code;
}

}  // namespace firn::tool
