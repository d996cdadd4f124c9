// Two passes over the file: its bytes as such, which finds every flipped bit, then its meaning,
// part by part, which says where the damage is and finds what a wrong writer or memory would have
// done. A part that cannot be read hides what it holds: then totals are not compared.
#include "table/table_verify.h"

#include <xxhash.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/status_macros.h"
#include "table/file_piece.h"
#include "table/table_file_reader.h"
#include "table/table_properties.h"
#include "table/tombstone_block.h"

namespace firn {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

class TableVerifier {
 public:
  TableVerifier(const TableFileReader& reader, const TableReader::FindingSink& found)
      : reader_(reader),
        file_(reader.file()),
        sink_(found),
        piece_(file_, reader.ledger(), MemoryClass::kJob) {}

  Status Run(const std::function<void(std::uint64_t)>& progress);

 private:
  Status CheckBytes(const std::function<void(std::uint64_t)>& progress);
  void CheckPartition(std::size_t index);
  void CheckBlock(const PartitionView& partition, std::size_t index);
  // Brings the block to block_; reads several at once.
  Status ReadBlock(const PartitionView& partition, std::size_t index);
  void CheckEntries(const PartitionView& partition, std::size_t index, const BlockView& block);
  // Null, or what is wrong with where entry `i` stands.
  const char* CheckEntry(const PartitionView& partition, std::size_t index, const BlockView& block,
                         std::size_t i);
  void CheckTombstones();
  void CheckMetadata();
  void CheckProperties();

  void Report(std::uint64_t offset, const Status& status) {
    if (first_.ok()) first_ = status;
    if (sink_) sink_({offset, status});
  }
  void ReportAt(std::uint64_t offset, const char* what) {
    Report(offset, file_.Corrupt(offset, what));
  }
  // The same for a part whose contents stay unknown.
  void ReportHidden(std::uint64_t offset, const Status& status) {
    complete_ = false;
    Report(offset, status);
  }
  void CountSequence(SequenceNumber sequence);

  const TableFileReader& reader_;
  const TableFile& file_;
  const TableReader::FindingSink& sink_;
  std::unique_ptr<ResidentTable> table_;  // read anew: the reader's own may be from better days
  FilePiece piece_;
  std::unique_ptr<char[]> block_;
  std::size_t block_capacity_ = 0;
  Status first_;
  bool complete_ = true;
  std::size_t partition_ = 0;  // the one being checked
  // What the table turns out to hold.
  TableMetadata contents_;
  std::string last_key_;
  SequenceNumber last_sequence_ = 0;
};

Status TableVerifier::CheckBytes(const std::function<void(std::uint64_t)>& progress) {
  const AlignedBuffer piece(kPieceBytes, kDirectAlignment);
  const std::unique_ptr<XXH3_state_t, decltype([](XXH3_state_t* s) { XXH3_freeState(s); })> hash(
      XXH3_createState());
  FIRN_CHECK(hash != nullptr && XXH3_64bits_reset(hash.get()) == XXH_OK);
  const std::uint64_t bytes = file_.bytes();
  for (std::uint64_t offset = 0; offset < bytes;) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, bytes - offset));
    FIRN_RETURN_IF_ERROR(file_.ReadAt(offset, {piece.data(), count}));
    XXH3_64bits_update(hash.get(), piece.data(), count);
    offset += count;
    if (progress) progress(offset);
  }
  if (XXH3_64bits_digest(hash.get()) != reader_.metadata().file_checksum) {
    return file_.Corrupt(0, "whole-file checksum mismatch");
  }
  return {};
}

void TableVerifier::CountSequence(SequenceNumber sequence) {
  const bool first = contents_.entries == 0 && contents_.range_tombstones == 0;
  contents_.sequence_min = first ? sequence : std::min(contents_.sequence_min, sequence);
  contents_.sequence_max = first ? sequence : std::max(contents_.sequence_max, sequence);
}

const char* TableVerifier::CheckEntry(const PartitionView& partition, std::size_t index,
                                      const BlockView& block, std::size_t i) {
  const std::string key = block.keys().Key(i);
  const bool first = contents_.entries == 0;
  const bool ordered = first || last_key_ < key ||
                       (last_key_ == key && last_sequence_ > block.sequence(i));
  const char* wrong = nullptr;
  if (!ordered) {
    wrong = "blocks out of order";
  } else if (!partition.filter.MayContain(KeyHash(key))) {
    wrong = "key missing from its filter";
  } else if (partition.fences.LowerBound(key) > index) {
    wrong = "key behind its block's fence";
  } else if (complete_ && last_key_ != key && partition.fences.LowerBound(key) < index) {
    // Reachable from its own block, or as a later version from one before that ends in the key.
    wrong = "key before its block's fence";
  } else if (complete_ && last_key_ != key && index == 0 && i == 0 && partition_ > 0 &&
             table_->top().fences.LowerBound(key) < partition_) {
    wrong = "key before its partition's fence";
  }
  CountSequence(block.sequence(i));
  if (first) contents_.lower = key;
  ++contents_.entries;
  contents_.deletes += block.kind(i) == EntryKind::kDelete ? 1 : 0;
  contents_.key_bytes += key.size();
  contents_.value_bytes += block.value(i).size();
  last_key_ = key;
  last_sequence_ = block.sequence(i);
  return wrong;
}

// One finding a block says enough.
void TableVerifier::CheckEntries(const PartitionView& partition, std::size_t index,
                                 const BlockView& block) {
  const char* wrong = block.TagsMatch() ? nullptr : "block with a wrong hash tag";
  for (std::size_t i = 0; i < block.count(); ++i) {
    const char* const misplaced = CheckEntry(partition, index, block, i);
    if (wrong == nullptr) wrong = misplaced;
  }
  if (wrong != nullptr) ReportAt(partition.handle(index).offset, wrong);
}

Status TableVerifier::ReadBlock(const PartitionView& partition, std::size_t index) {
  const BlockHandle handle = partition.handle(index);
  if (piece_.Find(handle) == nullptr) {
    const std::uint64_t data_end = partition.handle(partition.blocks - 1).end();
    const std::uint64_t end = std::min(data_end, handle.offset + kPieceBytes);
    const Status read = piece_.Read(handle.offset, std::max(end, handle.end()));
    // A file that ends in the piece may still hold this block.
    if (!read.ok() && read.code() != StatusCode::kCorruption) return read;
  }
  const char* const stored = piece_.Find(handle);
  return stored == nullptr ? file_.ReadBlock(handle, BlockType::kData, block_.get())
                           : file_.TakeBlock(handle, BlockType::kData, stored, block_.get());
}

void TableVerifier::CheckBlock(const PartitionView& partition, std::size_t index) {
  const BlockHandle handle = partition.handle(index);
  const std::size_t bytes = TableFile::BufferBytes(handle);
  if (bytes > block_capacity_) {
    block_ = std::make_unique_for_overwrite<char[]>(bytes);
    block_capacity_ = bytes;
  }
  const Status status = ReadBlock(partition, index);
  if (!status.ok()) return ReportHidden(handle.offset, status);
  const char* wrong = BlockView::Check({block_.get(), handle.raw_bytes});
  if (wrong == nullptr && BlockView(block_.get()).count() != partition.entries_of(index)) {
    wrong = "block with another entry count than its partition says";
  }
  if (wrong != nullptr) return ReportHidden(handle.offset, file_.Corrupt(handle.offset, wrong));
  CheckEntries(partition, index, BlockView(block_.get()));
}

void TableVerifier::CheckPartition(std::size_t index) {
  const TopView& top = table_->top();
  OwnedBlock bytes;
  PartitionView partition;
  const Status read = table_->ReadPartitionInto(index, &bytes, &partition);
  if (!read.ok()) return ReportHidden(top.handle(index).offset, read);
  partition_ = index;
  for (std::size_t b = 0; b < partition.blocks; ++b) CheckBlock(partition, b);
}

void TableVerifier::CheckTombstones() {
  const BlockHandle handle = table_->footer().tombstones;
  if (!handle.exists()) return;
  const Result<OwnedBlock> block = file_.ReadOwned(handle, BlockType::kTombstones);
  if (!block.ok()) return ReportHidden(handle.offset, block.status());
  std::vector<RangeTombstone> tombstones;
  const char* wrong = ParseTombstones(block->raw(), &tombstones);
  if (wrong != nullptr) return ReportHidden(handle.offset, file_.Corrupt(handle.offset, wrong));
  for (const RangeTombstone& tombstone : tombstones) {
    CountSequence(tombstone.sequence);
    const bool alone = contents_.entries == 0 && contents_.range_tombstones == 0;
    if (alone || tombstone.begin < contents_.lower) contents_.lower = tombstone.begin;
    if (alone || tombstone.end > contents_.upper) {
      contents_.upper = tombstone.end;
      contents_.upper_exclusive = true;
    }
    ++contents_.range_tombstones;
  }
}

void TableVerifier::CheckMetadata() {
  const TableMetadata& expected = reader_.metadata();
  contents_.number = expected.number;
  contents_.file_bytes = expected.file_bytes;        // checked with the footer
  contents_.file_checksum = expected.file_checksum;  // by CheckBytes
  if (complete_ && contents_ != expected) {
    ReportAt(file_.bytes() - kFooterBytes,
             "contents differ from what the manifest says of the table");
  }
}

void TableVerifier::CheckProperties() {
  const BlockHandle handle = table_->footer().properties;
  const Result<OwnedBlock> block = file_.ReadOwned(handle, BlockType::kProperties);
  if (!block.ok()) return Report(handle.offset, block.status());
  auto properties = ParseProperties(block->raw());
  if (!properties.ok()) {
    const std::string what(properties.status().message());
    return Report(handle.offset, file_.Corrupt(handle.offset, what));
  }
  properties->metadata.number = contents_.number;
  properties->metadata.file_bytes = contents_.file_bytes;
  properties->metadata.file_checksum = contents_.file_checksum;
  if (complete_ && properties->metadata != contents_) {
    ReportAt(handle.offset, "contents differ from the table's own properties");
  }
}

Status TableVerifier::Run(const std::function<void(std::uint64_t)>& progress) {
  const Status bytes = CheckBytes(progress);
  auto table = ResidentTable::Open(file_, reader_.frames(), reader_.ledger());
  if (!table.ok()) {
    Report(0, table.status());
    return first_;
  }
  table_ = std::move(table).value();
  for (std::size_t i = 0; i < table_->partitions(); ++i) CheckPartition(i);
  contents_.upper = last_key_;
  CheckTombstones();
  CheckMetadata();
  CheckProperties();
  // What the parts did not show: the checksum says less than they do.
  if (first_.ok() && !bytes.ok()) Report(0, bytes);
  return first_;
}

}  // namespace

Status VerifyTable(const TableFileReader& reader,
                   const std::function<void(std::uint64_t)>& progress,
                   const TableReader::FindingSink& found) {
  return TableVerifier(reader, found).Run(progress);
}

}  // namespace firn
