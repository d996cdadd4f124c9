// Writes memtables as tables of one new run, and what a recovery, which has none, shares with it.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "compaction/merge_job.h"
#include "db/store_context.h"
#include "memtable/memtable.h"

namespace firn {

struct FlushInput {
  KeyspaceId keyspace = kDefaultKeyspace;
  std::span<const std::shared_ptr<Memtable>> memtables;  // oldest first
  std::vector<SequenceNumber> snapshots = {};
  std::vector<std::string> cut_points = {};  // see PickCutPoints
};

// Installs nothing.
[[nodiscard]] Result<MergeJobOutput> FlushMemtables(StoreContext& context, FlushInput flush,
                                                    const std::atomic<bool>* stop);

// A job that writes a run of level 0, still without its entries.
[[nodiscard]] MergeJobInput FlushJobInput(const StoreContext& context, KeyspaceId keyspace);

// What every merge job of a store is told about the store.
[[nodiscard]] MergeJobEnvironment JobEnvironment(StoreContext& context,
                                                 const std::atomic<bool>* stop);

}  // namespace firn
