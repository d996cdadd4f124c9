#include "cache/frame_pool.h"

#include <new>

#include "base/check.h"
#include "base/seeded_bug.h"

namespace firn {
namespace {

// Below this budget regions of huge pages would be too coarse a grain.
constexpr std::uint64_t kHugeBudgetMin = std::uint64_t{32} << 20;
// Visits of the hand, without a use between them, at the last of which a parent goes. Where memory
// holds a small part of the data a parent is used about twice a round: one round alone would take
// one in ten with all their children, and reads under it cost two reads of the disk.
constexpr std::uint8_t kRoundsOfParent = 4;

}  // namespace

FramePool::FramePool(MemoryLedger& ledger)
    : ledger_(ledger),
      memory_(ledger.budget() >= kHugeBudgetMin ? FrameMemory::Pages::kHuge
                                                : FrameMemory::Pages::kOrdinary) {}

std::size_t FramePool::FootprintOf(std::size_t payload_bytes) const {
  if (BugIsOn(SeededBug::kFrameHeaderNotCounted)) return memory_.Footprint(payload_bytes);
  return memory_.Footprint(sizeof(Frame) + payload_bytes);
}

void Frame::Unpin() {
  const std::uint32_t before = state_.fetch_sub(kOnePin, std::memory_order_acq_rel);
  FIRN_DCHECK(before >= kOnePin);
  if (before == (kOnePin | kOrphan)) pool_->Destroy(this);
}

FramePool::~FramePool() {
  // Reclaiming a parent may retire children: once more for them.
  do {
    EpochDomain::Process().Drain();
  } while (leaving_bytes_.load(std::memory_order_relaxed) > 0);
  FIRN_CHECK(frames() == 0);
}

Frame* FramePool::Allocate(std::size_t payload_bytes) {
  const std::size_t footprint = FootprintOf(payload_bytes);
  char* const memory = memory_.Take(sizeof(Frame) + payload_bytes);
  ledger_.Add(MemoryClass::kFrame, footprint);
  frames_.fetch_add(1, std::memory_order_relaxed);
  return new (memory) Frame(this, payload_bytes);
}

void FramePool::Discard(Frame* frame) {
  FIRN_DCHECK(frame->slot_ == nullptr);
  Destroy(frame);
}

Frame* FramePool::Publish(FrameSlot& slot, Frame* frame) {
  std::vector<Frame*> evicted;
  Frame* resident = nullptr;
  {
    MutexLock lock(mutex_);
    resident = slot.load(std::memory_order_acquire);
    if (resident == nullptr) {
      frame->slot_ = &slot;
      frame->ring_index_ = static_cast<std::uint32_t>(ring_.size());
      ring_.push_back(frame);
      slot.store(frame, std::memory_order_release);
      SweepLocked(evicted);
    }
  }
  if (resident != nullptr) {
    Discard(frame);
    return resident;
  }
  Retire(evicted);
  return frame;
}

void FramePool::EvictExcess() {
  std::vector<Frame*> evicted;
  {
    MutexLock lock(mutex_);
    SweepLocked(evicted);
  }
  Retire(evicted);
}

void FramePool::Clear(std::span<FrameSlot> slots) {
  std::vector<Frame*> out;
  {
    MutexLock lock(mutex_);
    UnlinkSlotsLocked(slots, out);
  }
  Retire(out);
}

void FramePool::UnlinkSlotsLocked(std::span<FrameSlot> slots, std::vector<Frame*>& out) {
  for (FrameSlot& slot : slots) {
    Frame* frame = slot.load(std::memory_order_relaxed);
    if (frame != nullptr) UnlinkLocked(frame, out);
  }
}

void FramePool::UnlinkLocked(Frame* frame, std::vector<Frame*>& out) {
  // Without its parent a child could not be found any more. One published after this goes with the
  // parent's memory (Destroy).
  UnlinkSlotsLocked(frame->children_, out);
  frame->slot_->store(nullptr, std::memory_order_release);
  frame->slot_ = nullptr;
  Frame* last = ring_.back();
  ring_[frame->ring_index_] = last;
  last->ring_index_ = frame->ring_index_;
  ring_.pop_back();
  leaving_bytes_.fetch_add(FootprintOf(frame->bytes_), std::memory_order_relaxed);
  out.push_back(frame);
}

// CLOCK: a frame used since the hand's last visit is spared, and a parent, without which none of
// its children is found, for some rounds more. The newest frame takes the victim's place in the
// ring, which the hand leaves behind: it has a whole round to be used in. As many rounds as a
// parent has, and one more, find every victim there is, so a budget that other classes alone exceed
// ends the sweep too.
void FramePool::SweepLocked(std::vector<Frame*>& out) {
  std::size_t visits = (1 + kRoundsOfParent) * ring_.size();
  while (visits-- > 0 && !ring_.empty() &&
         ledger_.excess() > leaving_bytes_.load(std::memory_order_relaxed)) {
    if (hand_ >= ring_.size()) hand_ = 0;
    Frame* frame = ring_[hand_];
    ++hand_;
    // A pinned frame would give no memory back.
    if (frame->state_.load(std::memory_order_relaxed) >= Frame::kOnePin) continue;
    if (frame->touched_.exchange(false, std::memory_order_relaxed)) {
      frame->idle_rounds_ = 0;
      continue;
    }
    ++frame->idle_rounds_;
    if (frame->idle_rounds_ >= (frame->children_.empty() ? 1 : kRoundsOfParent)) {
      UnlinkLocked(frame, out);
    }
  }
  // Not on the place that the next frame will take.
  if (hand_ >= ring_.size()) hand_ = 0;
}

void FramePool::Retire(const std::vector<Frame*>& frames) {
  for (Frame* frame : frames) EpochDomain::Process().Retire(frame, LeaveGuards);
}

void FramePool::LeaveGuards(void* object) {
  auto* frame = static_cast<Frame*>(object);
  FramePool* pool = frame->pool_;
  pool->leaving_bytes_.fetch_sub(pool->FootprintOf(frame->bytes_), std::memory_order_relaxed);
  const std::uint32_t before = frame->state_.fetch_or(Frame::kOrphan, std::memory_order_acq_rel);
  if (before == 0) pool->Destroy(frame);
}

void FramePool::Destroy(Frame* frame) {
  if (!frame->children_.empty()) Clear(frame->children_);
  const std::size_t payload_bytes = frame->bytes_;
  frame->~Frame();
  memory_.GiveBack(reinterpret_cast<char*>(frame), sizeof(Frame) + payload_bytes);
  ledger_.Remove(MemoryClass::kFrame, FootprintOf(payload_bytes));
  // Last: the destructor of the pool waits for it.
  frames_.fetch_sub(1, std::memory_order_release);
}

}  // namespace firn
