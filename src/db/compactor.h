// Runs what the picker chooses: merges tables downwards, moves them where that suffices.
//
// A table is in one job at a time; choosing inputs, marking them busy and reading the snapshot list
// is one step under the state mutex (rule C1).
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
  // True when nothing runs and the picker has nothing more of this urgency for any keyspace.
  [[nodiscard]] bool Idle(Urgency urgency) const FIRN_REQUIRES(state_.mutex);
  // Merges everything in [lower, upper) of the keyspace into the last level, on the calling thread.
  Status CompactRange(const KeyspacePointer& keyspace, std::optional<Slice> lower,
                      std::optional<Slice> upper);

 private:
  struct Task {
    KeyspacePointer keyspace;
    CompactionChoice choice;
    std::vector<SequenceNumber> snapshots;
  };

  std::optional<Task> Next(Urgency urgency) FIRN_REQUIRES(state_.mutex);
  Task Claim(const KeyspacePointer& keyspace, CompactionChoice choice)
      FIRN_REQUIRES(state_.mutex);
  Status Run(const Task& task);
  Status Compact(const Task& task);
  Result<MergeJobOutput> Merge(const Task& task);

  StoreContext& context_;
  StoreState& state_;
  VersionStore& versions_;
  const std::atomic<bool>& stop_;
  const std::function<void(const Status&)> finished_;
};

}  // namespace firn
