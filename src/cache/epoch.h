// Epoch-based reclamation: a reader announces itself with a Guard, which costs one exchange on its
// own cache line, and everything unlinked meanwhile stays alive until every such reader has left.
// After K. Fraser, "Practical lock-freedom" (2004), with three epochs; docs/decisions/0004 has the
// proof without fences.
//
// Use for: read views, frames. Not for: what an iterator keeps for long (it counts references).
// Threads: all members concurrently. A Guard is for one thread, nests, and must not be held while
// waiting for another guard to end (Drain).
// Lifetime: the domain is never destroyed; a thread's slot returns to the domain when it ends.
// G1  The epoch moves from e to e+1 only when every live guard announced e.
// G2  An object retired in epoch e is reclaimed in epoch e+2 or later.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/mutex.h"

namespace firn {

class EpochDomain {
  // One per thread that ever held a guard. `announced` is 0 outside guards, else the epoch the
  // outermost guard read; the owner stores it, collectors read it. `depth` is the owner's alone.
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> announced{0};
    std::uint32_t depth = 0;
    bool taken = false;  // guarded by EpochDomain::mutex_
  };

 public:
  // The one domain of the process; stores share it, so a thread registers once, not per store.
  static EpochDomain& Process();

  class Guard {
   public:
    explicit Guard(EpochDomain& domain = Process()) {
      Slot* slot = MySlot();
      if (slot == nullptr) [[unlikely]]
        slot = domain.Register();
      slot_ = slot;
      // An exchange, because it must read what a collector's read-modify-write left behind (see
      // EpochDomain::AdvanceLocked); a store would not be ordered before the reads that follow.
      if (slot->depth++ == 0) {
        const std::uint64_t epoch = domain.epoch_.load(std::memory_order_relaxed);
        YieldPoint("epoch: read, not announced");
        slot->announced.exchange(epoch, std::memory_order_acq_rel);
      }
    }
    ~Guard() {
      if (--slot_->depth == 0) slot_->announced.store(0, std::memory_order_release);
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Slot* slot_;
  };

  EpochDomain(const EpochDomain&) = delete;
  EpochDomain& operator=(const EpochDomain&) = delete;

  // Runs reclaim(object) once every Guard that was live at the call has ended, on whichever thread
  // calls Retire or Collect then. `reclaim` must not wait; it may retire more. Call after unlinking
  // the object.
  void Retire(void* object, void (*reclaim)(void*)) FIRN_EXCLUDES(mutex_);
  // Tries to advance the epoch and reclaims what became safe. Cheap when nothing is pending.
  void Collect() FIRN_EXCLUDES(mutex_);
  // Collects until everything retired before the call is reclaimed. Requires: the caller holds no
  // Guard. Waits for other threads' guards.
  void Drain() FIRN_EXCLUDES(mutex_);
  // Objects retired and not yet reclaimed.
  [[nodiscard]] std::size_t pending() const { return pending_.load(std::memory_order_relaxed); }
  // Slots ever made: the largest number of threads that were registered at once.
  [[nodiscard]] std::size_t slots() const FIRN_EXCLUDES(mutex_);

 private:
  struct Retired {
    void* object;
    void (*reclaim)(void*);
    std::uint64_t epoch;
  };
  struct ThreadExit;

  // The slot of the calling thread, or of its task where a simulation drives it.
  static Slot* MySlot() {
    if (Cooperation* const tasks = Cooperation::Current()) {
      return static_cast<Slot*>(tasks->Local(&EndOfTask));
    }
    return thread_slot_;
  }
  static void EndOfTask(void* slot) { Process().Unregister(static_cast<Slot*>(slot)); }

  EpochDomain() = default;
  Slot* Register() FIRN_EXCLUDES(mutex_);
  Slot* TakeSlot() FIRN_EXCLUDES(mutex_);
  void Unregister(Slot* slot) FIRN_EXCLUDES(mutex_);
  bool AdvanceLocked() FIRN_REQUIRES(mutex_);
  [[nodiscard]] bool ReclaimedLocked(std::uint64_t serial) const FIRN_REQUIRES(mutex_);

  static inline constinit thread_local Slot* thread_slot_ = nullptr;

  // 0 is "no guard", so epochs start above it. Stored under mutex_; guards read it relaxed, because
  // a stale epoch only delays reclamation.
  alignas(64) std::atomic<std::uint64_t> epoch_{1};
  alignas(64) std::atomic<std::size_t> pending_{0};
  mutable Mutex mutex_;
  std::deque<Slot> slots_ FIRN_GUARDED_BY(mutex_);
  std::deque<Retired> limbo_ FIRN_GUARDED_BY(mutex_);  // epochs ascending
  std::uint64_t retired_ FIRN_GUARDED_BY(mutex_) = 0;  // ever; limbo_ holds the last of them
  // First serials of the batches whose reclaim functions run right now, outside the mutex.
  std::vector<std::uint64_t> running_ FIRN_GUARDED_BY(mutex_);
};

}  // namespace firn
