// Turns frozen memtables into runs of level 0.
//
// B1  A memtable is flushed only when all of its entries are visible, so that no reader at an older
//     sequence can miss a version the flush dropped.
// B2  Before a flush is installed the log is durable up to the memtable's end: tables must never
//     hold later commits than the log that carries their neighbours (promise P1, prefix).
// Threads: all members concurrently. One flush a keyspace at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "db/commit_pipeline.h"
#include "db/version_store.h"

namespace firn {

class Flusher {
 public:
  // `finished` is called after each flush with its status, without a lock.
  Flusher(StoreContext& context, StoreState& state, VersionStore& versions,
          const std::atomic<bool>& stop, std::function<void(const Status&)> finished);
  void SetPipeline(CommitPipeline* pipeline) { pipeline_ = pipeline; }

  // Schedules what is due; one atomic load when nothing is.
  void Schedule();
  // True when no memtable waits for a flush and none is running.
  [[nodiscard]] bool Idle() const FIRN_REQUIRES(state_.mutex);

 private:
  struct Task {
    KeyspacePointer keyspace;
    std::vector<internal::FrozenMemtable> memtables;  // oldest first
    std::vector<SequenceNumber> snapshots;
    std::vector<std::string> cut_points;
  };

  std::optional<Task> Next() FIRN_REQUIRES(state_.mutex);
  void Run(Task& task);
  Status Flush(const Task& task);

  StoreContext& context_;
  StoreState& state_;
  VersionStore& versions_;
  CommitPipeline* pipeline_ = nullptr;  // set before anything is scheduled
  const std::atomic<bool>& stop_;
  const std::function<void(const Status&)> finished_;
};

// The smallest log position a replay still needs, were the `flushed` memtables gone. Requires: the
// state mutex held by the caller.
[[nodiscard]] LogPosition ReplayFrom(const StoreState& state, LogPosition log_end,
                                     std::span<const internal::FrozenMemtable> flushed);

}  // namespace firn
