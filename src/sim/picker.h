// Who runs next: the choice that a simulation makes at every scheduling point.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/seeded_random.h"

namespace firn::testing {

using TaskId = std::size_t;

class Picker {
 public:
  virtual ~Picker() = default;
  // Tasks are numbered from 0 in the order they were made.
  virtual void Added(TaskId task) = 0;
  // The task found nothing to do: everyone else goes first.
  virtual void Idled(TaskId task) = 0;
  // One of `ready`, which is not empty and ascends.
  [[nodiscard]] virtual TaskId Pick(std::span<const TaskId> ready) = 0;

  // Every ready task with the same chance.
  static std::unique_ptr<Picker> RandomWalk(std::uint64_t seed);
  // Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized
  // scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010): the ready task of the
  // highest random priority runs, and at depth - 1 random steps of `steps` the running one falls
  // below all others. A bug that needs `depth` orderings shows with probability
  // >= 1 / (tasks * steps^(depth - 1)) a seed. Requires: depth >= 1, steps >= 1.
  static std::unique_ptr<Picker> Pct(std::uint64_t seed, std::uint32_t depth, std::uint64_t steps);
};

}  // namespace firn::testing
