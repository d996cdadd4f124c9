// Opens stores of tiny geometry for tests, so that a few hundred writes see dozens of flushes and
// merges.
#pragma once

#include <memory>
#include <string>

#include "db/engine.h"
#include "firn/db.h"

namespace firn::testing {

// Memtables of a few KiB, blocks of 256 B, tables and segments of a few KiB.
inline Tuning TinyTuning() {
  Tuning tuning;
  tuning.ledger_bytes = 1 << 20;
  tuning.memtable_bytes = 8 << 10;
  tuning.idle_flush_bytes = 2 << 10;
  tuning.memtables_bytes_max = 24 << 10;
  tuning.arena_chunk_bytes = 4 << 10;
  tuning.table_bytes = 4 << 10;
  tuning.block_bytes = 256;
  tuning.partition_blocks = 4;
  tuning.log_segment_bytes = 16 << 10;
  tuning.log_recycled_max = 3;
  tuning.log_window_bytes = 4 << 10;
  tuning.log_bytes_max = 64 << 10;
  tuning.dead_walk_min = 2;
  tuning.runs_per_level = 3;
  tuning.runs_stop = 9;
  tuning.open_files_max = 8;
  tuning.manifest_bytes_max = 8 << 10;
  return tuning;
}

inline Result<std::unique_ptr<Db>> OpenTiny(const std::string& directory, const Options& options,
                                            const Tuning& tuning = TinyTuning()) {
  auto engine = Engine::Open(directory, options, tuning);
  if (!engine.ok()) return std::move(engine).status();
  return std::make_unique<Db>(std::move(engine).value());
}

}  // namespace firn::testing
