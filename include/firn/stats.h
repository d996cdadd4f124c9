// What the store tells about itself. Plain values at one moment.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace firn {

struct RunStats {
  std::uint8_t level = 0;
  std::uint64_t tables = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t tombstones = 0;
};

struct KeyspaceStats {
  std::string name;
  std::uint32_t id = 0;
  std::uint64_t memtable_entries = 0;
  std::uint64_t memtable_bytes = 0;
  std::vector<RunStats> runs;  // in the order a read consults them
};

struct Stats {
  std::vector<KeyspaceStats> keyspaces;  // by name

  // Since open.
  std::uint64_t bytes_put = 0;           // keys and values of all writes
  std::uint64_t log_bytes = 0;           // appended
  std::uint64_t flush_bytes = 0;         // written by flushes
  std::uint64_t compaction_bytes = 0;    // written by compactions
  std::uint64_t flushes = 0;
  std::uint64_t compactions = 0;
  std::uint64_t trivial_moves = 0;
  std::uint64_t write_stalls = 0;        // writes that had to wait, and for how long
  std::uint64_t write_stall_micros = 0;
  std::uint64_t log_syncs = 0;
  // Failures that no call answered with. Each is tried again, or stops writes: see `health`.
  std::uint64_t job_failures = 0;        // flushes and merges
  std::uint64_t manifest_failures = 0;   // writes of the manifest, a whole new one included
  std::uint64_t log_segment_failures = 0;  // segments of the log that could not be prepared
  std::uint64_t cleanup_failures = 0;      // files not needed any more that stay for the next open

  // Now.
  std::uint64_t memory_budget = 0;
  std::uint64_t memory_used = 0;
  std::uint64_t memory_memtables = 0;
  std::uint64_t memory_frames = 0;
  std::uint64_t memory_tables = 0;
  std::uint64_t memory_jobs = 0;
  std::uint64_t memory_iterators = 0;
  std::uint64_t memory_log = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t log_segments = 0;
  std::uint64_t log_file_bytes = 0;
  std::uint64_t table_file_bytes = 0;
  std::uint64_t snapshots = 0;
  // "ok", or what is wrong with background work or the log, in words.
  std::string health;
  // What recovery did at open: records replayed, bytes of a torn tail dropped.
  std::uint64_t recovered_records = 0;
  std::uint64_t recovered_entries = 0;
  std::uint64_t recovery_bytes_dropped = 0;
};

}  // namespace firn
