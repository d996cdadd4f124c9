// J1  Tables of one output are disjoint: a table ends only between two user keys, and a range
//     tombstone that reaches over the end goes on in the next table.
// J2  Every entry read is kept or counted as dropped, every entry kept is in a table (rule C4).
// J3  Nothing outside knows the files until the caller installs them, so failure may remove them
//     all.
#include "compaction/merge_job.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "compaction/tombstone_cutter.h"
#include "table/table_writer.h"

namespace firn {
namespace {

// Only what some reader can tell apart; a tombstone nobody acknowledged must not hide one below it.
FragmentedTombstones FragmentsOf(const MergeJobInput& input) {
  std::vector<RangeTombstone> acknowledged = input.tombstones;
  std::erase_if(acknowledged, [&](const RangeTombstone& tombstone) {
    return tombstone.sequence > input.retention.visible_max;
  });
  return FragmentedTombstones::BuildForSnapshots(acknowledged, input.retention.snapshots);
}

class MergeJob {
 public:
  MergeJob(MergeJobInput input, const MergeJobEnvironment& environment)
      : input_(std::move(input)),
        environment_(environment),
        tombstones_(FragmentsOf(input_)),
        retention_(std::move(input_.retention), tombstones_),
        cutter_(retention_.KeptTombstones()) {
    for (const RangeTombstone& tombstone : input_.tombstones) {
      sequence_max_ = std::max(sequence_max_, tombstone.sequence);
    }
    FIRN_CHECK(std::ranges::is_sorted(input_.cut_points));
  }

  Result<MergeJobOutput> Run() {
    Status status = WriteTables();
    if (status.ok()) status = CheckCounts();
    // One sync names all tables for good (rule D1) before a manifest may mention them (D2).
    if (status.ok() && !output_.tables.empty() && !BugIsOn(SeededBug::kTableNameNotSynced)) {
      status = environment_.directory_handle->Sync();
    }
    if (!status.ok()) {
      RemoveFiles();
      return status;
    }
    output_.counts = retention_.counts();
    return std::move(output_);
  }

 private:
  Status WriteTables() {
    FIRN_RETURN_IF_ERROR(input_.source->SeekToFirst());
    EntryBatch batch;
    while (true) {
      if (environment_.stop != nullptr && environment_.stop->load(std::memory_order_relaxed)) {
        return {StatusCode::kClosed, "merge stopped: the store is closing; nothing was changed"};
      }
      const Status read = input_.source->Next(batch, EntryBatch::kCapacity);
      if (!BugIsOn(SeededBug::kReadErrorEndsMerge)) FIRN_RETURN_IF_ERROR(read);
      if (batch.count == 0) break;
      for (std::size_t i = 0; i < batch.count; ++i) {
        sequence_max_ = std::max(sequence_max_, batch.entries[i].sequence);
      }
      retention_.Filter(batch, batch);
      FIRN_RETURN_IF_ERROR(WriteBatch(batch));
    }
    if (table_ == nullptr && !cutter_.empty()) FIRN_RETURN_IF_ERROR(OpenTable());
    return table_ == nullptr ? Status() : CloseTable(std::nullopt);
  }

  Status WriteBatch(const EntryBatch& batch) {
    std::size_t begin = 0;  // entries before it are in a table
    for (std::size_t i = 0; i < batch.count; ++i) {
      const Entry& entry = batch.entries[i];
      if (table_ != nullptr && MayEndBefore(entry.key)) {
        if (begin < i) FIRN_RETURN_IF_ERROR(table_->Add(batch, begin, i));
        begin = i;
        // The estimate knows nothing of compression; the writer does.
        table_bytes_ = table_->file_bytes();
        if (MayEndBefore(entry.key)) FIRN_RETURN_IF_ERROR(CloseTable(entry.key));
      }
      if (table_ == nullptr) FIRN_RETURN_IF_ERROR(OpenTable());
      last_key_ = entry.key;
      table_bytes_ += entry.key.size() + entry.value.size();
    }
    if (begin == batch.count) return {};
    FIRN_RETURN_IF_ERROR(table_->Add(batch, begin, batch.count));
    table_bytes_ = table_->file_bytes();
    last_key_copy_.assign(last_key_);
    last_key_ = last_key_copy_;
    return {};
  }

  // Only between user keys (rule C2): once the table is full, or half full at a cut point.
  bool MayEndBefore(Slice key) {
    const std::uint64_t target = input_.table_bytes_target;
    if (table_bytes_ < target / 2) return false;
    if (table_bytes_ < target && !CutPointBefore(key)) return false;
    return BugIsOn(SeededBug::kKeySplitAcrossTables) || key != last_key_;
  }
  // Whether a cut point lies behind the last key and not behind `key`.
  bool CutPointBefore(Slice key) {
    const std::vector<std::string>& cuts = input_.cut_points;
    while (next_cut_ < cuts.size() && cuts[next_cut_] <= last_key_) ++next_cut_;
    return next_cut_ < cuts.size() && cuts[next_cut_] <= key;
  }

  Status OpenTable() {
    const FileNumber number = environment_.next_file_number();
    files_.push_back(environment_.directory + "/" + TableFileName(number));
    FIRN_ASSIGN_OR_RETURN(
        table_, TableWriter::Create(*environment_.file_system, *environment_.ledger,
                                    environment_.directory, environment_.database, number,
                                    input_.table));
    table_bytes_ = 0;
    return {};
  }

  // The table ends before `next_key`, or is the last one (unset).
  Status CloseTable(std::optional<Slice> next_key) {
    for (const RangeTombstone& tombstone : cutter_.TakeBefore(next_key)) {
      FIRN_RETURN_IF_ERROR(table_->AddRangeTombstone(tombstone));
    }
    TableOrigin origin{.keyspace = input_.keyspace,
                       .sequence_max = sequence_max_,
                       .inputs = input_.input_tables,
                       .begin = std::move(table_begin_),
                       .end = std::nullopt};
    if (next_key) origin.end = *next_key;
    table_begin_ = origin.end;
    table_->SetOrigin(std::move(origin));
    FIRN_ASSIGN_OR_RETURN(TableMetadata metadata, table_->Finish());
    table_.reset();
    output_.bytes_written += metadata.file_bytes;
    output_.tables.push_back(std::move(metadata));
    return {};
  }

  [[nodiscard]] Status CheckCounts() const {
    const RetentionCounts& counts = retention_.counts();
    std::uint64_t written = 0;
    for (const TableMetadata& table : output_.tables) written += table.entries;
    if (counts.in == input_.expected_entries && counts.Balanced() && counts.out == written) {
      return {};
    }
    return {StatusCode::kCorruption,
            "merge in " + environment_.directory + " read " + std::to_string(counts.in) +
                " entries where the manifest counts " + std::to_string(input_.expected_entries) +
                ", kept " + std::to_string(counts.out) + " and wrote " + std::to_string(written) +
                "; the inputs stay in place, run a verification of the store"};
  }

  // Best effort: a file that stays is in no version and goes when the directory is next scanned
  // (F2).
  void RemoveFiles() {
    table_.reset();
    if (BugIsOn(SeededBug::kFilesLeftAfterFailedJob)) return;
    for (const std::string& file : files_) {
      const Status ignored = environment_.file_system->Remove(file);
      static_cast<void>(ignored.ok());
    }
  }

  MergeJobInput input_;
  const MergeJobEnvironment& environment_;
  const FragmentedTombstones tombstones_;
  Retention retention_;
  TombstoneCutter cutter_;
  MergeJobOutput output_;
  std::vector<std::string> files_;  // every name this job may have created

  std::unique_ptr<TableWriter> table_;
  std::optional<std::string> table_begin_;  // no key of table_ lies before it
  SequenceNumber sequence_max_ = 0;         // of all that was read
  std::uint64_t table_bytes_ = 0;  // of table_: the writer's word plus what was passed since
  std::size_t next_cut_ = 0;
  Slice last_key_;                 // of table_; moved into the copy when its batch ends
  std::string last_key_copy_;
};

}  // namespace

Result<MergeJobOutput> RunMergeJob(MergeJobInput input, const MergeJobEnvironment& environment) {
  return MergeJob(std::move(input), environment).Run();
}

}  // namespace firn
