// Locks with names the compiler can check (clang -Wthread-safety) and a simulation can drive.
//
// The rest of the engine names no std::mutex. On a thread that a Cooperation drives
// (base/cooperation.h) the lock is the same, only the waiting is the Cooperation's: the real
// locking code runs under a seeded scheduler.
// Threads: all members concurrently. A lock is not shared by driven and ordinary threads at once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/cooperation.h"

#if defined(__clang__)
#define FIRN_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define FIRN_THREAD_ATTRIBUTE(x)
#endif
#define FIRN_CAPABILITY FIRN_THREAD_ATTRIBUTE(capability("mutex"))
#define FIRN_SCOPED_CAPABILITY FIRN_THREAD_ATTRIBUTE(scoped_lockable)
#define FIRN_GUARDED_BY(m) FIRN_THREAD_ATTRIBUTE(guarded_by(m))
#define FIRN_REQUIRES(...) FIRN_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define FIRN_EXCLUDES(...) FIRN_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define FIRN_ACQUIRE(...) FIRN_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define FIRN_RELEASE(...) FIRN_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define FIRN_TRY_ACQUIRE(...) FIRN_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define FIRN_NO_THREAD_ANALYSIS FIRN_THREAD_ATTRIBUTE(no_thread_safety_analysis)

namespace firn {

class FIRN_CAPABILITY Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void Lock() FIRN_ACQUIRE() {
    if (Cooperation* const tasks = Cooperation::Current()) {
      tasks->Point("lock");
      return AcquireFor(*tasks);
    }
    mutex_.lock();
  }
  void Unlock() FIRN_RELEASE() {
    if (Cooperation* const tasks = Cooperation::Current()) {
      ReleaseFor(*tasks);
      return tasks->Point("unlock");
    }
    mutex_.unlock();
  }
  [[nodiscard]] bool TryLock() FIRN_TRY_ACQUIRE(true) {
    YieldPoint("try lock");
    return mutex_.try_lock();
  }

 private:
  friend class CondVar;
  // POSIX: a try of a lock that the same thread holds, for another task, says no.
  void AcquireFor(Cooperation& tasks) {
    while (!mutex_.try_lock()) tasks.Park(this, "a lock");
  }
  void ReleaseFor(Cooperation& tasks) {
    mutex_.unlock();
    tasks.Wake(this, Wakes::kAll);
  }

  std::mutex mutex_;
};

class FIRN_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) FIRN_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() FIRN_RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Lets other threads run. Only for the few waits that nobody can be asked to end with a CondVar.
inline void YieldThread() {
  if (Cooperation* const tasks = Cooperation::Current()) return tasks->Idle();
  std::this_thread::yield();
}

// Waits need a loop around the condition: wake-ups may be spurious.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;
  void Wait(Mutex& mutex) FIRN_REQUIRES(mutex) {
    if (Cooperation* const tasks = Cooperation::Current()) {
      mutex.ReleaseFor(*tasks);
      tasks->Park(this, "a condition");
      return mutex.AcquireFor(*tasks);
    }
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  void NotifyOne() {
    if (Cooperation* const tasks = Cooperation::Current()) return Notify(*tasks, Wakes::kOne);
    condition_.notify_one();
  }
  void NotifyAll() {
    if (Cooperation* const tasks = Cooperation::Current()) return Notify(*tasks, Wakes::kAll);
    condition_.notify_all();
  }

 private:
  void Notify(Cooperation& tasks, Wakes wakes) {
    tasks.Wake(this, wakes);
    tasks.Point("notify");
  }

  std::condition_variable condition_;
};

}  // namespace firn
