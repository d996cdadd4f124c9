#include "db/log_replay.h"

#include <string>

#include "base/status_macros.h"
#include "db/flush_memtables.h"
#include "format/batch.h"

namespace firn {

LogReplay::LogReplay(StoreContext& context, const ManifestState& base)
    : context_(context), base_(base), next_run_id_(base.next_run_id) {}

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
    FIRN_RETURN_IF_ERROR(ApplyOperation(operation, sequence++));
  }
  if (!reader.status().ok()) return corrupt(std::string(reader.status().message()));
  if (count != record.count) return corrupt("operations are missing");
  last_sequence_ = sequence - 1;

  std::uint64_t bytes = 0;
  for (const auto& [id, memtable] : memtables_) bytes += memtable->bytes();
  return bytes < context_.tuning.memtable_bytes ? Status() : FlushAll();
}

Status LogReplay::ApplyOperation(const BatchOperation& operation, SequenceNumber sequence) {
  const Tree* tree = base_.version->FindTree(operation.keyspace);
  if (tree == nullptr) {
    if (operation.keyspace < base_.next_keyspace_id) return Status();  // dropped since
    return Status(StatusCode::kCorruption,
                  "log: keyspace " + std::to_string(operation.keyspace) + " was never created");
  }
  if (sequence <= tree->flushed) return Status();
  auto& memtable = memtables_[operation.keyspace];
  if (memtable == nullptr) memtable = std::make_shared<Memtable>(context_.arenas);
  if (operation.kind != EntryKind::kRangeDelete) {
    memtable->Insert(operation.key, operation.value, sequence, operation.kind);
  } else if (operation.key < operation.value) {
    memtable->InsertRangeDelete(operation.key, operation.value, sequence);
  }
  return Status();
}

Status LogReplay::FlushAll() {
  for (auto& [id, memtable] : memtables_) {
    if (memtable->empty()) continue;
    const SequenceNumber flushed = memtable->sequence_max();
    FIRN_ASSIGN_OR_RETURN(MergeJobOutput output,
                          FlushMemtables(context_, {.memtables = {&memtable, 1}}, nullptr));
    const RunId run{next_run_id_++};
    for (TableMetadata& metadata : output.tables) {
      edit_.added.push_back(AddedTable{id, 0, run, std::move(metadata)});
    }
    const KeyspaceId keyspace = id;
    std::erase_if(edit_.flushed, [&](const auto& entry) { return entry.first == keyspace; });
    edit_.flushed.emplace_back(keyspace, flushed);
  }
  memtables_.clear();
  return Status();
}

Status LogReplay::Finish() {
  FIRN_RETURN_IF_ERROR(FlushAll());
  edit_.next_run_id = next_run_id_;
  return Status();
}

}  // namespace firn
