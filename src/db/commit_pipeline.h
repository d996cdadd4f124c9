// The write path: gives a commit its sequences, logs it, inserts it into memtables, makes it
// visible.
//
// One lock orders log append, memtable insert and freeze (rule W1); a commit of one entry holds it
// for well under a microsecond. A durable commit waits for its fdatasync outside the lock, together
// with whoever else waits, and becomes visible only afterwards.
//
// P1  Commits stand in the log in sequence order, and become visible in that order.
// P2  A commit is visible only when the log step of its durability has succeeded.
// P3  A memtable exists, with its log position noted, before the first record that feeds it is
//     logged, so the replay point can never pass a record that is on its way into a memtable.
// Rejected: inserting outside the lock with ordered publication. The insert is too short for the
// hand-over to pay on few cores (docs/decisions/0010-commit-pipeline.md).
// Threads: all members concurrently.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "db/active_memtables.h"
#include "db/store_context.h"
#include "db/store_state.h"
#include "wal/log_writer.h"

namespace firn {

// One operation with its keyspace found.
struct ResolvedOperation {
  internal::KeyspaceState* keyspace = nullptr;
  EntryKind kind = EntryKind::kPut;
  Slice key;
  Slice value;
};

class CommitPipeline {
 public:
  // `frozen` is called after memtables were frozen, without the state mutex: schedule flushes. It
  // is also called when a commit that a flush may wait for becomes visible.
  CommitPipeline(StoreContext& context, StoreState& state, std::unique_ptr<LogWriter> log,
                 SequenceNumber last_sequence, std::function<void()> frozen);

  // `parts` concatenate to the encoded batch that `operations` describe. Limits are checked
  // already.
  Status Commit(std::span<const ResolvedOperation> operations, std::span<const Slice> parts,
                Durability durability);

  // Commits one operation if nothing that `key` may depend on changed since the caller read at
  // sequence `read_at` through `read_view`. False: it changed, read again.
  Result<bool> CommitIfUnchanged(const ResolvedOperation& operation, std::span<const Slice> parts,
                                 Durability durability, const ReadView* read_view,
                                 SequenceNumber read_at);

  // Everything acknowledged before the call becomes durable.
  Status Sync();
  // Freezes every memtable that holds something.
  Status FreezeAll();
  // Freezes what is worth a flush while no writes come. Does nothing when a commit is in progress:
  // then some do, and the caller may be what that commit waits for.
  void FreezeIdle();
  // Runs `change` while no commit is in progress; it gets the position behind the last record.
  void WithCommitsHeld(const std::function<void(ActiveMemtables&, LogPosition)>& change);

  // A read at sequence `at` found nothing visible in `seen`. A hint: forgotten while commits keep
  // the lock busy.
  void LearnDeadRange(internal::KeyspaceState& keyspace, const DeadRange::Bounds& seen,
                      SequenceNumber at);

  [[nodiscard]] LogWriter& log() { return *log_; }
  // Every commit waits for a sync of its own until the log is durable up to `position`. Called by
  // the periodic syncer with the log's end when the oldest unsynced acknowledgement is too old (the
  // loss bound of Durability::kPeriodic): once that end is durable, nothing acknowledged is
  // unsynced.
  void HoldUntilDurable(LogPosition position) {
    hold_until_durable_.store(position, std::memory_order_relaxed);
  }
  // Refuses further commits and waits for those under way.
  void Stop();
  // Of the last commit; a lower bound for the next open.
  [[nodiscard]] SequenceNumber last_sequence();

 private:
  struct Pending {
    SequenceNumber last = 0;
    LogPosition end = 0;
    bool needs_sync = false;
  };

  Status Admit(std::span<const ResolvedOperation> operations) FIRN_REQUIRES(commit_mutex_);
  Result<Pending> LogAndApply(std::span<const ResolvedOperation> operations,
                              std::span<const Slice> parts, Durability durability)
      FIRN_REQUIRES(commit_mutex_);
  Status Publish(const Pending& commit) FIRN_REQUIRES(commit_mutex_);
  void PublishWhatMayBe() FIRN_REQUIRES(commit_mutex_);
  [[nodiscard]] Status LogFailure() const;

  StoreContext& context_;
  StoreState& state_;
  const std::unique_ptr<LogWriter> log_;
  const std::function<void()> frozen_;
  std::atomic<LogPosition> hold_until_durable_{0};

  Mutex commit_mutex_;
  CondVar published_;  // visible moved, or the log died
  ActiveMemtables memtables_ FIRN_GUARDED_BY(commit_mutex_);
  SequenceNumber last_allocated_ FIRN_GUARDED_BY(commit_mutex_);
  std::deque<Pending> pending_ FIRN_GUARDED_BY(commit_mutex_);  // in order, not yet visible
  bool stopped_ FIRN_GUARDED_BY(commit_mutex_) = false;
};

}  // namespace firn
