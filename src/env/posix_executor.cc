#include "env/posix_executor.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>

#include "base/check.h"

namespace firn {

void PosixExecutor::Start() {
  FIRN_CHECK(worker_count_ >= 2);
  // Signals are the embedding program's: its threads take them, with its handlers and stacks.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  FIRN_CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
  const Lock lock(mutex_);
  for (std::size_t i = 0; i < worker_count_ + kTimelyWorkers; ++i) {
    workers_.emplace_back([this] { RunWorker(); });
  }
  FIRN_CHECK(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
}

std::deque<PosixExecutor::Task>& PosixExecutor::ReadyLocked(Priority priority) {
  return ready_[static_cast<std::size_t>(priority)];
}

void PosixExecutor::Schedule(Priority priority, std::function<void()> task) {
  {
    const Lock lock(mutex_);
    ReadyLocked(priority).push_back({++last_ticket_, priority, std::move(task)});
  }
  work_.notify_one();
}

std::uint64_t PosixExecutor::ScheduleAfter(Micros delay, Priority priority,
                                           std::function<void()> task) {
  std::uint64_t ticket = 0;
  {
    const Lock lock(mutex_);
    ticket = ++last_ticket_;
    const TimePoint due = std::chrono::steady_clock::now() + delay;
    timers_.emplace(std::pair(due, ticket), Task{ticket, priority, std::move(task)});
  }
  work_.notify_one();
  return ticket;
}

bool PosixExecutor::Cancel(std::uint64_t ticket) {
  std::function<void()> cancelled;  // destroyed without the lock: it may own anything
  const Lock lock(mutex_);
  const auto timer = std::find_if(timers_.begin(), timers_.end(), [ticket](const auto& entry) {
    return entry.second.ticket == ticket;
  });
  if (timer != timers_.end()) {
    cancelled = std::move(timer->second.run);
    timers_.erase(timer);
    return true;
  }
  for (std::deque<Task>& ready : ready_) {
    const auto task = std::find_if(ready.begin(), ready.end(),
                                   [ticket](const Task& t) { return t.ticket == ticket; });
    if (task == ready.end()) continue;
    cancelled = std::move(task->run);
    ready.erase(task);
    return true;
  }
  return false;
}

void PosixExecutor::MoveDueTimersLocked() {
  const TimePoint now = std::chrono::steady_clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto timer = timers_.extract(timers_.begin());
    ReadyLocked(timer.mapped().priority).push_back(std::move(timer.mapped()));
  }
}

bool PosixExecutor::CanStartLocked(Priority priority) const {
  if (ready_[static_cast<std::size_t>(priority)].empty()) return false;
  if (priority == Priority::kTimely) return true;
  return running_ < worker_count_ && (priority == Priority::kHigh || low_running_ < low_slots());
}

void PosixExecutor::WaitForWorkLocked(Lock& lock) {
  if (timers_.empty()) {
    work_.wait(lock);
  } else {
    const TimePoint earliest = timers_.begin()->first.first;
    work_.wait_until(lock, earliest);
  }
}

void PosixExecutor::RunFirstLocked(Lock& lock, Priority priority) {
  std::function<void()> run = std::move(ReadyLocked(priority).front().run);
  ReadyLocked(priority).pop_front();
  if (priority == Priority::kLow) ++low_running_;
  if (priority != Priority::kTimely) ++running_;
  // The wake-up that brought this worker here may have been for a timer or another task as well.
  work_.notify_one();
  lock.unlock();
  run();
  run = nullptr;
  lock.lock();
  if (priority == Priority::kLow) --low_running_;
  if (priority != Priority::kTimely) --running_;
}

void PosixExecutor::RunWorker() {
  (void)pthread_setname_np(pthread_self(), "firn-worker");
  Lock lock(mutex_);
  while (true) {
    MoveDueTimersLocked();
    if (CanStartLocked(Priority::kTimely)) {
      RunFirstLocked(lock, Priority::kTimely);
    } else if (CanStartLocked(Priority::kHigh)) {
      RunFirstLocked(lock, Priority::kHigh);
    } else if (CanStartLocked(Priority::kLow)) {
      RunFirstLocked(lock, Priority::kLow);
    } else {
      WaitForWorkLocked(lock);
    }
  }
}

}  // namespace firn
