#include "db/tuning.h"

#include <algorithm>
#include <bit>
#include <string>

namespace firn {
namespace {

constexpr std::uint64_t kKiB = std::uint64_t{1} << 10;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kBudgetMin = 8 * kMiB;

}  // namespace

Tuning TuningFor(std::uint64_t memory_budget) {
  Tuning tuning;
  tuning.ledger_bytes = memory_budget;
  // An eighth for the active memtable and as much again for each of two frozen ones leaves more
  // than half of the budget to frames. The upper end bounds what an open has to replay.
  tuning.memtable_bytes = std::clamp(memory_budget / 8, 256 * kKiB, 64 * kMiB);
  // What is smaller stays in the processor's caches and hardly slows a read; writing it out every
  // time writes pause would cost more than it gives.
  tuning.idle_flush_bytes = tuning.memtable_bytes / 16;
  tuning.memtables_bytes_max = 3 * tuning.memtable_bytes;
  tuning.arena_chunk_bytes = static_cast<std::size_t>(
      std::bit_floor(std::clamp(tuning.memtable_bytes / 16, 16 * kKiB, 2 * kMiB)));
  tuning.table_bytes = std::clamp(tuning.memtable_bytes / 2, 256 * kKiB, 32 * kMiB);
  tuning.block_bytes = 6 * kKiB;
  tuning.partition_blocks = 64;
  // The last segment's free end is what the log costs an idle store.
  tuning.log_segment_bytes =
      std::bit_floor(std::clamp(tuning.memtable_bytes / 4, kMiB, 16 * kMiB));
  tuning.log_recycled_max = tuning.memtables_bytes_max / tuning.log_segment_bytes;
  tuning.log_window_bytes = std::bit_floor(std::clamp(memory_budget / 64, 256 * kKiB, 4 * kMiB));
  tuning.log_bytes_max = 4 * tuning.memtable_bytes + 2 * tuning.log_segment_bytes;
  tuning.dead_walk_min = 64;
  tuning.runs_per_level = 4;
  tuning.runs_stop = 12;
  tuning.open_files_max = 256;
  tuning.manifest_bytes_max = 4 * kMiB;
  return tuning;
}

Status ValidateOptions(const Options& options) {
  if (options.memory_budget < kBudgetMin) {
    return Status(StatusCode::kInvalidArgument,
                  "Options::memory_budget is " + std::to_string(options.memory_budget) +
                      " bytes; the least that works is " + std::to_string(kBudgetMin));
  }
  using std::chrono::milliseconds;
  if (options.sync_interval < milliseconds(1) || options.sync_interval > milliseconds(3600000)) {
    return Status(StatusCode::kInvalidArgument,
                  "Options::sync_interval is " + std::to_string(options.sync_interval.count()) +
                      " ms; the range is 1 to 3600000");
  }
  if (options.durability > Durability::kSync) {
    return Status(StatusCode::kInvalidArgument, "Options::durability has an unknown value");
  }
  if (options.compression > Compression::kZstd) {
    return Status(StatusCode::kInvalidArgument, "Options::compression has an unknown value");
  }
  if (options.log_backend > LogBackend::kPositioned) {
    return Status(StatusCode::kInvalidArgument, "Options::log_backend has an unknown value");
  }
  return Status();
}

}  // namespace firn
