// Writes memtables as tables of one new run: the work that a flush and a recovery share.
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
  std::span<const std::shared_ptr<Memtable>> memtables;  // oldest first
  std::vector<SequenceNumber> snapshots = {};
  std::vector<std::string> cut_points = {};  // see PickCutPoints
};

// Installs nothing.
[[nodiscard]] Result<MergeJobOutput> FlushMemtables(StoreContext& context, FlushInput flush,
                                                    const std::atomic<bool>* stop);

// What every merge job of a store is told about the store.
[[nodiscard]] MergeJobEnvironment JobEnvironment(StoreContext& context,
                                                 const std::atomic<bool>* stop);

}  // namespace firn
