#include "db/flush_memtables.h"

#include "base/seeded_bug.h"
#include "merge/merging_cursor.h"

namespace firn {

MergeJobEnvironment JobEnvironment(StoreContext& context, const std::atomic<bool>* stop) {
  MergeJobEnvironment environment;
  environment.file_system = context.runtime.file_system;
  environment.directory_handle = context.directory_handle.get();
  environment.ledger = &context.ledger;
  environment.directory = context.directory;
  environment.database = context.tables.database;
  environment.next_file_number = [&context] { return context.NextFileNumber(); };
  environment.stop = stop;
  return environment;
}

MergeJobInput FlushJobInput(const StoreContext& context, KeyspaceId keyspace) {
  MergeJobInput input;
  input.keyspace = keyspace;
  input.table.block_bytes = context.tuning.block_bytes;
  input.table.partition_blocks = context.tuning.partition_blocks;
  input.table.cache = context.files.cache();
  input.table_bytes_target = context.tuning.table_bytes;
  return input;
}

Result<MergeJobOutput> FlushMemtables(StoreContext& context, FlushInput flush,
                                      const std::atomic<bool>* stop) {
  MergeJobInput input = FlushJobInput(context, flush.keyspace);
  std::vector<std::unique_ptr<EntryCursor>> sources;
  for (auto memtable = flush.memtables.rbegin(); memtable != flush.memtables.rend(); ++memtable) {
    sources.push_back((*memtable)->NewCursor());
    (*memtable)->AppendRangeTombstones(kSequenceMax, input.tombstones);
    input.expected_entries += (*memtable)->point_entries();
  }
  input.source = NewMergingCursor(std::move(sources));
  input.retention.snapshots = std::move(flush.snapshots);
  input.retention.bottom = BugIsOn(SeededBug::kFlushDropsDeletes);
  input.cut_points = std::move(flush.cut_points);
  return RunMergeJob(std::move(input), JobEnvironment(context, stop));
}

}  // namespace firn
