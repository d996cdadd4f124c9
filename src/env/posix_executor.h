// Two fixed pools of worker threads, one a priority, with timers. Workers for low tasks yield the
// processor to everybody else in the process (Linux; elsewhere all are equal): merging gets what
// clients, flushes and syncs leave over. A thread may lower its priority but not raise it again, so
// workers do not change sides.
//
// Threads: all members concurrently; tasks run on the workers, without a lock.
// Lifetime: never ends (there is no destructor that joins). The pool of the process is made on
// first use and left behind at exit, so a task may still run while static destructors do; stores
// wait for their own tasks in Close. A child made by fork has no workers.
// X1  A high task never waits for low ones and never runs at their priority: a writer may be
//     waiting for it.
// X2  Within a priority, tasks start in the order in which they became due.
// X3  Whenever a timer is set and a worker of either pool is idle, one of them waits no longer than
//     for the earliest timer.
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
  // Requires: at least one worker each. Start() must follow, once.
  PosixExecutor(std::size_t high_workers, std::size_t low_workers)
      : pools_{Pool{high_workers}, Pool{low_workers}} {}
  void Start();

  void Schedule(Priority priority, std::function<void()> task) override;
  std::uint64_t ScheduleAfter(Micros delay, Priority priority,
                              std::function<void()> task) override;
  bool Cancel(std::uint64_t ticket) override;
  [[nodiscard]] std::size_t low_slots() const override { return pools_[1].worker_count; }
  bool RunOne() override { return false; }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Lock = std::unique_lock<std::mutex>;
  struct Task {
    std::uint64_t ticket;
    Priority priority;
    std::function<void()> run;
  };

  struct Pool {
    explicit Pool(std::size_t workers) : worker_count(workers) {}

    const std::size_t worker_count;
    std::condition_variable work;
    std::deque<Task> ready;
  };

  [[nodiscard]] Pool& PoolOf(Priority priority) {
    return pools_[static_cast<std::size_t>(priority)];
  }
  void MoveDueTimersLocked();
  void WaitForWorkLocked(Lock& lock, Pool& pool);
  void RunFirstLocked(Lock& lock, Pool& pool);
  void RunWorker(Priority priority);

  // Below: guarded by mutex_. A std::mutex, because timers need a timed wait and the pools are
  // never part of a simulation.
  std::mutex mutex_;
  std::array<Pool, 2> pools_;  // by Priority
  std::map<std::pair<TimePoint, std::uint64_t>, Task> timers_;
  std::uint64_t last_ticket_ = 0;
  std::vector<std::thread> workers_;  // never joined
};

}  // namespace firn
