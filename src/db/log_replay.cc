#include "db/log_replay.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "db/await.h"
#include "db/flush_memtables.h"
#include "format/batch.h"

namespace firn {
namespace {

// How many chunks of a memtable's size fit beside the one being collected.
std::size_t ChunksBeside(const Tuning& tuning) {
  const std::uint64_t fit = tuning.memtables_bytes_max / std::max<std::uint64_t>(
                                                             tuning.memtable_bytes, 1);
  return static_cast<std::size_t>(std::max<std::uint64_t>(fit, 2) - 1);
}

}  // namespace

LogReplay::LogReplay(StoreContext& context, const ManifestState& base)
    : context_(context),
      base_(base),
      writing_max_(ChunksBeside(context.tuning)),
      next_run_id_(base.next_run_id) {}

LogReplay::~LogReplay() {
  const Status ignored = FinishWriting();
  static_cast<void>(ignored.ok());
}

Status LogReplay::Apply(const ReplayedRecord& record) {
  const auto corrupt = [&](const std::string& what) {
    return Status(StatusCode::kCorruption,
                  "log record at position " + std::to_string(record.begin) + ": " + what);
  };
  if (record.first_sequence <= last_sequence_) return corrupt("sequence goes backwards");
  BatchReader reader(record.payload);
  BatchOperation operation;
  SequenceNumber sequence = record.first_sequence;
  std::uint32_t count = 0;
  while (reader.Next(&operation)) {
    if (count++ == record.count || sequence > kSequenceMax) return corrupt("too many operations");
    const Status applied = ApplyOperation(operation, sequence++);
    if (!applied.ok()) return corrupt(std::string(applied.message()));
  }
  if (!reader.status().ok()) return corrupt(std::string(reader.status().message()));
  if (count != record.count) return corrupt("operations are missing");
  last_sequence_ = sequence - 1;

  std::uint64_t bytes = 0;
  for (const auto& [id, entries] : collected_) bytes += entries->bytes();
  return bytes < context_.tuning.memtable_bytes ? Status() : StartWriting();
}

Status LogReplay::ApplyOperation(const BatchOperation& operation, SequenceNumber sequence) {
  const Tree* tree = base_.version->FindTree(operation.keyspace);
  if (tree == nullptr) {
    if (operation.keyspace < base_.next_keyspace_id) return Status();  // dropped since
    return Status(StatusCode::kCorruption,
                  "keyspace " + std::to_string(operation.keyspace) +
                      " was never created: log or manifest is damaged; restore the store");
  }
  if (sequence <= tree->flushed) return Status();
  if (operation.kind != EntryKind::kRangeDelete) {
    EntriesOf(operation.keyspace).Add({operation.key, operation.value, sequence, operation.kind});
  } else if (operation.key < operation.value && !BugIsOn(SeededBug::kRangeDeleteNotReplayed)) {
    EntriesOf(operation.keyspace).AddRangeDelete(operation.key, operation.value, sequence);
  }
  return Status();
}

SortedEntries& LogReplay::EntriesOf(KeyspaceId keyspace) {
  std::unique_ptr<SortedEntries>& entries = collected_[keyspace];
  if (entries == nullptr) entries = std::make_unique<SortedEntries>(context_.arenas);
  return *entries;
}

// Hands what was collected to a task, once few enough are under way.
Status LogReplay::StartWriting() {
  while (writing_.size() >= writing_max_) FIRN_RETURN_IF_ERROR(FinishOldest());
  auto chunk = std::make_unique<Chunk>();
  for (auto& [id, entries] : collected_) {
    const SequenceNumber flushed = entries->sequence_max();
    chunk->parts.push_back({id, RunId{next_run_id_++}, flushed, std::move(entries), {}});
  }
  collected_.clear();
  if (chunk->parts.empty()) return Status();
  writing_.push_back(std::move(chunk));
  context_.runtime.executor->Schedule(Priority::kHigh, [this, work = writing_.back().get()] {
    Status status = WriteChunk(*work);
    MutexLock lock(mutex_);
    work->status = std::move(status);
    work->written = true;
    chunk_written_.NotifyAll();
  });
  return Status();
}

Status LogReplay::WriteChunk(Chunk& chunk) {
  for (Part& part : chunk.parts) FIRN_RETURN_IF_ERROR(WritePart(part));
  return Status();
}

Status LogReplay::WritePart(Part& part) {
  part.entries->Sort();
  MergeJobInput input = FlushJobInput(context_, part.keyspace);
  input.source = part.entries->NewCursor();
  input.expected_entries = part.entries->point_entries();
  const auto tombstones = part.entries->range_tombstones();
  input.tombstones.assign(tombstones.begin(), tombstones.end());
  FIRN_ASSIGN_OR_RETURN(MergeJobOutput output,
                        RunMergeJob(std::move(input), JobEnvironment(context_, nullptr)));
  part.tables = std::move(output.tables);
  part.entries.reset();
  return Status();
}

// Waits for the oldest chunk and notes its tables.
Status LogReplay::FinishOldest() {
  {
    MutexLock lock(mutex_);
    Chunk& oldest = *writing_.front();
    Await(*context_.runtime.executor, mutex_, chunk_written_,
          [&oldest] { return oldest.written; });
  }
  const std::unique_ptr<Chunk> chunk = std::move(writing_.front());
  writing_.pop_front();
  if (failed_.ok() && !BugIsOn(SeededBug::kReplayErrorSwallowed)) failed_ = chunk->status;
  FIRN_RETURN_IF_ERROR(failed_);
  for (Part& part : chunk->parts) {
    for (TableMetadata& metadata : part.tables) {
      edit_.added.push_back(AddedTable{part.keyspace, 0, part.run, std::move(metadata)});
    }
    std::erase_if(edit_.flushed, [&](const auto& entry) { return entry.first == part.keyspace; });
    edit_.flushed.emplace_back(part.keyspace, part.flushed);
  }
  return Status();
}

Status LogReplay::FinishWriting() {
  while (!writing_.empty()) {
    const Status status = FinishOldest();
    static_cast<void>(status.ok());  // kept in failed_
  }
  return failed_;
}

Status LogReplay::Finish() {
  const Status started = StartWriting();
  FIRN_RETURN_IF_ERROR(FinishWriting());
  FIRN_RETURN_IF_ERROR(started);
  edit_.next_run_id = next_run_id_;
  return Status();
}

}  // namespace firn
