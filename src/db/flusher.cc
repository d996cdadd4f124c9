#include "db/flusher.h"

#include <algorithm>
#include <utility>

#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "db/compaction_policy.h"
#include "db/flush_memtables.h"

namespace firn {

using internal::FrozenMemtable;

LogPosition ReplayFrom(const StoreState& state, LogPosition log_end,
                       std::span<const FrozenMemtable> flushed) FIRN_NO_THREAD_ANALYSIS {
  const auto is_flushed = [&](const Memtable* memtable) {
    return std::any_of(flushed.begin(), flushed.end(), [&](const FrozenMemtable& candidate) {
      return candidate.memtable.get() == memtable;
    });
  };
  LogPosition needed = log_end;
  for (const auto& [id, keyspace] : state.by_id) {
    if (keyspace->active != nullptr && !BugIsOn(SeededBug::kReplayPointSkipsActive)) {
      needed = std::min(needed, keyspace->active_log_begin);
    }
    for (const FrozenMemtable& frozen : keyspace->frozen) {
      if (!is_flushed(frozen.memtable.get())) needed = std::min(needed, frozen.log_begin);
    }
  }
  return needed;
}

Flusher::Flusher(StoreContext& context, StoreState& state, VersionStore& versions,
                 const std::atomic<bool>& stop, std::function<void(const Status&)> finished)
    : context_(context),
      state_(state),
      versions_(versions),
      stop_(stop),
      finished_(std::move(finished)) {}

void Flusher::Schedule() {
  if (!state_.flush_due.load(std::memory_order_acquire)) return;
  MutexLock lock(state_.mutex);
  while (!stop_.load(std::memory_order_relaxed)) {
    std::optional<Task> task = Next();
    if (!task.has_value()) break;
    task->keyspace->flushing = true;
    ++state_.flushes_running;
    ++state_.jobs_in_flight;
    context_.runtime.executor->Schedule(Priority::kHigh,
                                        [this, task = std::move(*task)]() mutable { Run(task); });
  }
}

std::optional<Flusher::Task> Flusher::Next() {
  const SequenceNumber visible = state_.visible.load(std::memory_order_acquire);
  bool any_left = false;
  for (const auto& [id, keyspace] : state_.by_id) {
    if (keyspace->frozen.empty() || keyspace->flushing) continue;
    Task task;
    for (const FrozenMemtable& frozen : keyspace->frozen) {
      if (frozen.memtable->sequence_max() > visible) break;  // B1
      task.memtables.push_back(frozen);
    }
    if (task.memtables.empty()) {
      any_left = true;
      continue;
    }
    task.keyspace = keyspace;
    task.snapshots = state_.snapshots.List();
    std::uint64_t bytes = 0;
    for (const FrozenMemtable& frozen : task.memtables) bytes += frozen.memtable->bytes();
    task.cut_points = PickCutPoints(*keyspace->tree, PolicyOf(context_, state_), bytes);
    return task;
  }
  if (!any_left) state_.flush_due.store(false, std::memory_order_release);
  return std::nullopt;
}

bool Flusher::Idle() const {
  if (state_.flushes_running != 0) return false;
  return std::all_of(state_.by_id.begin(), state_.by_id.end(),
                     [](const auto& entry) { return entry.second->frozen.empty(); });
}

Status Flusher::Flush(const Task& task) {
  std::vector<std::shared_ptr<Memtable>> memtables;
  for (const FrozenMemtable& frozen : task.memtables) memtables.push_back(frozen.memtable);
  FIRN_ASSIGN_OR_RETURN(MergeJobOutput output,
                        FlushMemtables(context_,
                                       FlushInput{.keyspace = task.keyspace->id,
                                                  .memtables = memtables,
                                                  .snapshots = task.snapshots,
                                                  .cut_points = task.cut_points},
                                       &stop_));
  if (!BugIsOn(SeededBug::kFlushDoesNotSyncLog)) {
    FIRN_RETURN_IF_ERROR(pipeline_->log().Sync(task.memtables.back().log_end));  // B2
  }

  VersionEdit edit;
  const KeyspaceId id = task.keyspace->id;
  const RunId run = versions_.NextRunId();
  for (TableMetadata& metadata : output.tables) {
    edit.added.push_back(AddedTable{id, 0, run, std::move(metadata)});
  }
  const SequenceNumber flushed = BugIsOn(SeededBug::kFlushedBeyondMemtable)
                                     ? state_.visible.load(std::memory_order_acquire)
                                     : task.memtables.back().memtable->sequence_max();
  edit.flushed.emplace_back(id, flushed);
  LogPosition replay_from = 0;
  const Status installed = versions_.Install(
      std::move(edit),
      [&](VersionEdit& last_moment) {
        replay_from = ReplayFrom(state_, pipeline_->log().appended(), task.memtables);
        last_moment.replay_from = replay_from;
        if (BugIsOn(SeededBug::kLogReleasedBeforeEdit)) pipeline_->log().Release(replay_from);
        last_moment.log_durable = pipeline_->log().durable();
        // Read here, where edits are in order: two keyspaces flush at the same time.
        last_moment.last_sequence = state_.visible.load(std::memory_order_acquire);
        if (task.keyspace->dropped.load(std::memory_order_relaxed)) {
          for (const AddedTable& table : last_moment.added) {
            versions_.remover()->RemoveNeverInstalled(table.metadata.number);
          }
          last_moment.added.clear();
          last_moment.flushed.clear();
        }
      },
      [&] {
        auto& frozen = task.keyspace->frozen;
        frozen.erase(frozen.begin(),
                     frozen.begin() + static_cast<std::ptrdiff_t>(
                                          std::min(frozen.size(), task.memtables.size())));
      });
  FIRN_RETURN_IF_ERROR(installed);
  pipeline_->log().Release(replay_from);
  state_.counters.flushes.fetch_add(1, std::memory_order_relaxed);
  state_.counters.flush_bytes.fetch_add(output.bytes_written, std::memory_order_relaxed);
  return Status();
}

void Flusher::Run(Task& task) {
  const Status status = Flush(task);
  {
    MutexLock lock(state_.mutex);
    task.keyspace->flushing = false;
    --state_.flushes_running;
    // What was frozen meanwhile, or is to be tried again.
    if (!task.keyspace->frozen.empty()) state_.flush_due.store(true, std::memory_order_release);
  }
  // Memtables live in the store's pools: none may be left here when the store stops waiting.
  task = Task();
  finished_(status);
  MutexLock lock(state_.mutex);
  --state_.jobs_in_flight;
  state_.changed.NotifyAll();
}

}  // namespace firn
