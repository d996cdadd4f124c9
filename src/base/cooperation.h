// Where a simulation takes the place of the operating system's scheduler: a thread that is driven
// by a Cooperation asks it at every lock, wait, wake-up and named yield point, and never blocks.
//
// Only in checked builds (FIRN_CHECKED). In any other, Current() is a constant null, and locks,
// waits and yield points compile to what they are without it. Implemented in src/sim.
// Not here: time, tasks and files, which come through env/runtime.h.
// Threads: one driven thread a Cooperation; its tasks run one at a time.
// P1  Between two calls of a Cooperation no other task runs.
#pragma once

#include <cstdint>

namespace firn {

enum class Wakes : std::uint8_t { kOne, kAll };

class Cooperation {
 public:
  virtual ~Cooperation() = default;

  // Who drives the calling thread; null on an ordinary one.
  [[nodiscard, gnu::always_inline]] static Cooperation* Current() {
#ifdef FIRN_CHECKED
    return current_;
#else
    return nullptr;
#endif
  }

  // Another task may run here. `where` names the place; it must be a literal.
  virtual void Point(const char* where) = 0;
  // The task has nothing to do until something happens: others run first, or time passes.
  virtual void Idle() = 0;
  // Blocks the task until a Wake of `key`, or for no reason at all.
  virtual void Park(const void* key, const char* where) = 0;
  virtual void Wake(const void* key, Wakes wakes) = 0;
  // What a thread keeps in thread_local storage: one pointer of the running task, null at its
  // start. `at_end` runs on the task's end if the pointer is not null.
  virtual void*& Local(void (*at_end)(void* local)) = 0;

 protected:
  static inline constinit thread_local Cooperation* current_ = nullptr;
};

// A window between two steps of lock-free code that a simulation should look into.
[[gnu::always_inline]] inline void YieldPoint(const char* where) {
  if (Cooperation* const tasks = Cooperation::Current()) tasks->Point(where);
}

}  // namespace firn
