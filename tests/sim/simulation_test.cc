// The whole engine on one thread: clients, workers, timers and the disk as fibers, every lock and
// every call of the disk a place where another may go on, power lost and errors met at random
// places. Each seed is one world; the same seed is the same world.
//
// FIRN_SIM_SEEDS=n runs n seeds, scaled as all seeds are; FIRN_SIM_FIRST=s starts at seed s.

#include <gtest/gtest.h>

#include <cstdlib>

#include "testing/seeds.h"
#include "torture/isolated_run.h"
#include "torture/reducer.h"

namespace firn::testing {
namespace {

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Simulation, KeepsEveryPromiseUnderEverySeed) {
  const std::uint64_t first = FromEnvironment("FIRN_SIM_FIRST", 1);
  const std::uint64_t seeds = SeedCount(FromEnvironment("FIRN_SIM_SEEDS", 10000));
  RunTotals totals;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const RunVerdict verdict = RunSeed(seed, Simulate);
    totals.Add(verdict);
    if (verdict.failure.empty()) continue;
    const Plan plan = MakePlan(seed);
    FAIL() << verdict.failure << "\n  " << ToText(plan) << "\nreplay: FIRN_SIM_FIRST=" << seed
           << " FIRN_SIM_SEEDS=1 build/dev/tests/firn_simulation_tests\nreduced to "
           << InWords(Reduce(plan, verdict.failure, SimulateIsolated));
  }
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf("%llu seeds: %llu steps, %llu commits, %llu flushes, %llu merges, %llu faults "
              "(nobody was told of some harmless ones in %llu runs), %llu power losses\n",
              number(totals.runs), number(totals.steps), number(totals.commits),
              number(totals.flushes), number(totals.merges), number(totals.faults),
              number(totals.absorbed), number(totals.power_losses));
}

}  // namespace
}  // namespace firn::testing
