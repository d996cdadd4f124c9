// A fixed pool of worker threads with three priorities and timers.
//
// Threads: all members concurrently; tasks run on the workers, without a lock.
// Lifetime: never ends (there is no destructor that joins). The pool of the process is made on
// first use and left behind at exit, so a task may still run while static destructors do; stores
// wait for their own tasks in Close. A child made by fork has no workers.
// X1  At most workers - 1 low tasks run at once, so a high task never waits for low ones; at most
//     `workers` low and high ones, of workers + kTimelyWorkers threads.
// X2  Timely before high before low; within a priority in the order in which tasks became due.
// X3  Whenever a timer is set and a worker is idle, an idle worker waits no longer than for the
//     earliest timer.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "env/runtime.h"

namespace firn {

class PosixExecutor final : public Executor {
 public:
  // `workers`: for high and low tasks. Requires: workers >= 2. Start() must follow, once.
  explicit PosixExecutor(std::size_t workers) : worker_count_(workers) {}
  void Start();

  void Schedule(Priority priority, std::function<void()> task) override;
  std::uint64_t ScheduleAfter(Micros delay, Priority priority,
                              std::function<void()> task) override;
  bool Cancel(std::uint64_t ticket) override;
  [[nodiscard]] std::size_t low_slots() const override { return worker_count_ - 1; }
  bool RunOne() override { return false; }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Lock = std::unique_lock<std::mutex>;
  struct Task {
    std::uint64_t ticket;
    Priority priority;
    std::function<void()> run;
  };

  std::deque<Task>& ReadyLocked(Priority priority);
  void MoveDueTimersLocked();
  [[nodiscard]] bool CanStartLocked(Priority priority) const;
  void WaitForWorkLocked(Lock& lock);
  void RunFirstLocked(Lock& lock, Priority priority);
  void RunWorker();

  const std::size_t worker_count_;
  // Below: guarded by mutex_. A std::mutex, because timers need a timed wait and the pool is never
  // part of a simulation.
  std::mutex mutex_;
  std::condition_variable work_;
  std::array<std::deque<Task>, 3> ready_;  // by Priority
  std::map<std::pair<TimePoint, std::uint64_t>, Task> timers_;
  std::uint64_t last_ticket_ = 0;
  std::size_t low_running_ = 0;
  std::size_t running_ = 0;  // low and high
  std::vector<std::thread> workers_;  // never joined
};

}  // namespace firn
