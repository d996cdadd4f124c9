// The seam: everything firn needs from the world, passed in at open. Engine code names no thread,
// clock, POSIX call or random source of its own, so the same code runs on an OS and in a
// simulation.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "env/file_system.h"

namespace firn {

using Micros = std::chrono::microseconds;

// Monotonic. Only for hints, pacing and timeouts: never decides visibility or deletion (rule C7).
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Micros Now() = 0;
  virtual void SleepFor(Micros duration) = 0;
};

enum class Priority : std::uint8_t {
  kTimely,  // what a promise sets a time for: the periodic sync, and what watches it
  kHigh,    // what a writer may be waiting for: flush, log segments
  kLow,     // compaction
};

// How many workers a pool has beside those that run high and low tasks: one for the periodic sync,
// which the disk may hold up, and one for what watches it.
inline constexpr std::size_t kTimelyWorkers = 2;

// Runs background work.
// Low tasks never occupy the last worker of high ones, so a flush starts at once; neither ever
// occupies the kTimelyWorkers, so a sync starts at once while everybody else flushes.
class Executor {
 public:
  virtual ~Executor() = default;
  // Runs `task` once, soon, on another thread or when the owner of a threadless executor says so.
  virtual void Schedule(Priority priority, std::function<void()> task) = 0;
  // The same after `delay`; the returned ticket can be cancelled.
  virtual std::uint64_t ScheduleAfter(Micros delay, Priority priority,
                                      std::function<void()> task) = 0;
  // True if the task had not started and now never will.
  virtual bool Cancel(std::uint64_t ticket) = 0;
  // How many low tasks may run at once (>= 1).
  [[nodiscard]] virtual std::size_t low_slots() const = 0;
  // For executors without threads of their own: runs one due task on the calling thread. Every wait
  // loop of the engine calls it, without a lock, before it sleeps on a condition. False when there
  // is nothing to run or when threads do the work.
  virtual bool RunOne() = 0;
};

// Seeds file ids, salts and sampling; never anything a result depends on.
class Random {
 public:
  virtual ~Random() = default;
  [[nodiscard]] virtual std::uint64_t Next64() = 0;
};

// Borrowed pointers; all must outlive every store opened with them.
struct Runtime {
  FileSystem* file_system = nullptr;
  Clock* clock = nullptr;
  Executor* executor = nullptr;
  Random* random = nullptr;

  // The OS: POSIX files, a process-wide pool of three workers and kTimelyWorkers, started on first
  // use. Never destroyed.
  static const Runtime& Posix();
};

}  // namespace firn
