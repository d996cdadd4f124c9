#include "table/block_source.h"

#include <algorithm>

#include "base/check.h"
#include "base/status_macros.h"
#include "table/table_file_reader.h"

namespace firn {
namespace {

// Through the page cache the OS reads ahead.
PieceAhead MakeAhead(const TableFileReader& reader) {
  Executor* const executor = reader.file().bypasses_page_cache() ? reader.executor() : nullptr;
  return {reader.file(), reader.ledger(), MemoryClass::kIterator, executor};
}

}  // namespace

FrameSource::FrameSource(const TableFileReader& reader)
    : reader_(reader),
      piece_(reader.file(), reader.ledger(), MemoryClass::kIterator),
      ahead_{MakeAhead(reader), MakeAhead(reader)} {}

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
    const BlockHandle handle = table_->top().handle(partition);
    FIRN_RETURN_IF_ERROR(TakeAhead(handle));
    const char* const stored = piece_.Find(handle);
    const Result<Frame*> frame = table_->ReadPartition(partition, stored);
    if (!frame.ok()) return Fail(frame.status());
    EpochDomain::Guard guard;
    partition_ = table_->PublishPartition(partition, *frame);
    partition_->Pin();
  }
  partition_index_ = partition;
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
  if (block_ == nullptr) FIRN_RETURN_IF_ERROR(ReadBlock(block));
  last_partition_ = partition_index_;
  last_block_ = block;
  return static_cast<const char*>(block_->data());
}

Status FrameSource::ReadBlock(std::size_t block) {
  const PartitionView& partition = ResidentTable::ViewOf(*partition_);
  const BlockHandle handle = partition.handle(block);
  FIRN_RETURN_IF_ERROR(TakeAhead(handle));
  if (piece_.Find(handle) == nullptr) FIRN_RETURN_IF_ERROR(ReadAhead(block));
  const Result<Frame*> frame = table_->ReadBlock(partition, block, piece_.Find(handle));
  if (!frame.ok()) return Fail(frame.status());
  EpochDomain::Guard guard;
  block_ = table_->PublishBlock(partition, block, *frame);
  block_->Pin();
  return {};
}

Status FrameSource::Fail(const Status& status) {
  piece_.Drop();
  DropAhead();
  return status;
}

FrameSource::Step FrameSource::StepTo(std::size_t block) const {
  const std::size_t blocks = ResidentTable::ViewOf(*partition_).blocks;
  const std::size_t p = partition_index_;
  if (last_partition_ == kNowhere) {
    // Who begins at an end of the table comes from the next table, or for all of it.
    if (p == 0 && block == 0) return Step::kForward;
    if (p + 1 == table_->partitions() && block + 1 == blocks) return Step::kBackward;
    return Step::kJump;
  }
  if (last_partition_ == p) {
    if (block == last_block_ + 1) return Step::kForward;
    return block + 1 == last_block_ ? Step::kBackward : Step::kJump;
  }
  if (last_partition_ + 1 == p && block == 0) return Step::kForward;
  if (last_partition_ == p + 1 && block + 1 == blocks) return Step::kBackward;
  return Step::kJump;
}

std::size_t FrameSource::NextPieceBytes() const {
  const MemoryLedger& ledger = reader_.ledger();
  const std::uint64_t budget = ledger.budget();
  if (ledger.used(MemoryClass::kIterator) > budget / kBudgetPerIterators) return 0;
  const std::size_t bytes_max = reader_.file().bypasses_page_cache() ? kDirectBytesMax
                                                                     : kCachedBytesMax;
  const std::size_t wanted = piece_bytes_ == 0 ? kFirstBytes : piece_bytes_ * kGrowth;
  return static_cast<std::size_t>(
      std::min<std::uint64_t>({wanted, bytes_max, budget / kBudgetPerPiece}));
}

FrameSource::ByteSpan FrameSource::PartitionsFrom(std::size_t first, std::uint64_t end_max) const {
  const TopView& top = table_->top();
  ByteSpan span{top.begin_of(first), top.begin_of(first)};
  EpochDomain::Guard guard;
  if (table_->IsResident(first, 0)) return span;
  for (std::size_t p = first; p < top.partitions && top.handle(p).end() <= end_max; ++p) {
    span.end = top.handle(p).end();
  }
  return span;
}

FrameSource::ByteSpan FrameSource::PartitionsUpTo(std::size_t last, std::uint64_t begin_min) const {
  const TopView& top = table_->top();
  ByteSpan span{top.handle(last).end(), top.handle(last).end()};
  EpochDomain::Guard guard;
  if (table_->IsResident(last, top.blocks_of(last) - 1)) return span;
  for (std::size_t p = last + 1; p > 0 && top.begin_of(p - 1) >= begin_min; --p) {
    span.begin = top.begin_of(p - 1);
  }
  return span;
}

std::uint64_t FrameSource::EndOfPiece(std::size_t block, std::size_t bytes) const {
  const PartitionView& partition = ResidentTable::ViewOf(*partition_);
  const std::uint64_t end_max = partition.handle(block).offset + bytes;
  std::size_t last = block;
  while (last + 1 < partition.blocks && partition.handle(last + 1).end() <= end_max) ++last;
  const TopView& top = table_->top();
  const std::size_t next = partition_index_ + 1;
  if (last + 1 == partition.blocks && next < top.partitions) {
    // Whole partitions where they fit: their own blocks lie behind those of data.
    const ByteSpan behind = PartitionsFrom(next, end_max);
    if (!behind.empty()) return behind.end;
    EpochDomain::Guard guard;
    if (!table_->IsResident(next, 0)) {
      return std::min(end_max, top.handle(top.partitions - 1).end());
    }
  }
  while (last > block && ResidentTable::IsResident(partition, last)) --last;
  return partition.handle(last).end();
}

std::uint64_t FrameSource::BeginOfPiece(std::size_t block, std::size_t bytes) const {
  const PartitionView& partition = ResidentTable::ViewOf(*partition_);
  const std::uint64_t end = partition.handle(block).end();
  const std::uint64_t begin_min = end - std::min<std::uint64_t>(end, bytes);
  std::size_t first = block;
  while (first > 0 && partition.handle(first - 1).offset >= begin_min) --first;
  if (first == 0 && partition_index_ > 0) {
    const std::size_t previous = partition_index_ - 1;
    const ByteSpan before = PartitionsUpTo(previous, begin_min);
    if (!before.empty()) return before.begin;
    EpochDomain::Guard guard;
    const std::size_t blocks = table_->top().blocks_of(previous);
    if (!table_->IsResident(previous, blocks - 1)) return begin_min;
  }
  while (first < block && ResidentTable::IsResident(partition, first)) ++first;
  return partition.handle(first).offset;
}

Status FrameSource::ReadAhead(std::size_t block) {
  const Step step = reads_ahead_ ? StepTo(block) : Step::kJump;
  DropAhead();  // the walk went elsewhere
  if (step == Step::kJump) {
    piece_bytes_ = 0;
    piece_.Drop();
    return {};
  }
  const BlockHandle handle = ResidentTable::ViewOf(*partition_).handle(block);
  const std::size_t bytes = NextPieceBytes();
  const bool forwards = step == Step::kForward;
  const std::uint64_t begin = forwards ? handle.offset : BeginOfPiece(block, bytes);
  const std::uint64_t end = forwards ? EndOfPiece(block, bytes) : handle.end();
  // Alone it goes from the file into its frame.
  if (end - begin <= handle.end() - handle.offset) return {};
  piece_bytes_ = bytes;
  piece_span_ = {begin, end};
  FIRN_RETURN_IF_ERROR(PieceFailed(piece_.Read(begin, end)));
  OrderAhead(forwards);
  return {};
}

Status FrameSource::TakeAhead(const BlockHandle& handle) {
  for (PieceAhead& ahead : ahead_) {
    if (!ahead.Covers(handle)) continue;
    piece_span_ = {ahead.begin(), ahead.end()};
    FIRN_RETURN_IF_ERROR(PieceFailed(ahead.TakeInto(piece_)));
    OrderAhead(ahead_forwards_);
    break;
  }
  return {};
}

void FrameSource::DropAhead() {
  for (PieceAhead& ahead : ahead_) ahead.Drop();
}

FrameSource::ByteSpan FrameSource::PartitionsNextTo(const ByteSpan& span, bool forwards,
                                                    std::size_t bytes) const {
  const TopView& top = table_->top();
  std::size_t p = partition_index_;
  if (forwards) {
    while (p < top.partitions && top.begin_of(p) < span.end) ++p;
    if (p == top.partitions || top.begin_of(p) != span.end) return {};
    return PartitionsFrom(p, span.end + bytes);
  }
  while (p > 0 && top.begin_of(p) > span.begin) --p;
  if (p == 0 || top.begin_of(p) != span.begin) return {};
  return PartitionsUpTo(p - 1, span.begin - std::min<std::uint64_t>(span.begin, bytes));
}

void FrameSource::OrderAhead(bool forwards) {
  if (!reads_ahead_) return;
  ByteSpan last = piece_span_;
  for (const PieceAhead& ahead : ahead_) {
    if (ahead.begun()) last = {ahead.begin(), ahead.end()};
  }
  ahead_forwards_ = forwards;
  for (PieceAhead& ahead : ahead_) {
    const std::size_t bytes = NextPieceBytes();
    if (!ahead.possible() || bytes != piece_bytes_) return;
    if (ahead.begun()) continue;
    last = PartitionsNextTo(last, forwards, bytes);
    if (last.empty()) return;
    ahead.Begin(last.begin, last.end);
  }
}

// What lies behind the end of the file is missed block by block.
Status FrameSource::PieceFailed(const Status& read) {
  if (read.ok()) return {};
  piece_bytes_ = 0;
  reads_ahead_ = false;
  return read.code() == StatusCode::kCorruption ? Status() : read;
}

void FrameSource::Prefetch(std::size_t block) const {
  ResidentTable::PrefetchBlock(ResidentTable::ViewOf(*partition_), block);
}

StreamSource::StreamSource(const TableFileReader& reader)
    : reader_(reader), piece_(reader.file(), reader.ledger(), MemoryClass::kJob) {}

StreamSource::~StreamSource() { reader_.ledger().Remove(MemoryClass::kJob, expanded_.bytes); }

Result<const TopView*> StreamSource::Open() {
  if (table_ == nullptr) {
    FIRN_ASSIGN_OR_RETURN(table_, reader_.Resident());
  }
  return &table_->top();
}

void StreamSource::ReserveExpanded(std::size_t bytes) {
  if (expanded_.bytes >= bytes) return;
  reader_.ledger().Add(MemoryClass::kJob, bytes - expanded_.bytes);
  expanded_.memory.reset();
  expanded_.memory = std::make_unique_for_overwrite<char[]>(bytes);
  expanded_.bytes = bytes;
}

Result<const PartitionView*> StreamSource::EnterPartition(std::size_t partition) {
  FIRN_RETURN_IF_ERROR(table_->ReadPartitionInto(partition, &partition_bytes_, &partition_));
  return &partition_;
}

Status StreamSource::ReadPiece(const BlockHandle& wanted) {
  const std::uint64_t data_begin = partition_.handle(0).offset;
  const std::uint64_t data_end = partition_.handle(partition_.blocks - 1).end();
  const bool backwards = wanted.offset < piece_.begin() && wanted.end() >= piece_.begin();
  std::uint64_t begin = wanted.offset;
  std::uint64_t end = wanted.end();
  if (backwards) {
    begin = std::min(begin, std::max(data_begin, end - std::min<std::uint64_t>(end, kPieceBytes)));
  } else {
    end = std::max(end, std::min(data_end, begin + kPieceBytes));
  }
  return piece_.Read(begin, end);
}

Result<const char*> StreamSource::EnterBlock(std::size_t block) {
  const BlockHandle handle = partition_.handle(block);
  const char* stored = piece_.Find(handle);
  if (stored == nullptr) {
    FIRN_RETURN_IF_ERROR(ReadPiece(handle));
    stored = piece_.Find(handle);
  }
  FIRN_RETURN_IF_ERROR(table_->file().CheckStored(handle, BlockType::kData, stored));
  if (handle.compressed()) {
    ReserveExpanded(TableFile::BufferBytes(handle));
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
