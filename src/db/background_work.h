// Keeps flushes and compactions going: wakes them, retries when a full disk heals, records errors
// that do not, and stops it all at close.
//
// Threads: all members concurrently.
#pragma once

#include <atomic>

#include "db/compactor.h"
#include "db/flusher.h"

namespace firn {

class BackgroundWork {
 public:
  BackgroundWork(StoreContext& context, StoreState& state, VersionStore& versions);
  void SetPipeline(CommitPipeline* pipeline) { flusher_.SetPipeline(pipeline); }

  // Schedules flushes that are due; one atomic load when none is.
  void WakeFlushes() { flusher_.Schedule(); }
  // Schedules whatever is due, idle work only if allowed.
  void Wake();
  // Idle work benefits readers and space, and competes with writers: allowed while none come.
  void AllowIdleWork(bool allowed) { idle_allowed_.store(allowed, std::memory_order_relaxed); }
  // Waits until every frozen memtable is in tables, or an error.
  Status WaitForFlushes();
  // Nothing runs, and nothing is due but idle work: a moment to see what that should take along.
  [[nodiscard]] bool NothingNeeded() FIRN_EXCLUDES(state_.mutex);
  // Waits for that moment, or an error.
  Status WaitForNeeded();
  // Waits until nothing runs or is due, idle work included.
  Status WaitForIdle();
  Status CompactRange(const KeyspacePointer& keyspace, std::optional<Slice> lower,
                      std::optional<Slice> upper);
  // Ends running jobs soon and waits for them. Nothing is scheduled afterwards.
  void Stop();

 private:
  void JobFinished(const Status& status);
  void RetryLater();
  [[nodiscard]] bool FlushesRest() const FIRN_REQUIRES(state_.mutex);
  [[nodiscard]] bool Rests(Urgency urgency) const FIRN_REQUIRES(state_.mutex);
  [[nodiscard]] Status Outcome() const FIRN_REQUIRES(state_.mutex);

  StoreContext& context_;
  StoreState& state_;
  VersionStore& versions_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> idle_allowed_{false};
  std::atomic<std::uint32_t> idle_waiters_{0};
  Flusher flusher_;
  Compactor compactor_;

  Mutex retry_mutex_;
  bool retry_pending_ FIRN_GUARDED_BY(retry_mutex_) = false;
  bool retry_running_ FIRN_GUARDED_BY(retry_mutex_) = false;
  std::uint64_t retry_ticket_ FIRN_GUARDED_BY(retry_mutex_) = 0;
};

}  // namespace firn
