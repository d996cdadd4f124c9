// Background tasks of one owner, who waits for all of them before it goes.
//
// Threads: Schedule by anyone, also by a task; WaitForAll without any lock a task may need.
#pragma once

#include <functional>
#include <utility>

#include "base/mutex.h"
#include "env/runtime.h"

namespace firn {

class TaskTracker {
 public:
  explicit TaskTracker(Executor& executor) : executor_(executor) {}
  TaskTracker(const TaskTracker&) = delete;
  TaskTracker& operator=(const TaskTracker&) = delete;
  ~TaskTracker() { WaitForAll(); }

  void Schedule(std::function<void()> task) {
    {
      MutexLock lock(mutex_);
      ++unfinished_;
    }
    executor_.Schedule(Priority::kHigh, [this, task = std::move(task)] {
      task();
      MutexLock lock(mutex_);
      --unfinished_;
      finished_.NotifyAll();
    });
  }

  void WaitForAll() {
    for (;;) {
      {
        MutexLock lock(mutex_);
        if (unfinished_ == 0) return;
      }
      if (executor_.RunOne()) continue;
      MutexLock lock(mutex_);
      if (unfinished_ != 0) finished_.Wait(mutex_);
    }
  }

 private:
  Executor& executor_;
  Mutex mutex_;
  CondVar finished_;
  std::size_t unfinished_ FIRN_GUARDED_BY(mutex_) = 0;
};

}  // namespace firn
