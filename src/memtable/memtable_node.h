// Nodes of the memtable's B+-tree, readable at any moment while the one writer changes them.
//
// A node keeps its entries unordered in slots and publishes their order as one atomic word, the
// Permutation (after Masstree: Mao, Kohler, Morris, "Cache craftiness for fast multicore key-value
// storage", EuroSys 2012). An insert fills a free slot and then stores the new word: a reader sees
// the node before or after, never between, and nothing is shifted.
//
// Threads: one writer; readers use acquire loads throughout, so no fence is needed.
// N1  Nothing is ever removed from the tree; a node lives as long as the memtable.
// N2  A node splits by giving its upper part to a new node on its right, so its lowest key never
//     changes and the leaf left of it stays left of it. A reader that comes through a parent may
//     reach the new node before its neighbours point to it; it points to them by then.
// N3  Slots freed by a split may be filled again. `splits` is raised before the order is truncated
//     and again after, before that: a reader that finds it unchanged after reading has read one
//     consistent state of the node.
// N4  The parent routes to the new node before `splits` of the old one is raised.
// N5  The separator of a leaf is the leaf's first record.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "memtable/memtable_record.h"

namespace firn {

// 14 slots, because a leaf is then exactly four cache lines.
inline constexpr unsigned kNodeSlots = 14;

// The order of a node's slots: 4 bits of count, then 14 slot numbers of 4 bits. The first `count`
// are used, in key order; those behind are free.
class Permutation {
 public:
  Permutation() = default;
  explicit Permutation(std::uint64_t word) : word_(word) {}
  // Slots 0 .. count-1 in this order.
  static Permutation InOrder(unsigned count) { return Permutation(kSlotsInOrder | count); }

  bool operator==(const Permutation&) const = default;
  [[nodiscard]] std::uint64_t word() const { return word_; }
  [[nodiscard]] unsigned count() const { return static_cast<unsigned>(word_ & 15); }
  [[nodiscard]] unsigned slot(unsigned position) const {
    return static_cast<unsigned>(word_ >> (4 * position + 4) & 15);
  }
  // The slot that InsertAt will put in order. Requires: count() < kNodeSlots.
  [[nodiscard]] unsigned free_slot() const { return slot(count()); }

  [[nodiscard]] Permutation InsertAt(unsigned position) const {
    const unsigned shift = 4 * position + 4;
    const unsigned free_shift = 4 * count() + 4;
    const std::uint64_t below = word_ & Ones(shift);
    const std::uint64_t moved = (word_ & Ones(free_shift) & ~Ones(shift)) << 4;
    const std::uint64_t above = word_ & ~Ones(free_shift + 4);
    const std::uint64_t inserted = static_cast<std::uint64_t>(free_slot()) << shift;
    return Permutation((below | inserted | moved | above) + 1);
  }
  // Keeps the first `count`; the others become free.
  [[nodiscard]] Permutation Truncated(unsigned count) const {
    return Permutation((word_ & ~std::uint64_t{15}) | count);
  }

 private:
  static constexpr std::uint64_t kSlotsInOrder = 0xDCBA98765432100;
  static std::uint64_t Ones(unsigned bits) {
    return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  }
  std::uint64_t word_ = kSlotsInOrder;
};

// What leaves and inner nodes share: searchable records with their heads.
struct Node {
  explicit Node(std::uint32_t level_in) : level(level_in) {}

  [[nodiscard]] Permutation LoadOrder() const {
    return Permutation(order.load(std::memory_order_acquire));
  }
  void StoreOrder(Permutation permutation) {
    order.store(permutation.word(), std::memory_order_release);
  }
  [[nodiscard]] std::uint32_t LoadSplits() const { return splits.load(std::memory_order_acquire); }
  // Writer only.
  void RaiseSplits() {
    splits.store(splits.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  std::atomic<std::uint64_t> order{Permutation().word()};
  std::atomic<std::uint32_t> splits{0};
  const std::uint32_t level;  // 0 for a leaf
};

// The first position that is not before `target`, where `low` is the first whose head equals the
// target's. Branches on purpose: the processor then fetches the next record on a guess.
template <typename AnyNode>
[[nodiscard]] unsigned LowerBoundOfTies(const AnyNode& node, Permutation order, unsigned low,
                                        const Target& target) {
  unsigned end = low;
  while (end < order.count() &&
         node.heads[order.slot(end)].load(std::memory_order_acquire) == target.head) {
    ++end;
  }
  while (low < end) {
    const unsigned middle = (low + end) / 2;
    const char* const record = node.records[order.slot(middle)].load(std::memory_order_acquire);
    if (target.IsAfterEqualHead(Record(record))) {
      low = middle + 1;
    } else {
      end = middle;
    }
  }
  return low;
}

// How many records of the node, in order, lie before `target`. The search of the heads has no
// branch on what it finds: one would be mispredicted every other time.
template <typename AnyNode>
[[nodiscard]] unsigned LowerBound(const AnyNode& node, Permutation order, const Target& target) {
  const auto head_at = [&](unsigned position) {
    return node.heads[order.slot(position)].load(std::memory_order_acquire);
  };
  unsigned left = order.count();
  if (left == 0) return 0;
  unsigned low = 0;
  for (; left > 1; left -= left / 2) {
    low += (head_at(low + left / 2 - 1) < target.head ? 1u : 0u) * (left / 2);
  }
  const std::uint64_t head = head_at(low);
  if (head == target.head) [[unlikely]]
    return LowerBoundOfTies(node, order, low, target);
  return low + (head < target.head ? 1u : 0u);
}

struct alignas(64) Leaf : Node {
  Leaf() : Node(0) {}

  std::array<std::atomic<std::uint64_t>, kNodeSlots> heads{};
  std::array<std::atomic<const char*>, kNodeSlots> records{};
  // Exact at the writer. A reader that arrives through `previous` may find a leaf that has split
  // since, and walks `next` until it is there.
  std::atomic<Leaf*> next{nullptr};
  std::atomic<Leaf*> previous{nullptr};
};

struct alignas(64) InnerNode : Node {
  InnerNode(std::uint32_t level_in, Node* leftmost_in) : Node(level_in), leftmost(leftmost_in) {}

  // The child at `position` of 0 .. count: it holds what lies between separators position - 1 and
  // position.
  [[nodiscard]] Node* Child(Permutation permutation, unsigned position) const {
    if (position == 0) return leftmost;
    return children[permutation.slot(position - 1)].load(std::memory_order_acquire);
  }

  std::array<std::atomic<std::uint64_t>, kNodeSlots> heads{};
  std::array<std::atomic<Node*>, kNodeSlots> children{};  // right of the separator in this slot
  Node* const leftmost;
  std::array<std::atomic<const char*>, kNodeSlots> records{};  // separators; rarely looked at
};

}  // namespace firn
