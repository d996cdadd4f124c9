// Seeds, one after another: what each comes to, and what they come to together.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "torture/simulation.h"

namespace firn::testing {

using Simulator = std::function<RunVerdict(const Plan&)>;

// Every seed that this divides runs twice, and must decide everything the same way again.
inline constexpr std::uint64_t kRepeatedSeeds = 50;

[[nodiscard]] RunVerdict RunSeed(std::uint64_t seed, const Simulator& simulate);

struct RunTotals {
  std::uint64_t runs = 0;
  std::uint64_t steps = 0;
  std::uint64_t commits = 0;
  std::uint64_t flushes = 0;
  std::uint64_t merges = 0;
  std::uint64_t faults = 0;
  std::uint64_t power_losses = 0;
  std::uint64_t absorbed = 0;  // runs with faults whose failure is harmless and told to nobody

  void Add(const RunVerdict& verdict);
};

}  // namespace firn::testing
