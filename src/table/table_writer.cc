// Entries go to the block builder; a full block goes to the sink and leaves its handle with the
// partition builder; a full partition goes to the sink and leaves its handle with the top. The
// fence of a block is known only when the key after it is, so it follows one entry later.
#include "table/table_writer.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/hash.h"
#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "table/block_builder.h"
#include "table/block_sink.h"
#include "table/partition.h"
#include "table/table_properties.h"
#include "table/tombstone_block.h"

namespace firn {
namespace {

// Long fences end a partition early: it is read and verified as one piece.
constexpr std::size_t kPartitionBytesMax = std::size_t{1} << 20;

class TableFileWriter final : public TableWriter {
 public:
  TableFileWriter(FileSystem& file_system, std::string path, TableSalt salt,
                  std::unique_ptr<BlockSink> sink, const TableSettings& settings)
      : file_system_(file_system),
        path_(std::move(path)),
        salt_(salt),
        settings_(settings),
        sink_(std::move(sink)),
        partition_(settings.filter_bits_per_key) {
    metadata_.number = salt.file;
    tombstones_.assign(sizeof(std::uint32_t), '\0');
  }

  Status Add(const EntryBatch& batch, std::size_t begin, std::size_t end) override;
  Status AddRangeTombstone(const RangeTombstone& tombstone) override;
  void SetOrigin(TableOrigin origin) override { origin_ = std::move(origin); }
  [[nodiscard]] std::uint64_t file_bytes() const override;
  [[nodiscard]] std::uint64_t entries() const override { return metadata_.entries; }
  Result<TableMetadata> Finish() override;

 private:
  Status AddEntry(const Entry& entry);
  Status AddOversized(const Entry& entry, std::uint64_t hash);
  Status FinishBlock();
  Status AddPendingFence(Slice fence);
  Status FinishPartition(Slice fence);
  void CountSequence(SequenceNumber sequence);
  void WidenToTombstones();
  Status CheckWritten() const;

  FileSystem& file_system_;
  const std::string path_;
  const TableSalt salt_;
  const TableSettings settings_;
  std::unique_ptr<BlockSink> sink_;
  BlockBuilder block_;
  PartitionBuilder partition_;
  TopBuilder top_;
  std::string last_key_;  // of the last finished block
  std::string separator_;
  std::uint64_t last_hash_ = 0;
  bool fence_pending_ = false;

  std::string tombstones_;
  std::string tombstones_begin_;
  std::string tombstones_end_;
  TableMetadata metadata_;
  std::optional<TableOrigin> origin_;
};

Status TableFileWriter::Add(const EntryBatch& batch, std::size_t begin, std::size_t end) {
  FIRN_CHECK(begin <= end && end <= batch.count);
  for (std::size_t i = begin; i < end; ++i) FIRN_RETURN_IF_ERROR(AddEntry(batch.entries[i]));
  return {};
}

Status TableFileWriter::AddEntry(const Entry& entry) {
  FIRN_DCHECK(entry.kind == EntryKind::kPut || entry.kind == EntryKind::kDelete);
  FIRN_CHECK(entry.key.size() <= kKeyBytesMax && entry.value.size() <= kValueBytesMax);
  // A block takes entries up to its target; one that is as large as a block alone gets its own, so
  // that reading a neighbour does not read it.
  const std::size_t entry_bytes = entry.key.size() + entry.value.size();
  const bool full = !block_.room() || block_.bytes() >= settings_.block_bytes ||
                    entry_bytes >= settings_.block_bytes;
  if (!block_.empty() && full) FIRN_RETURN_IF_ERROR(FinishBlock());

  const std::uint64_t hash = KeyHash(entry.key);
  bool new_key = metadata_.entries == 0;
  if (fence_pending_) {
    const std::size_t partitions_before = partition_.blocks();
    const Slice fence = Separator(last_key_, entry.key, separator_);
    new_key = last_key_ != entry.key;
    FIRN_RETURN_IF_ERROR(AddPendingFence(fence));
    // Every partition's filter holds all keys of its own blocks.
    if (partition_.blocks() < partitions_before) {
      new_key = new_key || !BugIsOn(SeededBug::kFilterMissesContinuedKey);
    }
  } else if (!block_.empty()) {
    new_key = hash != last_hash_ || block_.last_key() != entry.key;
    FIRN_DCHECK(block_.last_key() <= entry.key);
  }
  if (new_key) partition_.AddKeyHash(hash);
  last_hash_ = hash;

  if (metadata_.entries == 0) metadata_.lower = entry.key;
  CountSequence(entry.sequence);
  ++metadata_.entries;
  metadata_.deletes += entry.kind == EntryKind::kDelete ? 1 : 0;
  metadata_.key_bytes += entry.key.size();
  metadata_.value_bytes += entry.value.size();
  if (entry_bytes + kBlockHeaderBytes + BlockBuilder::kEntryOverheadBytes > kBlockBytesMax / 2) {
    return AddOversized(entry, hash);
  }
  block_.Add(entry, hash);
  return {};
}

Status TableFileWriter::AddOversized(const Entry& entry, std::uint64_t hash) {
  block_.AddOversized(entry, hash);
  return FinishBlock();
}

Status TableFileWriter::FinishBlock() {
  const Slice front = block_.EncodeFront();
  FIRN_ASSIGN_OR_RETURN(const BlockHandle handle,
                        sink_->Append(BlockType::kData, front, block_.values()));
  partition_.AddBlock(handle, block_.count());
  last_key_.assign(block_.last_key());
  fence_pending_ = true;
  block_.Clear();
  return {};
}

Status TableFileWriter::AddPendingFence(Slice fence) {
  fence_pending_ = false;
  partition_.AddFence(fence);
  if (partition_.blocks() >= settings_.partition_blocks ||
      partition_.bytes() >= kPartitionBytesMax) {
    return FinishPartition(fence);
  }
  return {};
}

Status TableFileWriter::FinishPartition(Slice fence) {
  FIRN_ASSIGN_OR_RETURN(const BlockHandle handle,
                        sink_->Append(BlockType::kPartition, partition_.Encode(), {}));
  top_.Add(handle, partition_, fence);
  partition_.Clear();
  return {};
}

void TableFileWriter::CountSequence(SequenceNumber sequence) {
  const bool first = metadata_.entries == 0 && metadata_.range_tombstones == 0;
  metadata_.sequence_min = first ? sequence : std::min(metadata_.sequence_min, sequence);
  metadata_.sequence_max = first ? sequence : std::max(metadata_.sequence_max, sequence);
}

Status TableFileWriter::AddRangeTombstone(const RangeTombstone& tombstone) {
  FIRN_CHECK(tombstone.begin < tombstone.end);
  FIRN_DCHECK(metadata_.range_tombstones == 0 || tombstones_begin_ <= tombstone.begin);
  CountSequence(tombstone.sequence);
  if (metadata_.range_tombstones == 0 || tombstone.end > tombstones_end_) {
    tombstones_end_ = tombstone.end;
  }
  if (metadata_.range_tombstones == 0) tombstones_begin_ = tombstone.begin;
  ++metadata_.range_tombstones;
  AppendTombstone(tombstones_, tombstone);
  return {};
}

void TableFileWriter::WidenToTombstones() {
  if (metadata_.range_tombstones == 0) return;
  const bool alone = metadata_.entries == 0;
  if (!alone && BugIsOn(SeededBug::kTombstonesOutsideTableBounds)) return;
  if (alone || tombstones_begin_ < metadata_.lower) metadata_.lower = tombstones_begin_;
  if (alone || tombstones_end_ > metadata_.upper) {
    metadata_.upper = tombstones_end_;
    metadata_.upper_exclusive = true;
  }
}

std::uint64_t TableFileWriter::file_bytes() const {
  return sink_->offset() + block_.bytes() + partition_.bytes() + top_.bytes() + tombstones_.size() +
         kFooterBytes;
}

Result<TableMetadata> TableFileWriter::Finish() {
  FIRN_CHECK(metadata_.entries > 0 || metadata_.range_tombstones > 0);
  if (!block_.empty()) FIRN_RETURN_IF_ERROR(FinishBlock());
  metadata_.upper = last_key_;
  if (fence_pending_) FIRN_RETURN_IF_ERROR(AddPendingFence(last_key_));
  if (partition_.blocks() > 0) FIRN_RETURN_IF_ERROR(FinishPartition(last_key_));
  WidenToTombstones();

  TableFooter footer;
  if (metadata_.range_tombstones > 0) {
    StoreFixed(tombstones_.data(), static_cast<std::uint32_t>(metadata_.range_tombstones));
    FIRN_ASSIGN_OR_RETURN(footer.tombstones,
                          sink_->Append(BlockType::kTombstones, tombstones_, {}));
  }
  FIRN_ASSIGN_OR_RETURN(footer.top, sink_->Append(BlockType::kTop, top_.Encode(), {}));
  FIRN_ASSIGN_OR_RETURN(footer.properties,
                        sink_->Append(BlockType::kProperties,
                                      EncodeProperties({metadata_, std::move(origin_)}), {}));
  footer.file_bytes = sink_->offset() + kFooterBytes;
  std::array<char, kFooterBytes> bytes;
  StoreFooter(bytes.data(), footer, salt_);
  FIRN_RETURN_IF_ERROR(sink_->AppendRaw({bytes.data(), bytes.size()}));
  FIRN_RETURN_IF_ERROR(sink_->Finish());
  metadata_.file_bytes = footer.file_bytes;
  metadata_.file_checksum = sink_->file_checksum();
  FIRN_RETURN_IF_ERROR(CheckWritten());
  return metadata_;
}

Status TableFileWriter::CheckWritten() const {
  FIRN_ASSIGN_OR_RETURN(const auto file, file_system_.OpenFile(path_, settings_.cache));
  FIRN_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  if (size != metadata_.file_bytes) {
    return CorruptTable(path_, size, "freshly written table has another size than was written");
  }
  std::array<char, kFooterBytes> bytes;
  const std::uint64_t offset = size - kFooterBytes;
  FIRN_RETURN_IF_ERROR(file->ReadAt(offset, bytes));
  const auto footer = ParseFooter({bytes.data(), bytes.size()}, size, salt_);
  if (!footer.ok()) return CorruptTable(path_, offset, std::string(footer.status().message()));
  return {};
}

}  // namespace

Result<std::unique_ptr<TableWriter>> TableWriter::Create(FileSystem& file_system,
                                                         MemoryLedger& ledger,
                                                         const std::string& directory,
                                                         DatabaseId database, FileNumber number,
                                                         const TableSettings& settings) {
  FIRN_CHECK(settings.block_bytes > 0 && settings.block_bytes <= kBlockBytesMax / 4);
  FIRN_CHECK(settings.partition_blocks > 0);
  std::string path = directory + "/" + TableFileName(number);
  FIRN_ASSIGN_OR_RETURN(auto file, file_system.CreateFile(path, settings.cache));
  const TableSalt salt{.database = database, .file = number};
  auto sink = std::make_unique<BlockSink>(std::move(file), ledger, salt, settings.compression);
  return std::unique_ptr<TableWriter>(std::make_unique<TableFileWriter>(
      file_system, std::move(path), salt, std::move(sink), settings));
}

}  // namespace firn
