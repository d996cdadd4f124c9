// Runs tasks on threads of their own and takes the time.
//
// One call in sixteen is timed by itself. A further thread reads the tasks' progress ten times a
// second for the timeline and whoever watches.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "firn/status.h"
#include "latency.h"
#include "process_meter.h"

namespace firn::compare {

// A loop of measured calls. Threads: one.
class Task {
 public:
  virtual ~Task() = default;
  [[nodiscard]] virtual bool Done() const = 0;
  virtual Status Call() = 0;              // requires !Done()
  virtual Status Finish() { return {}; }  // after the last call, measured too
  [[nodiscard]] std::uint64_t operations() const { return operations_; }  // done so far

 protected:
  std::uint64_t operations_ = 0;
};

struct RunLimits {
  double seconds = 0;  // stop after; 0: never
  // Of the background task, calls a second; 0: as many as go.
  std::uint64_t background_rate = 0;
};

struct RunResult {
  double seconds = 0;  // from the common start to the last task's end
  Latencies latencies;
  std::vector<std::pair<double, std::uint64_t>> timeline;  // seconds, operations so far
  double background_seconds = 0;
};

// Called with the operations done so far.
using Watcher = std::function<void(std::uint64_t)>;

// Each task calls until it is done; `background`, if any, calls until the others are done. The
// first error ends the run.
[[nodiscard]] Result<RunResult> Run(std::span<Task* const> tasks, Task* background,
                                    const RunLimits& limits, const Watcher& watcher);

}  // namespace firn::compare
