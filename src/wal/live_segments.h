// The segments a log still has a use for, how much of them is durable, and whether the log is
// alive: the part of a LogWriter that its many callers share.
//
// A segment is pushed as the current one; the next push seals it; a sync covers it; it is closed;
// and once its positions are released it goes back to the supply.
//
// G1  durable() moves to p only after every segment before p was synced, oldest first (L2).
// G2  At most one thread, the sync leader, issues syncs at any time; the others wait for it.
// G3  After Die nothing is synced or pushed any more (L3).
// Threads: all members concurrently, except Push (holder of the commit lock) and Close (last).
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "wal/log_segment.h"
#include "wal/log_writer.h"
#include "wal/segment_supply.h"
#include "wal/sync_group.h"

namespace firn {

class LiveSegments {
 public:
  LiveSegments(SegmentSupply& supply, Clock& clock, LogPosition start)
      : supply_(supply), clock_(clock), appended_(start), durable_(start) {}
  LiveSegments(const LiveSegments&) = delete;
  LiveSegments& operator=(const LiveSegments&) = delete;

  [[nodiscard]] LogPosition appended() const { return appended_.load(std::memory_order_acquire); }
  [[nodiscard]] LogPosition durable() const { return durable_.load(std::memory_order_acquire); }
  [[nodiscard]] bool dead() const { return dead_.load(std::memory_order_acquire); }
  [[nodiscard]] Status health() const;  // the first failure
  [[nodiscard]] Status Closed() const;  // what calls on a dead log answer
  [[nodiscard]] std::vector<LogWriter::SegmentInfo> Infos() const;
  [[nodiscard]] std::shared_ptr<LogSegment> current() const;

  // The bytes before `position` stand in the current segment.
  void set_appended(LogPosition position) { appended_.store(position, std::memory_order_release); }
  // `segment` becomes current, and the one before it is sealed where this one starts.
  void Push(std::shared_ptr<LogSegment> segment, LogPosition appended);

  [[nodiscard]] Status Sync(LogPosition upto);
  // Syncs and closes what is sealed, unless someone else does.
  void RetireSealed();
  void Release(LogPosition position);

  // Keeps the first cause and returns this one, for the call that met it.
  [[nodiscard]] Status Die(Status cause);
  // Closes every file; the log is dead after.
  [[nodiscard]] Status Close();

 private:
  using SegmentPointer = std::shared_ptr<LogSegment>;
  enum class SyncScope : std::uint8_t { kEverything, kSealedOnly };

  // Lets more callers join the group. Requires: syncing_ is set.
  void Gather() FIRN_REQUIRES(mutex_);
  [[nodiscard]] Status LeadSync(SyncScope scope) FIRN_REQUIRES(mutex_);
  [[nodiscard]] Status SyncFiles(const std::vector<SegmentPointer>& segments, LogPosition target);
  [[nodiscard]] bool AnyUnsyncedSealed() const FIRN_REQUIRES(mutex_);
  void CollectObsolete();
  void DieLocked(const Status& cause) FIRN_REQUIRES(mutex_);
  [[nodiscard]] Status ClosedLocked() const FIRN_REQUIRES(mutex_);

  SegmentSupply& supply_;
  Clock& clock_;

  // Stored with release after the bytes are in place; the leader's acquire load sees what it syncs.
  std::atomic<LogPosition> appended_;
  // Stored with release by the leader; readers act on it without the lock.
  std::atomic<LogPosition> durable_;
  // Stored with release after failure_; appends load it with acquire and stop.
  std::atomic<bool> dead_{false};

  mutable Mutex mutex_;
  CondVar sync_done_;
  std::deque<SegmentPointer> live_ FIRN_GUARDED_BY(mutex_);  // oldest first; the last is current
  bool syncing_ FIRN_GUARDED_BY(mutex_) = false;             // a leader is at work
  SyncGroup group_ FIRN_GUARDED_BY(mutex_);
  Micros last_sync_time_ FIRN_GUARDED_BY(mutex_){};
  LogPosition released_ FIRN_GUARDED_BY(mutex_) = 0;
  Status failure_ FIRN_GUARDED_BY(mutex_);
};

}  // namespace firn
