// The memtables that take writes: created on a keyspace's first write, frozen when together they
// are too large, when the log they pin is too long, or on request. Makes writers wait when flushes
// lag behind.
//
// Threads: every member is called with the commit lock held; the class takes the state mutex where
// it changes what readers or jobs see.
#pragma once

#include <functional>

#include "db/store_context.h"
#include "db/store_state.h"

namespace firn {

class ActiveMemtables {
 public:
  // `frozen` schedules flushes; called without the state mutex.
  ActiveMemtables(StoreContext& context, StoreState& state, std::function<void()> frozen);

  // Returns when there is room for one more commit. kNoSpace or the background error when flushes
  // cannot make room; kClosed when the store closes meanwhile.
  Status MakeRoom(LogPosition log_end);
  // Makes sure the keyspace has a memtable whose noted log position is at most `log_end`.
  void Ensure(internal::KeyspaceState& keyspace, LogPosition log_end);
  // Counts growth; called after inserts.
  void Grew(std::uint64_t bytes) { bytes_ += bytes; }
  // Freezes every memtable that holds something.
  void FreezeAll(LogPosition log_end);
  // Freezes those worth a flush while no writes come: large ones, and any above a tree that idle
  // work is about to settle.
  void FreezeIdle(LogPosition log_end);
  // Forgets the bytes of a keyspace that is being dropped.
  void Drop(internal::KeyspaceState& keyspace);

 private:
  void Freeze(internal::KeyspaceState& keyspace, LogPosition log_end) FIRN_REQUIRES(state_.mutex);
  void FreezeLargest(LogPosition log_end);
  void FreezeOlderThan(LogPosition position, LogPosition log_end);
  // Waits until `enough()`, evaluated under the state mutex, or an error or close ends the wait.
  template <typename Enough>
  Status WaitForFlush(const Enough& enough);
  [[nodiscard]] std::uint64_t FrozenBytes() const FIRN_REQUIRES(state_.mutex);
  [[nodiscard]] bool WillSettle(const internal::KeyspaceState& keyspace) const
      FIRN_REQUIRES(state_.mutex);
  [[nodiscard]] std::size_t NewestLevelRuns() const FIRN_REQUIRES(state_.mutex);

  StoreContext& context_;
  StoreState& state_;
  const std::function<void()> frozen_;
  // Owned by the holder of the commit lock.
  std::uint64_t bytes_ = 0;
  LogPosition log_checked_ = 0;
};

}  // namespace firn
