// The verbs of care: flush, compact, look, copy.

#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "db/checkpoint.h"
#include "db/engine.h"

namespace firn {
namespace {

std::uint64_t Load(const std::atomic<std::uint64_t>& counter) {
  return counter.load(std::memory_order_relaxed);
}

KeyspaceStats Describe(const internal::KeyspaceState& keyspace) {
  KeyspaceStats stats;
  stats.name = keyspace.name;
  stats.id = keyspace.id;
  const auto count = [&](const Memtable& memtable) {
    stats.memtable_entries += memtable.entries();
    stats.memtable_bytes += memtable.bytes();
  };
  if (keyspace.active != nullptr) count(*keyspace.active);
  for (const auto& frozen : keyspace.frozen) count(*frozen.memtable);
  for (std::uint8_t level = 0; level < kLevelsMax; ++level) {
    for (const auto& run : keyspace.tree->levels[level]) {
      stats.runs.push_back(
          RunStats{level, run->tables.size(), run->file_bytes, run->entries, run->deletes});
    }
  }
  return stats;
}

}  // namespace

Status Engine::Flush() {
  if (closed()) return Status(StatusCode::kClosed, "the store is closed");
  FIRN_RETURN_IF_ERROR(pipeline_->FreezeAll());
  return work_->WaitForFlushes();
}

Status Engine::CompactRange(std::optional<Slice> lower, std::optional<Slice> upper,
                            const Keyspace& keyspace) {
  if (Find(keyspace) == nullptr) return ForeignHandle();
  FIRN_RETURN_IF_ERROR(Flush());
  const KeyspacePointer target = keyspace.state() ? keyspace.state() : default_keyspace_;
  return work_->CompactRange(target, lower, upper);
}

Status Engine::WaitForIdle() {
  if (closed()) return Status(StatusCode::kClosed, "the store is closed");
  FIRN_RETURN_IF_ERROR(work_->WaitForNeeded());
  pipeline_->FreezeIdle();
  FIRN_RETURN_IF_ERROR(work_->WaitForIdle());
  pipeline_->log().Trim();
  return Status();
}

Stats Engine::GetStats() const {
  Stats stats;
  const StoreCounters& counters = state_.counters;
  stats.bytes_put = Load(counters.bytes_put);
  stats.flush_bytes = Load(counters.flush_bytes);
  stats.compaction_bytes = Load(counters.compaction_bytes);
  stats.flushes = Load(counters.flushes);
  stats.compactions = Load(counters.compactions);
  stats.trivial_moves = Load(counters.trivial_moves);
  stats.write_stalls = Load(counters.write_stalls);
  stats.write_stall_micros = Load(counters.write_stall_micros);
  stats.log_syncs = Load(counters.log_syncs);
  stats.job_failures = Load(counters.job_failures);
  stats.manifest_failures = Load(counters.manifest_failures);
  stats.log_segment_failures = pipeline_->log().segment_failures();
  stats.cleanup_failures =
      Load(counters.cleanup_failures) + pipeline_->log().cleanup_failures();
  const MemoryLedger& ledger = context_.ledger;
  stats.memory_budget = ledger.budget();
  stats.memory_used = ledger.used();
  stats.memory_memtables = ledger.used(MemoryClass::kMemtable);
  stats.memory_frames = ledger.used(MemoryClass::kFrame);
  stats.memory_tables = ledger.used(MemoryClass::kTable);
  stats.memory_jobs = ledger.used(MemoryClass::kJob);
  stats.memory_iterators = ledger.used(MemoryClass::kIterator);
  stats.memory_log = ledger.used(MemoryClass::kLog);
  stats.last_sequence = state_.visible.load(std::memory_order_acquire);
  stats.recovered_records = replay_.records;
  stats.recovered_entries = replay_.entries;
  stats.recovery_bytes_dropped = replay_.bytes_dropped;
  stats.log_bytes = pipeline_->log().appended() - replay_.end;
  const Status log_health = pipeline_->log().health();
  for (const LogWriter::SegmentInfo& segment : pipeline_->log().segments()) {
    ++stats.log_segments;
    stats.log_file_bytes += segment.file_bytes;
  }
  MutexLock lock(state_.mutex);
  if (closed()) {
    stats.health = "closed";
    return stats;
  }
  stats.health = !log_health.ok() ? log_health.ToString() : state_.background_error.ToString();
  stats.snapshots = state_.snapshots.size();
  for (const auto& [name, keyspace] : state_.by_name) {
    stats.keyspaces.push_back(Describe(*keyspace));
    for (const RunStats& run : stats.keyspaces.back().runs) {
      stats.table_file_bytes += run.file_bytes;
    }
  }
  return stats;
}

Status Engine::Checkpoint(const std::string& directory) {
  if (closed()) return Status(StatusCode::kClosed, "the store is closed");
  // With commits held, the flushed version is the state of one moment in every keyspace.
  ManifestState state;
  Status flushed;
  pipeline_->WithCommitsHeld([&](ActiveMemtables& memtables, LogPosition log_end) {
    // After a failed sync, commits that never become visible keep their memtable from being
    // flushed, and need this lock to say so: waiting here would be for ever.
    flushed = pipeline_->log().failure();
    if (!flushed.ok()) return;
    if (!BugIsOn(SeededBug::kCheckpointWithoutMemtables)) memtables.FreezeAll(log_end);
    flushed = work_->WaitForFlushes();
    if (flushed.ok()) state = versions_->Copy();
  });
  FIRN_RETURN_IF_ERROR(flushed);
  return WriteCheckpoint(*context_.runtime.file_system, context_.directory, directory,
                         std::move(state), context_.files.cache());
}

}  // namespace firn
