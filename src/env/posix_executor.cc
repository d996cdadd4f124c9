#include "env/posix_executor.h"

#include <pthread.h>
#include <signal.h>
#ifdef __linux__
#include <sys/resource.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace firn {
namespace {

#ifdef __linux__
// A third of the weight of a thread of normal priority (sched(7): a step is a factor of 1.25).
// Nearly idle priority would be too little: who waits for a lock held by a merge waits for the
// merge to get the processor back.
constexpr int kLowNice = 5;
#endif

// Best effort: without it merges compete with clients on equal terms.
void YieldToOthers() {
#ifdef __linux__
  // Linux keeps the value by thread, against POSIX (setpriority(2), "C library/kernel
  // differences").
  const auto thread = static_cast<id_t>(gettid());
  errno = 0;
  const int inherited = getpriority(PRIO_PROCESS, thread);
  if (errno == 0) (void)setpriority(PRIO_PROCESS, thread, inherited + kLowNice);
#endif
}

}  // namespace

void PosixExecutor::Start() {
  for (const Pool& pool : pools_) FIRN_CHECK(pool.worker_count >= 1);
  // Signals are the embedding program's: its threads take them, with its handlers and stacks.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  FIRN_CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
  const Lock lock(mutex_);
  for (const Priority priority : {Priority::kHigh, Priority::kLow}) {
    for (std::size_t i = 0; i < PoolOf(priority).worker_count; ++i) {
      workers_.emplace_back([this, priority] { RunWorker(priority); });
    }
  }
  FIRN_CHECK(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
}

void PosixExecutor::Schedule(Priority priority, std::function<void()> task) {
  {
    const Lock lock(mutex_);
    PoolOf(priority).ready.push_back({++last_ticket_, priority, std::move(task)});
  }
  PoolOf(priority).work.notify_one();
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
  // Whoever is idle has to know when to look again.
  for (Pool& pool : pools_) pool.work.notify_one();
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
  for (Pool& pool : pools_) {
    std::deque<Task>& ready = pool.ready;
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
    Pool& pool = PoolOf(timer.mapped().priority);
    pool.ready.push_back(std::move(timer.mapped()));
    pool.work.notify_one();  // it may be another pool's than the one that noticed
  }
}

void PosixExecutor::WaitForWorkLocked(Lock& lock, Pool& pool) {
  if (timers_.empty()) {
    pool.work.wait(lock);
  } else {
    const TimePoint earliest = timers_.begin()->first.first;
    pool.work.wait_until(lock, earliest);
  }
}

void PosixExecutor::RunFirstLocked(Lock& lock, Pool& pool) {
  std::function<void()> run = std::move(pool.ready.front().run);
  pool.ready.pop_front();
  // The wake-up that brought this worker here may have been for a timer or another task as well.
  pool.work.notify_one();
  lock.unlock();
  run();
  run = nullptr;
  lock.lock();
}

void PosixExecutor::RunWorker(Priority priority) {
  (void)pthread_setname_np(pthread_self(), "firn-worker");
  if (priority == Priority::kLow) YieldToOthers();
  Pool& pool = PoolOf(priority);
  Lock lock(mutex_);
  while (true) {
    MoveDueTimersLocked();
    if (!pool.ready.empty()) {
      RunFirstLocked(lock, pool);
    } else {
      WaitForWorkLocked(lock, pool);
    }
  }
}

}  // namespace firn
