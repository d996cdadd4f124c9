// Every size the engine works with, derived from the memory budget: the user sets one number.
#pragma once

#include <cstddef>
#include <cstdint>

#include "firn/options.h"
#include "firn/status.h"

namespace firn {

struct Tuning {
  std::uint64_t ledger_bytes = 0;         // the memory budget all else is measured against
  std::uint64_t memtable_bytes = 0;       // active memtables together; above it one is frozen
  std::uint64_t idle_flush_bytes = 0;     // a memtable this large is flushed when no writes come
  std::uint64_t memtables_bytes_max = 0;  // active and frozen; above it writers wait
  std::size_t arena_chunk_bytes = 0;
  std::uint64_t table_bytes = 0;          // target size of a table file
  std::size_t block_bytes = 0;
  std::size_t partition_blocks = 0;
  std::uint64_t log_segment_bytes = 0;
  std::uint64_t log_recycled_max = 0;     // obsolete segments kept for reuse while writes go on
  std::uint64_t log_window_bytes = 0;
  std::uint64_t log_bytes_max = 0;        // live log; above it the oldest memtables are flushed
  std::size_t dead_walk_min = 0;          // hidden entries before a seek remembers their range
  std::size_t runs_per_level = 0;         // K of the compaction policy
  std::size_t runs_stop = 0;              // runs in level 0 at which writers wait
  std::size_t open_files_max = 0;
  std::uint64_t manifest_bytes_max = 0;   // above it a fresh manifest is written
};

// Sizes for a store of this budget; tests pass smaller ones of their own.
[[nodiscard]] Tuning TuningFor(std::uint64_t memory_budget);

// kInvalidArgument naming the field and its range.
[[nodiscard]] Status ValidateOptions(const Options& options);

}  // namespace firn
