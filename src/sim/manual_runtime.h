// A runtime for tests without threads: tasks run when the engine waits or the test says so, time
// moves when the test says so, random numbers come from a seed. Same seed, same run.
#pragma once

#include <cstdint>
#include <memory>

#include "env/runtime.h"

namespace firn::testing {

class ManualRuntime {
 public:
  static std::unique_ptr<ManualRuntime> Create(FileSystem& file_system, std::uint64_t seed);
  virtual ~ManualRuntime() = default;
  [[nodiscard]] virtual const Runtime& runtime() const = 0;
  // Runs every due task, and what they schedule, until nothing is due.
  virtual void RunUntilIdle() = 0;
  // Moves the clock; delayed tasks become due but do not run yet.
  virtual void Advance(Micros duration) = 0;
};

// POSIX clock, executor and random over another file system: for tests that want real threads.
[[nodiscard]] Runtime ThreadedRuntimeOver(FileSystem& file_system);

}  // namespace firn::testing
