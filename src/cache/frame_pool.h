// Frames: blocks and partitions resident in memory, verified and decoded, found through a pointer in
// their owner instead of a hash table (docs/decisions/, "Frames").
//
// An owner keeps an atomic FrameSlot per block. A hit is one acquire load under an epoch guard. On a
// miss the owner reads the bytes, makes a frame with the pool and publishes it in the slot. The pool
// sweeps its frames with CLOCK when the memory ledger exceeds its budget: it empties the slot and
// retires the frame through the epoch; a frame pinned by an iterator is freed when its last pin goes.
// Threads: all members concurrently.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/mutex.h"
#include "cache/epoch.h"
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
  static constexpr std::uint32_t kOrphan = 1;  // left its slot and every guard; the last Unpin frees
  static constexpr std::uint32_t kOnePin = 2;

  std::atomic<std::uint32_t> state_{0};
  std::atomic<bool> touched_{false};
  FramePool* pool_ = nullptr;
  FrameSlot* slot_ = nullptr;
  // Runs before the memory goes away (a partition frees its blocks there); may be null.
  void (*dispose_)(Frame&) = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace firn
