// Locks with names the compiler can check (clang -Wthread-safety) and a simulation can replace.
//
// The rest of the engine names no std::mutex: a build with FIRN_SIMULATION swaps this header's
// types for cooperative ones, and the real locking code then runs under a seeded scheduler.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

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
  void Lock() FIRN_ACQUIRE() { mutex_.lock(); }
  void Unlock() FIRN_RELEASE() { mutex_.unlock(); }
  [[nodiscard]] bool TryLock() FIRN_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class CondVar;
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
inline void YieldThread() { std::this_thread::yield(); }

// Waits need a loop around the condition: wake-ups may be spurious.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;
  void Wait(Mutex& mutex) FIRN_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace firn
