// The whole engine on one thread: clients, workers, timers and the disk as fibers, every lock and
// every call of the disk a place where another may go on, power lost and errors met at random
// places. Each seed is one world; the same seed is the same world.
//
// FIRN_SIM_SEEDS=n runs n seeds, scaled as all seeds are; FIRN_SIM_FIRST=s starts at seed s.

#include <gtest/gtest.h>

#include <cstdlib>

#include "sim/simulation.h"
#include "testing/seeds.h"

namespace firn::testing {
namespace {

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Simulation, KeepsEveryPromiseUnderEverySeed) {
  const std::uint64_t first = FromEnvironment("FIRN_SIM_FIRST", 1);
  const std::uint64_t seeds = SeedCount(FromEnvironment("FIRN_SIM_SEEDS", 10000));
  Verdict sum;
  std::uint64_t power_losses = 0;
  std::uint64_t absorbed = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const Verdict verdict = Simulate(seed);
    ASSERT_EQ(verdict.failure, "")
        << "replay: FIRN_SIM_FIRST=" << seed
        << " FIRN_SIM_SEEDS=1 build/dev/tests/firn_simulation_tests";
    if (seed % 50 == 0) {
      ASSERT_EQ(Simulate(seed).trace, verdict.trace) << "seed " << seed << " ran differently twice";
    }
    sum.steps += verdict.steps;
    sum.commits += verdict.commits;
    sum.faults += verdict.faults;
    sum.flushes += verdict.flushes;
    sum.compactions += verdict.compactions;
    power_losses += verdict.lost_power ? 1 : 0;
    absorbed += verdict.absorbed ? 1 : 0;
  }
  std::printf("%llu seeds: %llu steps, %llu commits, %llu flushes, %llu compactions, %llu faults "
              "(unnoticed in %llu runs), %llu power losses\n",
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(sum.steps),
              static_cast<unsigned long long>(sum.commits),
              static_cast<unsigned long long>(sum.flushes),
              static_cast<unsigned long long>(sum.compactions),
              static_cast<unsigned long long>(sum.faults),
              static_cast<unsigned long long>(absorbed),
              static_cast<unsigned long long>(power_losses));
}

}  // namespace
}  // namespace firn::testing
