#include "table/resident_table.h"

#include <new>
#include <type_traits>

#include "base/status_macros.h"

namespace firn {
namespace {

// A partition's frame: the view, the slots of its blocks, and the block's bytes (64-byte aligned
// for the filter's lines). What every search reads, view, slots and fences, lies side by side at
// the front, in one or two pages of memory; the filter, longer than all of that, comes last.
constexpr std::size_t kViewBytes = (sizeof(PartitionView) + 63) & ~std::size_t{63};
static_assert(std::is_trivially_destructible_v<PartitionView>);
static_assert(std::is_trivially_destructible_v<FrameSlot>);

constexpr std::size_t RawAt(std::size_t blocks) {
  const std::size_t end = kViewBytes + blocks * sizeof(FrameSlot);
  return (end + kCacheLineBytes - 1) & ~(kCacheLineBytes - 1);
}

}  // namespace

Result<std::unique_ptr<ResidentTable>> ResidentTable::Open(const TableFile& file, FramePool& frames,
                                                           MemoryLedger& ledger) {
  auto table = std::make_unique<ResidentTable>(file, frames, ledger);
  FIRN_ASSIGN_OR_RETURN(table->footer_, file.ReadFooter());
  const BlockHandle& top = table->footer_.top;
  FIRN_ASSIGN_OR_RETURN(table->top_, file.ReadOwned(top, BlockType::kTop));
  const char* wrong = ParseTop(table->top_.raw(), top.offset, &table->top_view_);
  if (wrong != nullptr) return file.Corrupt(top.offset, wrong);
  const std::size_t partitions = table->top_view_.partitions;
  table->slots_ = std::make_unique<FrameSlot[]>(partitions);
  table->accounted_bytes_ =
      sizeof(ResidentTable) + TableFile::BufferBytes(top) + partitions * sizeof(FrameSlot);
  ledger.Add(MemoryClass::kTable, table->accounted_bytes_);
  return table;
}

ResidentTable::~ResidentTable() {
  if (slots_ != nullptr) frames_.Clear({slots_.get(), partitions()});
  ledger_.Remove(MemoryClass::kTable, accounted_bytes_);
}

Status ResidentTable::CheckPartition(Slice raw, std::size_t partition, PartitionView* view) const {
  const BlockHandle self = top_view_.handle(partition);
  const char* wrong = ParsePartition(raw, self, view);
  if (wrong == nullptr && (view->entries != top_view_.entries_of(partition) ||
                           view->blocks != top_view_.blocks_of(partition))) {
    wrong = "partition with other counts than the top says";
  }
  // P2; lookups rely on it to find a block for every key the top sent here.
  if (wrong == nullptr && !top_view_.fences.Equals(partition, view->fences.Key(view->blocks - 1))) {
    wrong = "partition with another last fence than the top says";
  }
  return wrong == nullptr ? Status() : file_.Corrupt(self.offset, wrong);
}

Status ResidentTable::ReadPartitionInto(std::size_t partition, OwnedBlock* block,
                                        PartitionView* view) const {
  const BlockHandle handle = top_view_.handle(partition);
  FIRN_ASSIGN_OR_RETURN(*block, file_.ReadOwned(handle, BlockType::kPartition));
  *view = PartitionView();
  return CheckPartition(block->raw(), partition, view);
}

Result<Frame*> ResidentTable::ReadPartition(std::size_t partition, const char* stored) const {
  const BlockHandle handle = top_view_.handle(partition);
  const std::size_t blocks = top_view_.blocks_of(partition);
  Frame* frame = frames_.Allocate(RawAt(blocks) + TableFile::BufferBytes(handle));
  auto* view = new (frame->data()) PartitionView;
  char* const raw = frame->data() + RawAt(blocks);
  Status status = Fetch(handle, BlockType::kPartition, stored, raw);
  if (status.ok()) status = CheckPartition({raw, handle.raw_bytes}, partition, view);
  if (!status.ok()) {
    frames_.Discard(frame);
    return status;
  }
  view->slots = reinterpret_cast<FrameSlot*>(frame->data() + kViewBytes);
  for (std::size_t i = 0; i < blocks; ++i) new (view->slots + i) FrameSlot(nullptr);
  FramePool::AdoptSlots(frame, {view->slots, blocks});
  return frame;
}

Result<Frame*> ResidentTable::ReadBlock(const PartitionView& partition, std::size_t block,
                                        const char* stored) const {
  const BlockHandle handle = partition.handle(block);
  Frame* frame = frames_.Allocate(TableFile::BufferBytes(handle));
  Status status = Fetch(handle, BlockType::kData, stored, frame->data());
  if (status.ok()) {
    const char* wrong = BlockView::Check({frame->data(), handle.raw_bytes});
    if (wrong == nullptr && BlockView(frame->data()).count() != partition.entries_of(block)) {
      wrong = "block with another entry count than its partition says";
    }
    if (wrong != nullptr) status = file_.Corrupt(handle.offset, wrong);
  }
  if (!status.ok()) {
    frames_.Discard(frame);
    return status;
  }
  return frame;
}

}  // namespace firn
