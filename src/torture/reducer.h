// Makes a failing plan small: fewer operations and clients, fewer faults, simpler settings, as long
// as it fails in the same way.
//
// A smaller plan meets other schedules, so each candidate has several tries with schedules of its
// own. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "torture/seed_run.h"

namespace firn::testing {

struct ReducerSettings {
  std::size_t runs_max = 3000;
  std::size_t schedules = 4;  // tries of a candidate
};

struct Reduction {
  Plan plan;
  RunVerdict verdict;  // of that plan: the failure, and everything told
  std::size_t runs = 0;
};

// Requires: `failure` is what `plan` came to. `progress` is called before each run with their
// number so far.
[[nodiscard]] Reduction Reduce(const Plan& plan, const std::string& failure,
                               const Simulator& simulate, const ReducerSettings& settings = {},
                               const std::function<void(std::size_t runs)>& progress = {});

// Two failures are the same way to fail when their kinds are equal: the words without the place in
// the run, numbers and quoted bytes.
[[nodiscard]] std::string KindOf(const std::string& failure);

// The plan for a reader: how large it is, what its settings are, what happens in it.
[[nodiscard]] std::string InWords(const Reduction& reduction);

}  // namespace firn::testing
