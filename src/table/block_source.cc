#include "table/block_source.h"

#include <algorithm>

#include "base/check.h"
#include "base/status_macros.h"
#include "table/table_file_reader.h"

namespace firn {

FrameSource::~FrameSource() {
  LeaveBlock();
  if (partition_ != nullptr) partition_->Unpin();
}

void FrameSource::LeaveBlock() {
  if (block_ != nullptr) block_->Unpin();
  block_ = nullptr;
}

Result<const TopView*> FrameSource::Open() {
  if (table_ == nullptr) {
    FIRN_ASSIGN_OR_RETURN(table_, reader_.Resident());
  }
  return &table_->top();
}

// Misses read without a guard: the pin on the parent keeps the slot alive, and reclamation need not
// wait for a disk.
Result<const PartitionView*> FrameSource::EnterPartition(std::size_t partition) {
  LeaveBlock();
  if (partition_ != nullptr) partition_->Unpin();
  {
    EpochDomain::Guard guard;
    table_->PrefetchPartition(partition);
    partition_ = table_->HitPartition(partition);
    if (partition_ != nullptr) partition_->Pin();
  }
  if (partition_ == nullptr) {
    FIRN_ASSIGN_OR_RETURN(Frame * frame, table_->ReadPartition(partition));
    EpochDomain::Guard guard;
    partition_ = table_->PublishPartition(partition, frame);
    partition_->Pin();
  }
  return &ResidentTable::ViewOf(*partition_);
}

Result<const char*> FrameSource::EnterBlock(std::size_t block) {
  LeaveBlock();
  const PartitionView& partition = ResidentTable::ViewOf(*partition_);
  {
    EpochDomain::Guard guard;
    ResidentTable::PrefetchBlock(partition, block);
    block_ = ResidentTable::HitBlock(partition, block);
    if (block_ != nullptr) block_->Pin();
  }
  if (block_ == nullptr) {
    FIRN_ASSIGN_OR_RETURN(Frame * frame, table_->ReadBlock(partition, block));
    EpochDomain::Guard guard;
    block_ = table_->PublishBlock(partition, block, frame);
    block_->Pin();
  }
  return static_cast<const char*>(block_->data());
}

void FrameSource::Prefetch(std::size_t block) const {
  ResidentTable::PrefetchBlock(ResidentTable::ViewOf(*partition_), block);
}

StreamSource::~StreamSource() { reader_.ledger().Remove(MemoryClass::kJob, accounted_bytes_); }

Result<const TopView*> StreamSource::Open() {
  if (table_ == nullptr) {
    FIRN_ASSIGN_OR_RETURN(table_, reader_.Resident());
  }
  return &table_->top();
}

void StreamSource::Reserve(OwnedBlock& buffer, std::size_t bytes) {
  if (buffer.bytes >= bytes) return;
  reader_.ledger().Add(MemoryClass::kJob, bytes - buffer.bytes);
  accounted_bytes_ += bytes - buffer.bytes;
  buffer.memory.reset();
  buffer.memory = std::make_unique_for_overwrite<char[]>(bytes);
  buffer.bytes = bytes;
}

Result<const PartitionView*> StreamSource::EnterPartition(std::size_t partition) {
  FIRN_RETURN_IF_ERROR(table_->ReadPartitionInto(partition, &partition_bytes_, &partition_));
  return &partition_;
}

Status StreamSource::ReadPiece(const BlockHandle& wanted) {
  const std::uint64_t data_begin = partition_.handle(0).offset;
  const std::uint64_t data_end = partition_.handle(partition_.blocks - 1).end();
  const bool backwards = wanted.end() == piece_begin_;
  std::uint64_t begin = wanted.offset;
  std::uint64_t end = wanted.end();
  if (backwards) {
    begin = std::min(begin, std::max(data_begin, end - std::min<std::uint64_t>(end, kPieceBytes)));
  } else {
    end = std::max(end, std::min(data_end, begin + kPieceBytes));
  }
  Reserve(piece_, std::max<std::size_t>(kPieceBytes, static_cast<std::size_t>(end - begin)));
  piece_begin_ = piece_end_ = 0;  // until the read succeeded
  const std::span<char> into(piece_.memory.get(), static_cast<std::size_t>(end - begin));
  FIRN_RETURN_IF_ERROR(table_->file().ReadAt(begin, into));
  piece_begin_ = begin;
  piece_end_ = end;
  return {};
}

Result<const char*> StreamSource::EnterBlock(std::size_t block) {
  const BlockHandle handle = partition_.handle(block);
  if (handle.offset < piece_begin_ || handle.end() > piece_end_) {
    FIRN_RETURN_IF_ERROR(ReadPiece(handle));
  }
  const char* stored = piece_.memory.get() + (handle.offset - piece_begin_);
  FIRN_RETURN_IF_ERROR(table_->file().CheckStored(handle, BlockType::kData, stored));
  if (handle.compressed()) {
    Reserve(expanded_, TableFile::BufferBytes(handle));
    FIRN_RETURN_IF_ERROR(table_->file().Expand(handle, stored, expanded_.memory.get()));
    stored = expanded_.memory.get();
  }
  const char* wrong = BlockView::Check({stored, handle.raw_bytes});
  if (wrong == nullptr && BlockView(stored).count() != partition_.entries_of(block)) {
    wrong = "block with another entry count than its partition says";
  }
  if (wrong != nullptr) return table_->file().Corrupt(handle.offset, wrong);
  return stored;
}

}  // namespace firn
