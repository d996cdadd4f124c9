// One run of the whole engine under the simulated scheduler, from its seed to a verdict.
#pragma once

#include <cstdint>
#include <string>

namespace firn::testing {

struct Verdict {
  std::string failure;  // empty: every promise was kept
  std::uint64_t trace = 0;
  std::uint64_t steps = 0;
  std::uint64_t commits = 0;
  std::uint64_t faults = 0;
  std::uint64_t flushes = 0;
  std::uint64_t compactions = 0;
  bool lost_power = false;
  bool absorbed = false;  // faults struck, and nobody was told
};

[[nodiscard]] Verdict Simulate(std::uint64_t seed);

}  // namespace firn::testing
