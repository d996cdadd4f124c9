// Executes a choice of the picker, or a flush: reads sorted sources, writes tables, returns what it
// wrote. Installs nothing; on failure its files are removed and nothing has changed.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cache/memory_ledger.h"
#include "compaction/retention.h"
#include "env/file_system.h"
#include "format/table_metadata.h"
#include "table/table_settings.h"

namespace firn {

struct MergeJobInput {
  std::unique_ptr<EntryCursor> source;          // all entries of the inputs in order E1
  std::vector<RangeTombstone> tombstones;       // all of the inputs; views live during the job
  RetentionSettings retention;
  std::uint64_t expected_entries = 0;           // what the inputs' metadata say (rule C4)
  TableSettings table;
  std::uint64_t table_bytes_target = 0;
  std::vector<std::string> cut_points;          // see CompactionChoice
  KeyspaceId keyspace = kDefaultKeyspace;       // these two for the tables' own record
  std::vector<FileNumber> input_tables;
};

struct MergeJobEnvironment {
  FileSystem* file_system = nullptr;
  DirectoryHandle* directory_handle = nullptr;
  MemoryLedger* ledger = nullptr;
  std::string directory;
  DatabaseId database;
  std::function<FileNumber()> next_file_number;  // also marks the number as a pending output (F2)
  const std::atomic<bool>* stop = nullptr;       // set: the job ends with kClosed soon
};

struct MergeJobOutput {
  std::vector<TableMetadata> tables;  // in key order, disjoint; synced, directory synced
  RetentionCounts counts;
  std::uint64_t bytes_written = 0;
};

[[nodiscard]] Result<MergeJobOutput> RunMergeJob(MergeJobInput input,
                                                 const MergeJobEnvironment& environment);

}  // namespace firn
