// Frames: blocks and partitions resident in memory, verified and decoded, found through a pointer
// in their owner instead of a hash table (docs/decisions/0004-frames-and-epochs.md).
//
// An owner keeps an atomic FrameSlot per block. A hit is one acquire load under an epoch guard. On
// a miss the owner reads the bytes, makes a frame with the pool and publishes it in the slot. The
// pool sweeps its frames with CLOCK when the memory ledger exceeds its budget: it empties the slot
// and retires the frame through the epoch; a frame pinned by an iterator is freed when its last pin
// goes. A frame may itself own slots (a partition those of its blocks): they are emptied before it
// goes.
//
// Not here: reading, verifying, decoding (src/table). No I/O happens under the pool's mutex.
// Threads: all members concurrently.
// Lifetime: the pool outlives every slot it published in and every pin.
// R1  A frame is in the ring exactly while a slot points to it; both change under mutex_ only.
// R2  A frame's memory, and its bytes in the ledger, go when it has left its slot, every guard that
//     could have seen it there has ended, and it has no pin.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/mutex.h"
#include "cache/epoch.h"
#include "cache/frame_memory.h"
#include "cache/memory_ledger.h"

namespace firn {

class Frame;
using FrameSlot = std::atomic<Frame*>;

class FramePool;

// 64-byte aligned header; the payload follows at data(), itself 64-byte aligned.
class alignas(64) Frame {
 public:
  [[nodiscard]] char* data() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] const char* data() const { return reinterpret_cast<const char*>(this + 1); }
  [[nodiscard]] std::size_t size() const { return bytes_; }
  // Tells the sweep that the frame is in use; a plain load when it is marked already.
  void Touch() {
    if (!touched_.load(std::memory_order_relaxed)) touched_.store(true, std::memory_order_relaxed);
  }
  // Keeps the frame alive without a guard. Pin needs a guard (or another pin); Unpin does not.
  void Pin() { state_.fetch_add(kOnePin, std::memory_order_relaxed); }
  void Unpin();

 private:
  friend class FramePool;
  // Left its slot and every guard; the last Unpin frees it.
  static constexpr std::uint32_t kOrphan = 1;
  static constexpr std::uint32_t kOnePin = 2;

  Frame(FramePool* pool, std::size_t bytes) : pool_(pool), bytes_(bytes) {}

  std::atomic<std::uint32_t> state_{0};  // pins and kOrphan; the last change is acq_rel
  std::atomic<bool> touched_{false};     // a hint
  std::uint8_t idle_rounds_ = 0;         // of the sweep; guarded by FramePool::mutex_
  std::uint32_t ring_index_ = 0;         // guarded by FramePool::mutex_, as slot_
  FramePool* const pool_;
  FrameSlot* slot_ = nullptr;
  std::span<FrameSlot> children_;  // constant once published
  const std::size_t bytes_;
};
static_assert(sizeof(Frame) == 64);

class FramePool {
 public:
  explicit FramePool(MemoryLedger& ledger);
  // Waits for guards. Requires: no frame in a slot, no pin.
  ~FramePool();
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;

  // A frame nobody else knows, its payload uninitialised, its bytes in the ledger. Belongs to the
  // caller until Publish or Discard.
  [[nodiscard]] Frame* Allocate(std::size_t payload_bytes);
  // Before Publish: the frame's payload holds these slots, and they go with it.
  static void AdoptSlots(Frame* frame, std::span<FrameSlot> slots) { frame->children_ = slots; }
  void Discard(Frame* frame);
  // Puts the frame in the slot, unless another one came first: then the frame is discarded. Returns
  // the one in the slot. Then evicts as needed, possibly that very frame. Requires: a guard.
  Frame* Publish(FrameSlot& slot, Frame* frame) FIRN_EXCLUDES(mutex_);
  // Brings the ledger back to its budget as far as unpinned frames allow.
  void EvictExcess() FIRN_EXCLUDES(mutex_);
  // Empties slots whose owner goes away; nobody publishes in them any more.
  void Clear(std::span<FrameSlot> slots) FIRN_EXCLUDES(mutex_);

  // Frames that occupy memory, whether in a slot or on their way out.
  [[nodiscard]] std::size_t frames() const { return frames_.load(std::memory_order_relaxed); }

 private:
  friend class Frame;
  static void LeaveGuards(void* frame);  // the epoch's reclaim function
  void Destroy(Frame* frame);
  void UnlinkLocked(Frame* frame, std::vector<Frame*>& out) FIRN_REQUIRES(mutex_);
  void UnlinkSlotsLocked(std::span<FrameSlot> slots, std::vector<Frame*>& out)
      FIRN_REQUIRES(mutex_);
  void SweepLocked(std::vector<Frame*>& out) FIRN_REQUIRES(mutex_);
  void Retire(const std::vector<Frame*>& frames) FIRN_EXCLUDES(mutex_);

  [[nodiscard]] std::size_t FootprintOf(std::size_t payload_bytes) const;

  MemoryLedger& ledger_;
  FrameMemory memory_;
  std::atomic<std::size_t> frames_{0};
  // Bytes of frames out of their slots but not past all guards: memory that comes back without
  // further eviction.
  std::atomic<std::uint64_t> leaving_bytes_{0};
  Mutex mutex_;
  std::vector<Frame*> ring_ FIRN_GUARDED_BY(mutex_);
  std::size_t hand_ FIRN_GUARDED_BY(mutex_) = 0;
};

}  // namespace firn
