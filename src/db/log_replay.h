// Turns log records into tables: collects them into chunks of a memtable's size, sorts each chunk
// as a whole and writes it out, while the next one is being collected (decision 0011).
//
// L1  A chunk's runs are newer than those of the chunk before: run ids are given in log order,
//     whatever order the chunks finish in.
// L2  At most `Tuning::memtables_bytes_max` are in memory: with the chunk that is collected and
//     those that are written, as with an open store's active and frozen memtables.
// L3  Failures come to light in log order, as if nothing ran side by side.
// Threads: the caller's thread collects; tasks of the executor sort and write, each its own chunk.
//          An executor without threads runs them while the caller waits.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "db/store_context.h"
#include "format/batch.h"
#include "memtable/sorted_entries.h"
#include "version/manifest.h"
#include "wal/log_reader.h"

namespace firn {

class LogReplay {
 public:
  // `base`: what the manifest said. Both outlive this object.
  LogReplay(StoreContext& context, const ManifestState& base);
  ~LogReplay();  // waits for what is being written
  LogReplay(const LogReplay&) = delete;
  LogReplay& operator=(const LogReplay&) = delete;

  // Sink of ReplayLog. kCorruption for a record that contradicts the manifest or itself.
  Status Apply(const ReplayedRecord& record);
  // Writes what is left. Afterwards edit() holds every table written, all in one edit: no table of
  // a half-done recovery is ever installed.
  Status Finish();
  // Waits for what is being written; the first failure. To be asked when reading the log failed:
  // what failed before that place comes first (L3).
  Status FinishWriting();
  [[nodiscard]] VersionEdit& edit() { return edit_; }

 private:
  // One keyspace's part of a chunk, and the run it becomes.
  struct Part {
    KeyspaceId keyspace;
    RunId run;
    SequenceNumber flushed;
    std::unique_ptr<SortedEntries> entries;  // null once written
    std::vector<TableMetadata> tables;
  };
  struct Chunk {
    std::vector<Part> parts;
    Status status;
    bool written = false;  // guarded by mutex_; the task is the only user before
  };

  Status ApplyOperation(const BatchOperation& operation, SequenceNumber sequence);
  SortedEntries& EntriesOf(KeyspaceId keyspace);
  Status StartWriting();
  Status WriteChunk(Chunk& chunk);
  Status WritePart(Part& part);
  Status FinishOldest();

  StoreContext& context_;
  const ManifestState& base_;
  const std::size_t writing_max_;  // chunks
  VersionEdit edit_;
  std::uint64_t next_run_id_;
  SequenceNumber last_sequence_ = 0;

  std::map<KeyspaceId, std::unique_ptr<SortedEntries>> collected_;
  std::deque<std::unique_ptr<Chunk>> writing_;  // oldest first
  Status failed_;                               // the first failure of a chunk
  Mutex mutex_;
  CondVar chunk_written_;
};

}  // namespace firn
