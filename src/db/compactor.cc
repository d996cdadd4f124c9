#include "db/compactor.h"

#include <algorithm>
#include <utility>

#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "db/await.h"
#include "db/compaction_policy.h"
#include "db/flush_memtables.h"
#include "merge/concatenating_cursor.h"
#include "merge/merging_cursor.h"

namespace firn {
namespace {

// The inputs of one run as one source.
std::unique_ptr<EntryCursor> RunCursor(std::span<const CompactionInput> inputs) {
  struct Bounds {
    std::vector<Slice> lowers;
    std::vector<Slice> uppers;
  };
  const auto bounds = std::make_shared<Bounds>();
  for (const CompactionInput& input : inputs) {
    bounds->lowers.push_back(input.table->metadata().lower);
    bounds->uppers.push_back(input.table->metadata().upper);
  }
  return NewConcatenatingCursor({.lowers = bounds->lowers,
                                 .uppers = bounds->uppers,
                                 .open = [inputs, bounds](std::size_t part) {
                                   return inputs[part].table->NewCursor(
                                       TableReader::CursorUse::kJob);
                                 }});
}

}  // namespace

Compactor::Compactor(StoreContext& context, StoreState& state, VersionStore& versions,
                     const std::atomic<bool>& stop, std::function<void(const Status&)> finished)
    : context_(context),
      state_(state),
      versions_(versions),
      stop_(stop),
      finished_(std::move(finished)) {}

Compactor::Task Compactor::Claim(const KeyspacePointer& keyspace, CompactionChoice choice) {
  keyspace->merging.Begin(choice);
  ++state_.compactions_running;
  return Task{keyspace, std::move(choice), state_.snapshots.List()};
}

std::optional<Compactor::Task> Compactor::Next(Urgency urgency) {
  const CompactionPolicy policy = PolicyOf(context_, state_);
  for (const auto& [id, keyspace] : state_.by_id) {
    bool& due = urgency == Urgency::kNeeded ? keyspace->compaction_due : keyspace->settle_due;
    if (!due) continue;
    auto choice = PickCompaction(*keyspace->tree, policy, keyspace->merging, urgency);
    if (choice.has_value()) return Claim(keyspace, std::move(*choice));
    due = false;  // the end of any job, or a flush, makes it due again
  }
  return std::nullopt;
}

void Compactor::Schedule(Urgency urgency) {
  MutexLock lock(state_.mutex);
  if (state_.snapshot_released.exchange(false, std::memory_order_relaxed)) {
    for (const auto& [id, keyspace] : state_.by_id) {
      keyspace->compaction_due = true;
      keyspace->settle_due = true;
    }
  }
  while (!stop_.load(std::memory_order_relaxed) &&
         state_.compactions_running < context_.runtime.executor->low_slots()) {
    std::optional<Task> task = Next(urgency);
    if (!task.has_value()) return;
    ++state_.jobs_in_flight;
    context_.runtime.executor->Schedule(Priority::kLow, [this, task = std::move(*task)]() mutable {
      const Status status = Run(task);
      // Tables live in the store's pools: none may be left here when the store stops waiting.
      task = Task();
      finished_(status);
      MutexLock relock(state_.mutex);
      --state_.jobs_in_flight;
      state_.changed.NotifyAll();
    });
  }
}

bool Compactor::Idle(Urgency urgency) const {
  if (state_.jobs_in_flight != 0 || state_.compactions_running != 0) return false;
  return std::none_of(state_.by_id.begin(), state_.by_id.end(), [&](const auto& entry) {
    return entry.second->compaction_due || (urgency == Urgency::kIdle && entry.second->settle_due);
  });
}

Status Compactor::Run(const Task& task) {
  Status status = Compact(task);
  MutexLock lock(state_.mutex);
  task.keyspace->merging.End(task.choice);
  if (status.ok()) {
    task.keyspace->compaction_due = true;
    task.keyspace->settle_due = true;
  }
  --state_.compactions_running;
  state_.changed.NotifyAll();
  return status;
}

Result<MergeJobOutput> Compactor::Merge(const Task& task) {
  MergeJobInput input;
  std::vector<std::unique_ptr<EntryCursor>> sources;
  const std::span<const CompactionInput> inputs(task.choice.inputs);
  for (std::size_t begin = 0, end = 0; begin < inputs.size(); begin = end) {
    while (end < inputs.size() && inputs[end].run == inputs[begin].run) ++end;
    sources.push_back(RunCursor(inputs.subspan(begin, end - begin)));
  }
  for (const CompactionInput& each : inputs) {
    input.expected_entries += each.table->metadata().entries;
    input.input_tables.push_back(each.table->metadata().number);
    if (each.table->metadata().range_tombstones == 0) continue;
    FIRN_ASSIGN_OR_RETURN(const FragmentedTombstones* tombstones, each.table->Tombstones());
    tombstones->AppendTo(input.tombstones);
  }
  input.source = NewMergingCursor(std::move(sources));
  input.retention.snapshots = task.snapshots;
  input.retention.bottom = task.choice.bottom;
  input.table.block_bytes = context_.tuning.block_bytes;
  input.table.partition_blocks = context_.tuning.partition_blocks;
  input.table.cache = context_.files.cache();
  if (task.choice.output_level == kLastLevel) {
    input.table.compression = context_.options.compression;
  }
  input.table_bytes_target = context_.tuning.table_bytes;
  input.cut_points = task.choice.cut_points;
  input.keyspace = task.keyspace->id;

  return RunMergeJob(std::move(input), JobEnvironment(context_, &stop_));
}

Status Compactor::Compact(const Task& task) {
  MergeJobOutput output;
  if (task.choice.trivial_move) {
    for (const CompactionInput& input : task.choice.inputs) {
      output.tables.push_back(input.table->metadata());
    }
  } else {
    FIRN_ASSIGN_OR_RETURN(output, Merge(task));
  }
  VersionEdit edit;
  const KeyspaceId id = task.keyspace->id;
  for (const CompactionInput& input : task.choice.inputs) {
    edit.removed.push_back(
        RemovedTable{id, input.level, input.run, input.table->metadata().number});
  }
  const RunId fresh_run = versions_.NextRunId();
  const std::uint64_t bytes_written = output.bytes_written;
  FIRN_RETURN_IF_ERROR(versions_.Install(
      std::move(edit),
      [&](VersionEdit& last_moment) FIRN_NO_THREAD_ANALYSIS {
        if (task.keyspace->dropped.load(std::memory_order_relaxed) &&
            !BugIsOn(SeededBug::kMergeIntoDroppedKeyspace)) {
          last_moment.removed.clear();
          if (task.choice.trivial_move) return;
          for (const TableMetadata& metadata : output.tables) {
            versions_.remover()->RemoveNeverInstalled(metadata.number);
          }
          return;
        }
        // The last level is one run (V3): jobs side by side add to the one that is there by now.
        const RunId run =
            OutputRun(*task.keyspace->tree, task.choice.output_level).value_or(fresh_run);
        for (const TableMetadata& metadata : output.tables) {
          last_moment.added.push_back(
              AddedTable{id, task.choice.output_level, run, metadata});
        }
      },
      nullptr));
  auto& counters = state_.counters;
  (task.choice.trivial_move ? counters.trivial_moves : counters.compactions)
      .fetch_add(1, std::memory_order_relaxed);
  counters.compaction_bytes.fetch_add(bytes_written, std::memory_order_relaxed);
  return Status();
}

Status Compactor::CompactRange(const KeyspacePointer& keyspace, std::optional<Slice> lower,
                               std::optional<Slice> upper) {
  for (;;) {
    std::optional<Task> task;
    {
      MutexLock lock(state_.mutex);
      Await(*context_.runtime.executor, state_.mutex, state_.changed,
            [&]() FIRN_NO_THREAD_ANALYSIS {
              return state_.compactions_running == 0 || state_.closing.load();
            });
      if (state_.closing.load()) return Status(StatusCode::kClosed, "the store was closed");
      if (keyspace->dropped.load()) return Status(StatusCode::kNotFound, "keyspace was dropped");
      auto choice =
          PickRange(*keyspace->tree, PolicyOf(context_, state_), keyspace->merging, lower, upper);
      if (!choice.has_value()) return Status();
      task = Claim(keyspace, std::move(*choice));
    }
    FIRN_RETURN_IF_ERROR(Run(*task));
  }
}

}  // namespace firn
