// One run of the whole engine under the simulated scheduler, from its plan to a verdict.
//
// Threads: one; only one run at a time, as the epoch domain is the process's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "torture/plan.h"

namespace firn::testing {

struct RunVerdict {
  std::string failure;  // empty: every promise was kept
  std::uint64_t trace = 0;
  std::uint64_t steps = 0;
  std::uint64_t commits = 0;
  std::uint64_t faults = 0;
  std::uint64_t flushes = 0;
  std::uint64_t compactions = 0;
  bool lost_power = false;
  bool absorbed = false;  // faults struck of which nobody was told: harmless ones
  std::vector<std::string> told;  // plans that narrate: every operation and fault, in order
};

[[nodiscard]] RunVerdict Simulate(const Plan& plan);

}  // namespace firn::testing
