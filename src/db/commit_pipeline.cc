#include "db/commit_pipeline.h"

#include <string>
#include <utility>

#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "cache/epoch.h"
#include "db/await.h"

namespace firn {
namespace {

// The newest sequence of `key` in the view's memtables, range tombstones over it included; 0 when
// none.
SequenceNumber NewestInMemtables(const ReadView& view, Slice key) {
  SequenceNumber newest = 0;
  for (const Memtable* memtable : view.memtables()) {
    Entry entry;
    if (memtable->Get(key, kSequenceMax, &entry)) newest = std::max(newest, entry.sequence);
    if (memtable->has_range_tombstones()) {
      newest = std::max(newest, memtable->MaxCovering(key, kSequenceMax));
    }
  }
  return newest;
}

}  // namespace

CommitPipeline::CommitPipeline(StoreContext& context, StoreState& state,
                               std::unique_ptr<LogWriter> log, SequenceNumber last_sequence,
                               std::function<void()> frozen)
    : context_(context),
      state_(state),
      log_(std::move(log)),
      frozen_(frozen),
      memtables_(context, state, std::move(frozen)),
      last_allocated_(last_sequence) {}

Status CommitPipeline::LogFailure() const {
  const Status cause = log_->failure();
  return Status(StatusCode::kClosed,
                "writes stopped after a log failure; reopen the store (" +
                    std::string(cause.message()) + ")");
}

Status CommitPipeline::Admit(std::span<const ResolvedOperation> operations) {
  if (stopped_ || state_.closing.load(std::memory_order_relaxed)) [[unlikely]] {
    return Status(StatusCode::kClosed, "the store is closed");
  }
  if (state_.background_failed.load(std::memory_order_acquire)) [[unlikely]] {
    MutexLock lock(state_.mutex);
    // A full disk only stops writes once memory is full too: MakeRoom answers then.
    if (!state_.background_error.ok() &&
        state_.background_error.code() != StatusCode::kNoSpace) {
      return Status(StatusCode::kClosed, "writes stopped after a background failure; reopen the "
                                         "store (" + state_.background_error.ToString() + ")");
    }
  }
  for (const ResolvedOperation& operation : operations) {
    if (operation.keyspace->dropped.load(std::memory_order_relaxed)) [[unlikely]] {
      return Status(StatusCode::kNotFound, "the keyspace of this write was dropped");
    }
  }
  if (last_allocated_ + operations.size() > kSequenceMax) [[unlikely]] {
    return Status(StatusCode::kClosed, "the store has used all 2^56 sequence numbers");
  }
  return memtables_.MakeRoom(log_->appended());
}

Result<CommitPipeline::Pending> CommitPipeline::LogAndApply(
    std::span<const ResolvedOperation> operations, std::span<const Slice> parts,
    Durability durability) {
  for (const ResolvedOperation& operation : operations) {
    memtables_.Ensure(*operation.keyspace, log_->appended());  // P3
  }
  const SequenceNumber first = last_allocated_ + 1;
  auto end = log_->Append(
      first, static_cast<std::uint32_t>(operations.size()), parts,
      durability == Durability::kSync ? AfterAppend::kSync : AfterAppend::kNothing);
  if (!end.ok()) [[unlikely]] return std::move(end).status();

  SequenceNumber sequence = first;
  std::uint64_t user_bytes = 0;
  for (const ResolvedOperation& operation : operations) {
    Memtable& memtable = *operation.keyspace->active;
    const std::size_t before = memtable.bytes();
    if (operation.kind == EntryKind::kRangeDelete) {
      if (operation.key < operation.value) {
        memtable.InsertRangeDelete(operation.key, operation.value, sequence);
      }
    } else {
      if (operation.kind == EntryKind::kPut) operation.keyspace->dead_range.NotePut(operation.key);
      memtable.Insert(operation.key, operation.value, sequence, operation.kind);
    }
    memtables_.Grew(memtable.bytes() - before);
    user_bytes += operation.key.size() + operation.value.size();
    ++sequence;
  }
  last_allocated_ = sequence - 1;
  auto& put = state_.counters.bytes_put;
  put.store(put.load(std::memory_order_relaxed) + user_bytes, std::memory_order_relaxed);
  YieldPoint("commit: logged");
  return Pending{last_allocated_, *end, durability == Durability::kSync};
}

void CommitPipeline::PublishWhatMayBe() {
  const LogPosition durable = log_->durable();
  SequenceNumber visible = 0;
  while (!pending_.empty() &&
         (!pending_.front().needs_sync || pending_.front().end <= durable ||
          BugIsOn(SeededBug::kVisibleBeforeDurable))) {
    visible = pending_.front().last;
    pending_.pop_front();
  }
  if (visible == 0) return;
  state_.visible.store(visible, std::memory_order_release);
  published_.NotifyAll();
}

Status CommitPipeline::Publish(const Pending& commit) {
  const bool overdue = hold_until_durable_.load(std::memory_order_relaxed) > log_->durable();
  const bool first = pending_.empty() || BugIsOn(SeededBug::kVisibleOutOfOrder);
  if (!commit.needs_sync && first && !overdue) [[likely]] {
    state_.visible.store(commit.last, std::memory_order_release);
    return Status();
  }
  pending_.push_back(commit);
  if (commit.needs_sync || overdue) {
    commit_mutex_.Unlock();
    const Status synced = log_->Sync(commit.end);
    state_.counters.log_syncs.fetch_add(1, std::memory_order_relaxed);
    commit_mutex_.Lock();
    if (synced.ok()) {
      PublishWhatMayBe();
    } else {
      published_.NotifyAll();
    }
  }
  // P1: wait for the durable commits in front.
  Await(*context_.runtime.executor, commit_mutex_, published_, [&] {
    return state_.visible.load(std::memory_order_relaxed) >= commit.last || !log_->failure().ok();
  });
  if (state_.visible.load(std::memory_order_relaxed) >= commit.last) {
    frozen_();  // a flush may have waited for this commit to become visible
    return Status();
  }
  // What is in memtables and never becomes visible is never flushed (B1): nobody may wait for it.
  state_.SetBackgroundError(
      Status(StatusCode::kIo, "the log failed (" + std::string(log_->failure().message()) + ")"));
  return Status(StatusCode::kIndeterminate,
                "the log failed while this write became durable: after reopening it may or may not "
                "exist (" + std::string(log_->failure().message()) + ")");
}

Status CommitPipeline::Commit(std::span<const ResolvedOperation> operations,
                              std::span<const Slice> parts, Durability durability) {
  MutexLock lock(commit_mutex_);
  if (!pending_.empty() && !log_->failure().ok()) [[unlikely]] return LogFailure();
  FIRN_RETURN_IF_ERROR(Admit(operations));
  auto logged = LogAndApply(operations, parts, durability);
  if (!logged.ok()) [[unlikely]] {
    return logged.status().code() == StatusCode::kNoSpace ? logged.status() : LogFailure();
  }
  return Publish(*logged);
}

Result<bool> CommitPipeline::CommitIfUnchanged(const ResolvedOperation& operation,
                                               std::span<const Slice> parts, Durability durability,
                                               const ReadView* read_view, SequenceNumber read_at) {
  MutexLock lock(commit_mutex_);
  if (!pending_.empty() && !log_->failure().ok()) [[unlikely]] return LogFailure();
  const std::span<const ResolvedOperation> operations(&operation, 1);
  FIRN_RETURN_IF_ERROR(Admit(operations));
  if (operation.keyspace->view.load(std::memory_order_acquire) != read_view) return false;
  const SequenceNumber newest = NewestInMemtables(*read_view, operation.key);
  if (newest > read_at) {
    // Perhaps a durable commit on its way: reading again before it is visible would only spin.
    Await(*context_.runtime.executor, commit_mutex_, published_, [&] {
      return state_.visible.load(std::memory_order_relaxed) >= newest || !log_->failure().ok();
    });
    return false;
  }
  auto logged = LogAndApply(operations, parts, durability);
  if (!logged.ok()) {
    return logged.status().code() == StatusCode::kNoSpace ? logged.status() : LogFailure();
  }
  FIRN_RETURN_IF_ERROR(Publish(*logged));
  return true;
}

Status CommitPipeline::Sync() {
  // Without the commit lock: whatever was acknowledged before the call is appended already.
  state_.counters.log_syncs.fetch_add(1, std::memory_order_relaxed);
  return log_->Sync(log_->appended());
}

Status CommitPipeline::FreezeAll() {
  MutexLock lock(commit_mutex_);
  if (stopped_) return Status(StatusCode::kClosed, "the store is closed");
  memtables_.FreezeAll(log_->appended());
  return Status();
}

void CommitPipeline::FreezeIdle() {
  if (!commit_mutex_.TryLock()) return;
  if (!stopped_) memtables_.FreezeIdle(log_->appended());
  commit_mutex_.Unlock();
}

void CommitPipeline::LearnDeadRange(internal::KeyspaceState& keyspace,
                                    const DeadRange::Bounds& seen, SequenceNumber at) {
  if (!commit_mutex_.TryLock()) return;
  keyspace.dead_range.Learn(seen, at, last_allocated_);
  commit_mutex_.Unlock();
}

void CommitPipeline::WithCommitsHeld(
    const std::function<void(ActiveMemtables&, LogPosition)>& change) {
  MutexLock lock(commit_mutex_);
  // Durable commits under way need the lock once more to become visible.
  Await(*context_.runtime.executor, commit_mutex_, published_,
        [&]() FIRN_NO_THREAD_ANALYSIS { return pending_.empty() || !log_->failure().ok(); });
  change(memtables_, log_->appended());
}

void CommitPipeline::Stop() {
  MutexLock lock(commit_mutex_);
  stopped_ = true;
  // Commits under way have pending entries; each leaves the queue when it is visible or has failed.
  Await(*context_.runtime.executor, commit_mutex_, published_,
        [&]() FIRN_NO_THREAD_ANALYSIS { return pending_.empty() || !log_->failure().ok(); });
}

SequenceNumber CommitPipeline::last_sequence() {
  MutexLock lock(commit_mutex_);
  return last_allocated_;
}

}  // namespace firn
