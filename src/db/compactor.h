// Runs what the picker chooses: merges tables downwards, moves them where that suffices.
//
// A table is in one job at a time; choosing inputs, marking them busy and reading the snapshot list
// is one step under the state mutex (rule C1).
// I1  Jobs into the last level that run side by side have intervals of keys that do not overlap.
//     The picker sees to it for the tables there are; but two inputs of a job may leave room
//     between them, where a later flush or merge puts a table that is nobody's input, and the job
//     an output.
// Threads: all members concurrently.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compaction/merge_job.h"
#include "compaction/picker.h"
#include "db/version_store.h"

namespace firn {

class Compactor {
 public:
  // `finished` is called after each job with its status, without a lock.
  Compactor(StoreContext& context, StoreState& state, VersionStore& versions,
            const std::atomic<bool>& stop, std::function<void(const Status&)> finished);

  // Schedules jobs while the executor has room for low tasks.
  void Schedule(Urgency urgency);
  // True when nothing runs and the picker has nothing more for any keyspace.
  [[nodiscard]] bool Idle() const FIRN_REQUIRES(state_.mutex);
  // Merges everything in [lower, upper) of the keyspace into the last level, on the calling thread.
  Status CompactRange(const KeyspacePointer& keyspace, std::optional<Slice> lower,
                      std::optional<Slice> upper);

 private:
  // From the lowest to the highest key of a job's inputs, both included.
  struct Interval {
    KeyspaceId keyspace = 0;
    std::string lower;
    std::string upper;
  };
  struct Task {
    KeyspacePointer keyspace;
    CompactionChoice choice;
    std::vector<SequenceNumber> snapshots;
  };

  std::optional<Task> Next(Urgency urgency) FIRN_REQUIRES(state_.mutex);
  Task Claim(const KeyspacePointer& keyspace, CompactionChoice choice)
      FIRN_REQUIRES(state_.mutex);
  // A running job brings keys of the choice's interval into the last level too (I1).
  [[nodiscard]] bool MustWait(KeyspaceId keyspace, const CompactionChoice& choice) const
      FIRN_REQUIRES(state_.mutex);
  [[nodiscard]] static Interval IntervalOf(KeyspaceId keyspace, const CompactionChoice& choice);
  Status Run(const Task& task);
  Status Compact(const Task& task);
  Result<MergeJobOutput> Merge(const Task& task);

  StoreContext& context_;
  StoreState& state_;
  VersionStore& versions_;
  const std::atomic<bool>& stop_;
  const std::function<void(const Status&)> finished_;
  std::vector<Interval> sinking_ FIRN_GUARDED_BY(state_.mutex);  // of jobs into the last level
};

}  // namespace firn
