// Waiting that also works without threads: where an executor has none of its own, the waiter runs
// the background work it waits for.
#pragma once

#include "base/mutex.h"
#include "env/runtime.h"

namespace firn {

// Returns with `mutex` held once `done()` is true. Whoever makes it true must hold `mutex`
// meanwhile and notify `changed`. Requires: `mutex` held. `done` is called with it held.
template <typename Done>
void Await(Executor& executor, Mutex& mutex, CondVar& changed, const Done& done)
    FIRN_REQUIRES(mutex) FIRN_NO_THREAD_ANALYSIS {
  while (!done()) {
    mutex.Unlock();
    const bool ran = executor.RunOne();
    mutex.Lock();
    if (ran) continue;
    if (done()) return;
    changed.Wait(mutex);
  }
}

}  // namespace firn
