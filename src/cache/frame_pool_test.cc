#include "cache/frame_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace firn::testing {
namespace {

using Guard = EpochDomain::Guard;
constexpr std::size_t kPayload = 4096 - sizeof(Frame);
constexpr std::uint64_t kFootprint = 4096;

Frame* NewFrame(FramePool& pool, char fill) {
  Frame* frame = pool.Allocate(kPayload);
  std::memset(frame->data(), fill, kPayload);
  return frame;
}

// The slots live in the parent's payload, as those of a partition do.
std::span<FrameSlot> MakeParent(Frame* frame, std::size_t count) {
  auto* slots = reinterpret_cast<FrameSlot*>(frame->data());
  for (std::size_t i = 0; i < count; ++i) new (slots + i) FrameSlot(nullptr);
  FramePool::AdoptSlots(frame, {slots, count});
  return {slots, count};
}

TEST(FramePool, PublishedFramesAreFoundAndAccountedUntilCleared) {
  MemoryLedger ledger(1 << 20);
  FramePool pool(ledger);
  std::array<FrameSlot, 2> slots{};
  {
    Guard guard;
    Frame* frame = pool.Publish(slots[1], NewFrame(pool, 'a'));
    EXPECT_EQ(slots[1].load(), frame);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame->data()) % 64, 0u);
  }
  EXPECT_EQ(ledger.used(MemoryClass::kFrame), kFootprint);
  pool.Clear(slots);
  EpochDomain::Process().Drain();
  EXPECT_EQ(slots[1].load(), nullptr);
  EXPECT_EQ(ledger.used(), 0u);
  EXPECT_EQ(pool.frames(), 0u);
}

TEST(FramePool, TheSecondPublisherGetsTheFirstOnesFrame) {
  MemoryLedger ledger(1 << 20);
  FramePool pool(ledger);
  std::array<FrameSlot, 1> slots{};
  {
    Guard guard;
    Frame* first = pool.Publish(slots[0], NewFrame(pool, 'a'));
    EXPECT_EQ(pool.Publish(slots[0], NewFrame(pool, 'b')), first);
    EXPECT_EQ(ledger.used(MemoryClass::kFrame), kFootprint);
  }
  pool.Clear(slots);
}

TEST(FramePool, StaysWithinTheBudgetAndSparesUsedFrames) {
  constexpr std::size_t kRoom = 8;
  MemoryLedger ledger(kRoom * kFootprint);
  FramePool pool(ledger);
  std::array<FrameSlot, 64> slots{};
  for (std::size_t i = 0; i < slots.size(); ++i) {
    Guard guard;
    pool.Publish(slots[i], NewFrame(pool, 'a'));
    slots[0].load()->Touch();
    EpochDomain::Process().Collect();
  }
  EpochDomain::Process().Drain();
  EXPECT_LE(ledger.used(), kRoom * kFootprint);
  EXPECT_GE(pool.frames(), kRoom / 2);
  EXPECT_NE(slots[0].load(), nullptr);
  pool.Clear(slots);
}

TEST(FramePool, ANewFrameOutlivesOlderOnesThatAreNotUsed) {
  constexpr std::size_t kRoom = 8;
  MemoryLedger ledger(kRoom * kFootprint);
  FramePool pool(ledger);
  std::array<FrameSlot, 64> slots{};
  for (std::size_t i = 0; i < slots.size(); ++i) {
    {
      Guard guard;
      pool.Publish(slots[i], NewFrame(pool, 'a'));
    }
    EpochDomain::Process().Drain();
    for (std::size_t newest = i; newest + kRoom / 2 > i && newest > 0; --newest) {
      EXPECT_NE(slots[newest].load(), nullptr) << newest << " of " << i;
    }
  }
  pool.Clear(slots);
}

TEST(FramePool, AParentOutlivesRoundsThatItsChildrenDoNot) {
  constexpr std::size_t kRoom = 8;
  MemoryLedger ledger(kRoom * kFootprint);
  FramePool pool(ledger);
  std::array<FrameSlot, 1> top{};
  std::array<FrameSlot, 256> others{};
  std::span<FrameSlot> children;
  {
    Guard guard;
    Frame* parent = NewFrame(pool, 'P');
    children = MakeParent(parent, 1);
    pool.Publish(top[0], parent);
    pool.Publish(children[0], NewFrame(pool, 'c'));
  }
  std::size_t child_left = others.size();
  std::size_t parent_left = others.size();
  for (std::size_t i = 0; i < others.size() && top[0].load() != nullptr; ++i) {
    Guard guard;  // keeps the parent's slots readable after it left
    pool.Publish(others[i], NewFrame(pool, 'o'));
    if (children[0].load() == nullptr) child_left = std::min(child_left, i);
    if (top[0].load() == nullptr) parent_left = i;
  }
  EXPECT_LE(child_left, 2 * kRoom);
  EXPECT_GE(parent_left, 2 * child_left);
  EXPECT_LT(parent_left, others.size());  // in the end it goes too
  pool.Clear(top);
  pool.Clear(others);
}

TEST(FramePool, ABudgetThatOthersExceedEvictsEverythingAndEnds) {
  MemoryLedger ledger(kFootprint);
  FramePool pool(ledger);
  std::array<FrameSlot, 4> slots{};
  ledger.Add(MemoryClass::kMemtable, 100 * kFootprint);
  for (FrameSlot& slot : slots) {
    Guard guard;
    Frame* frame = pool.Publish(slot, NewFrame(pool, 'x'));
    EXPECT_EQ(frame->data()[kPayload - 1], 'x');
  }
  pool.EvictExcess();
  EpochDomain::Process().Drain();
  EXPECT_EQ(pool.frames(), 0u);
  ledger.Remove(MemoryClass::kMemtable, 100 * kFootprint);
}

TEST(FramePool, APinOutlivesSlotAndGuard) {
  MemoryLedger ledger(1 << 20);
  FramePool pool(ledger);
  std::array<FrameSlot, 1> slots{};
  Frame* frame = nullptr;
  {
    Guard guard;
    frame = pool.Publish(slots[0], NewFrame(pool, 'p'));
    frame->Pin();
  }
  pool.Clear(slots);
  EpochDomain::Process().Drain();
  EXPECT_EQ(frame->data()[0], 'p');
  EXPECT_EQ(ledger.used(), kFootprint);
  frame->Unpin();
  EXPECT_EQ(ledger.used(), 0u);
}

TEST(FramePool, PinnedFramesAreNotEvicted) {
  MemoryLedger ledger(kFootprint);
  FramePool pool(ledger);
  std::array<FrameSlot, 3> slots{};
  {
    Guard guard;
    pool.Publish(slots[0], NewFrame(pool, 'p'))->Pin();
    pool.Publish(slots[1], NewFrame(pool, 'q'));
    pool.Publish(slots[2], NewFrame(pool, 'r'));
  }
  Frame* pinned = slots[0].load();
  ASSERT_NE(pinned, nullptr);
  EXPECT_EQ(slots[1].load(), nullptr);
  pinned->Unpin();
  pool.Clear(slots);
}

TEST(FramePool, AParentTakesItsChildrenAlong) {
  MemoryLedger ledger(1 << 20);
  FramePool pool(ledger);
  std::array<FrameSlot, 1> slots{};
  {
    Guard guard;
    Frame* parent = NewFrame(pool, 'P');
    const auto children = MakeParent(parent, 3);
    pool.Publish(slots[0], parent);
    pool.Publish(children[0], NewFrame(pool, 'c'));
    pool.Publish(children[2], NewFrame(pool, 'd'));
    pool.Clear(slots);
    EXPECT_EQ(children[0].load(), nullptr);
    // A reader that still knows the parent publishes a late child; it goes with the parent.
    pool.Publish(children[1], NewFrame(pool, 'l'));
  }
  EpochDomain::Process().Drain();
  EpochDomain::Process().Drain();
  EXPECT_EQ(pool.frames(), 0u);
  EXPECT_EQ(ledger.used(), 0u);
}

TEST(FramePool, AChildPinnedThroughAnEvictedParentStaysReadable) {
  MemoryLedger ledger(1 << 20);
  FramePool pool(ledger);
  std::array<FrameSlot, 1> slots{};
  Frame* child = nullptr;
  {
    Guard guard;
    Frame* parent = NewFrame(pool, 'P');
    const auto children = MakeParent(parent, 1);
    pool.Publish(slots[0], parent);
    child = pool.Publish(children[0], NewFrame(pool, 'c'));
    child->Pin();
  }
  pool.Clear(slots);
  EpochDomain::Process().Drain();
  EXPECT_EQ(pool.frames(), 1u);
  EXPECT_EQ(child->data()[kPayload - 1], 'c');
  child->Unpin();
}

// Readers load, publish, pin and verify over parents and children, under a budget of a few frames.
class Hammer {
 public:
  explicit Hammer(std::uint64_t budget) : ledger_(budget), pool_(ledger_) {}
  ~Hammer() { pool_.Clear(slots_); }

  void Run(std::uint64_t seed, int rounds) {
    std::uint64_t state = seed;
    Frame* pinned = nullptr;
    for (int i = 0; i < rounds; ++i) {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      const std::size_t parent_index = (state >> 33) % kParents;
      const std::size_t child_index = (state >> 43) % kChildren;
      Guard guard;
      Frame* parent = slots_[parent_index].load(std::memory_order_acquire);
      if (parent == nullptr) {
        parent = NewFrame(pool_, 'P');
        MakeParent(parent, kChildren);
        parent = pool_.Publish(slots_[parent_index], parent);
      }
      FrameSlot& slot = reinterpret_cast<FrameSlot*>(parent->data())[child_index];
      Frame* child = slot.load(std::memory_order_acquire);
      const auto fill = static_cast<char>('a' + child_index);
      if (child == nullptr) child = pool_.Publish(slot, NewFrame(pool_, fill));
      child->Touch();
      if (child->data()[0] != fill || child->data()[kPayload - 1] != fill) wrong_.fetch_add(1);
      if (i % 16 == 0) {
        if (pinned != nullptr) pinned->Unpin();
        pinned = i % 32 == 0 ? child : parent;
        pinned->Pin();
      }
    }
    if (pinned != nullptr) pinned->Unpin();
  }
  MemoryLedger& ledger() { return ledger_; }
  FramePool& pool() { return pool_; }
  std::span<FrameSlot> slots() { return slots_; }
  std::uint64_t wrong() const { return wrong_.load(); }

 private:
  static constexpr std::size_t kParents = 4;
  static constexpr std::size_t kChildren = 8;
  MemoryLedger ledger_;
  FramePool pool_;
  std::array<FrameSlot, kParents> slots_{};
  std::atomic<std::uint64_t> wrong_{0};
};

TEST(FramePool, ConcurrentReadersUnderATinyBudgetSeeWholeFramesAndLeaveNothing) {
  Hammer hammer(6 * kFootprint);
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    threads.emplace_back([&hammer, seed] { hammer.Run(seed, 20000); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(hammer.wrong(), 0u);
  hammer.pool().Clear(hammer.slots());
  EpochDomain::Process().Drain();
  EpochDomain::Process().Drain();
  EXPECT_EQ(hammer.pool().frames(), 0u);
  EXPECT_EQ(hammer.ledger().used(), 0u);
}

}  // namespace
}  // namespace firn::testing
