// The runtime of a store that lives in a FiberScheduler: its clock, workers that are fibers, and
// random numbers from its seed.
//
// Threads: one; the executor is used from inside tasks only.
// Lifetime: the scheduler and the file system must outlive it; a task must call Stop once no store
// is open any more, or the workers wait for ever and the run is a deadlock.
#pragma once

#include <memory>

#include "env/runtime.h"
#include "sim/fiber_scheduler.h"

namespace firn::testing {

class SimulatedRuntime {
 public:
  // `workers`: for high and low tasks, >= 2. Spawns them, and those for timely ones.
  static std::unique_ptr<SimulatedRuntime> Create(FiberScheduler& scheduler,
                                                  FileSystem& file_system, std::uint64_t seed,
                                                  std::size_t workers);
  virtual ~SimulatedRuntime() = default;
  [[nodiscard]] virtual const Runtime& runtime() const = 0;
  // Workers end when they have nothing to run; timers that are not due never will be.
  virtual void Stop() = 0;
};

}  // namespace firn::testing
