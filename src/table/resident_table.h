// What an opened table keeps in memory, the top fences and a slot per partition, and its way to
// frames: partitions hang off those slots, blocks off the slots in their partition's frame.
//
// Threads: all members concurrently.
// Lifetime: Hit* and the frames they return need an epoch guard, or a pin on the parent and the
// frame.
#pragma once

#include <memory>

#include "base/prefetch.h"
#include "cache/frame_pool.h"
#include "table/block.h"
#include "table/partition.h"
#include "table/table_file.h"

namespace firn {

class ResidentTable {
 public:
  // Reads footer and top fences.
  static Result<std::unique_ptr<ResidentTable>> Open(const TableFile& file, FramePool& frames,
                                                     MemoryLedger& ledger);
  // For Open.
  ResidentTable(const TableFile& file, FramePool& frames, MemoryLedger& ledger)
      : file_(file), frames_(frames), ledger_(ledger) {}
  ~ResidentTable();
  ResidentTable(const ResidentTable&) = delete;
  ResidentTable& operator=(const ResidentTable&) = delete;

  [[nodiscard]] const TopView& top() const { return top_view_; }
  [[nodiscard]] const TableFooter& footer() const { return footer_; }
  [[nodiscard]] std::size_t partitions() const { return top_view_.partitions; }

  // The view at the front of a partition's frame.
  [[nodiscard]] static const PartitionView& ViewOf(const Frame& partition) {
    return *reinterpret_cast<const PartitionView*>(partition.data());
  }
  // The frame if it is resident, else null.
  [[nodiscard]] Frame* HitPartition(std::size_t partition) const { return Hit(slots_[partition]); }
  [[nodiscard]] static Frame* HitBlock(const PartitionView& partition, std::size_t block) {
    return Hit(partition.slots[block]);
  }
  // Fetches a resident partition's view together with its frame's header, on which a pin waits.
  void PrefetchPartition(std::size_t partition) const {
    const Frame* frame = slots_[partition].load(std::memory_order_relaxed);
    if (frame == nullptr) return;
    PrefetchLines(frame->data() - sizeof(Frame), sizeof(Frame) + sizeof(PartitionView));
  }
  // Whether the block is, without counting as a use. The second needs a guard.
  [[nodiscard]] static bool IsResident(const PartitionView& partition, std::size_t block) {
    return partition.slots[block].load(std::memory_order_relaxed) != nullptr;
  }
  [[nodiscard]] bool IsResident(std::size_t partition, std::size_t block) const {
    const Frame* frame = slots_[partition].load(std::memory_order_acquire);
    return frame != nullptr && IsResident(ViewOf(*frame), block);
  }
  // Fetches what a search reads of a resident block before it knows the entry: the frame's header
  // and the block's columns up to the prefix, where a usual block has it. Its lines come at once
  // instead of one miss after the other; what the entry adds comes with its value.
  static void PrefetchBlock(const PartitionView& partition, std::size_t block) {
    const Frame* frame = partition.slots[block].load(std::memory_order_relaxed);
    if (frame == nullptr) return;
    const std::size_t entries = partition.usual_block_entries;
    const char* const bytes = frame->data();
    PrefetchLines(bytes - sizeof(Frame), sizeof(Frame) + LayoutOf(entries, 0).prefix);
    PrefetchTranslations(bytes, partition.usual_block_bytes);
  }

  // The same for a lookup by tag, which looks at one head, and at that together with the value.
  // Where the value lies is not known yet, but its page can be found meanwhile.
  static void PrefetchForLookup(const PartitionView& partition, std::size_t block) {
    const Frame* frame = partition.slots[block].load(std::memory_order_relaxed);
    if (frame == nullptr) return;
    const BlockLayout layout = LayoutOf(partition.usual_block_entries, 0);
    const char* const bytes = frame->data();
    PrefetchLines(bytes - sizeof(Frame), sizeof(Frame) + layout.heads);
    PrefetchLines(bytes + layout.offsets, layout.prefix - layout.offsets);
    PrefetchTranslations(bytes, partition.usual_block_bytes);
  }

  // Reads and verifies what is not resident; the frame still belongs to the caller. `stored`: the
  // bytes in the file, where they have been read already.
  Result<Frame*> ReadPartition(std::size_t partition, const char* stored = nullptr) const;
  Result<Frame*> ReadBlock(const PartitionView& partition, std::size_t block,
                           const char* stored = nullptr) const;
  // Makes it resident, or drops it for the one that became so meanwhile. Requires: a guard.
  [[nodiscard]] Frame* PublishPartition(std::size_t partition, Frame* frame) const {
    return frames_.Publish(slots_[partition], frame);
  }
  [[nodiscard]] Frame* PublishBlock(const PartitionView& partition, std::size_t block,
                                    Frame* frame) const {
    return frames_.Publish(partition.slots[block], frame);
  }

  // Reads a partition outside the frames. `view` borrows from `block`.
  Status ReadPartitionInto(std::size_t partition, OwnedBlock* block, PartitionView* view) const;
  [[nodiscard]] const TableFile& file() const { return file_; }

 private:
  [[nodiscard]] static Frame* Hit(const FrameSlot& slot) {
    Frame* frame = slot.load(std::memory_order_acquire);
    if (frame != nullptr) frame->Touch();
    return frame;
  }
  // From `stored`, or from the file if that is null.
  Status Fetch(const BlockHandle& handle, BlockType type, const char* stored, char* to) const {
    return stored == nullptr ? file_.ReadBlock(handle, type, to)
                             : file_.TakeBlock(handle, type, stored, to);
  }
  Status CheckPartition(Slice raw, std::size_t partition, PartitionView* view) const;

  const TableFile& file_;
  FramePool& frames_;
  MemoryLedger& ledger_;
  TableFooter footer_;
  OwnedBlock top_;
  TopView top_view_;
  std::unique_ptr<FrameSlot[]> slots_;
  std::uint64_t accounted_bytes_ = 0;
};

}  // namespace firn
