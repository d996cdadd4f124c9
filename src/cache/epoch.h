// Epoch-based reclamation: a reader announces itself with a Guard, which costs one store to its own
// cache line, and everything unlinked meanwhile stays alive until every such reader has left.
// After K. Fraser, "Practical lock-freedom" (2004), with three epochs.
//
// Use for: read views, frames. Not for: what an iterator keeps for long (it counts references).
// Threads: all members concurrently. A Guard is for one thread, nests, and must not be held while
// waiting for another guard to end (Drain).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace firn {

class EpochDomain {
 public:
  // The one domain of the process; stores share it, so a thread registers once, not per store.
  static EpochDomain& Process();

  class Guard {
   public:
    explicit Guard(EpochDomain& domain = Process());
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    struct Slot* slot_;
  };

  // Runs reclaim(object) once every Guard that was live at the call has ended, on whichever thread
  // calls Retire or Collect then. `reclaim` must not wait. Call after unlinking the object.
  void Retire(void* object, void (*reclaim)(void*));
  // Tries to advance the epoch and reclaims what became safe. Cheap when nothing is pending.
  void Collect();
  // Collects until everything retired before the call is reclaimed. Requires: the caller holds no
  // Guard. Waits for other threads' guards.
  void Drain();
  [[nodiscard]] std::size_t pending() const;
};

}  // namespace firn
