#include "torture/seed_run.h"

namespace firn::testing {

RunVerdict RunSeed(std::uint64_t seed, const Simulator& simulate) {
  const Plan plan = MakePlan(seed);
  RunVerdict verdict = simulate(plan);
  if (verdict.failure.empty() && seed % kRepeatedSeeds == 0 &&
      simulate(plan).trace != verdict.trace) {
    verdict.failure = "the seed ran differently twice";
  }
  return verdict;
}

void RunTotals::Add(const RunVerdict& verdict) {
  ++runs;
  steps += verdict.steps;
  commits += verdict.commits;
  flushes += verdict.flushes;
  merges += verdict.compactions;
  faults += verdict.faults;
  power_losses += verdict.lost_power ? 1 : 0;
  absorbed += verdict.absorbed ? 1 : 0;
}

}  // namespace firn::testing
