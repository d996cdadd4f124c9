// The memtable's ordered index: a B+-tree over records in an arena (memtable/memtable_node.h says
// how a node changes under its readers).
//
// Not here: record bytes, range deletes, counters (memtable/memtable.h).
// Threads:  one writer; any number of readers beside it. A reader never waits: it repeats a step
//           only when the writer has split a node under it.
// Lifetime: nodes live in the arena given at construction.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/prefetch.h"
#include "memtable/arena.h"
#include "memtable/memtable_node.h"

namespace firn {

class MemtableTree {
 public:
  explicit MemtableTree(Arena& arena);
  MemtableTree(const MemtableTree&) = delete;
  MemtableTree& operator=(const MemtableTree&) = delete;

  // Writer only. Requires: no record of the same key and sequence is there.
  void Insert(Record record);

  // The first record that `target` is not after, if it has the same head as the target; otherwise
  // null, which spares a look at a record that cannot have the target's key.
  [[nodiscard]] const char* FindWithEqualHead(const Target& target) const;

  // One consistent state of a leaf, copied out in order.
  struct LeafCopy {
    const Leaf* leaf = nullptr;
    const Leaf* next = nullptr;
    unsigned count = 0;
    std::array<std::uint64_t, kNodeSlots> heads;
    std::array<const char*, kNodeSlots> records;
  };
  // Copies the leaf where `target` belongs.
  void CopyLeafOf(const Target& target, LeafCopy& copy) const;
  // Copies `leaf`. While a split is under way the copy may hold records that `next` holds too.
  static void CopyLeaf(const Leaf* leaf, LeafCopy& copy);
  [[nodiscard]] const Leaf* first_leaf() const { return &first_leaf_; }
  // A leaf from which `next` leads to the last one, usually itself.
  [[nodiscard]] const Leaf* last_leaf() const { return last_leaf_.load(std::memory_order_acquire); }

 private:
  // Half-full nodes have 7 children: 7^20 leaves do not fit into an address space.
  static constexpr std::size_t kLevelsMax = 20;

  struct HeadedRecord {
    std::uint64_t head = 0;
    const char* record = nullptr;
  };
  // Where the last insert went: the next one of an ordered stream belongs there too, and needs no
  // descent. Bounds are the separators around the leaf; a null record means unbounded.
  struct Finger {
    std::array<InnerNode*, kLevelsMax> path;  // nodes above the leaf by level; [0] is unused
    Leaf* leaf = nullptr;
    std::uint64_t lower_head = 0;
    HeadedRecord upper{~std::uint64_t{0}, nullptr};
    bool appended = false;  // the last insert was behind all records of the leaf
  };

  struct Descent {
    const Leaf* leaf = nullptr;
    std::uint32_t splits = 0;
  };
  [[nodiscard]] Descent Descend(const Target& target) const;
  [[nodiscard]] bool TryDescend(const Target& target, Descent& descent) const;
  static bool TryCopyLeaf(const Leaf* leaf, std::uint32_t splits, LeafCopy& copy);

  // Writer's part.
  [[nodiscard]] bool FingerCovers(const Target& target) const;
  void MoveFinger(const Target& target);
  void AppendLeaf(const Target& target, Record record);
  void SplitLeaf(const Target& target);
  static void PlaceAfter(Leaf& leaf, Leaf* right);
  void Link(Leaf* right);
  void InsertSeparator(std::uint32_t level, HeadedRecord separator, Node* right);
  InnerNode* SplitInner(InnerNode* node, const Target& target);
  template <typename AnyNode, typename... Arguments>
  AnyNode* NewNode(Arguments... arguments);

  Arena& arena_;
  std::atomic<Node*> root_;
  std::atomic<Leaf*> last_leaf_;
  Leaf first_leaf_;  // inside, so that an empty memtable takes no chunk
  // Owned by the writer, who moves it at nearly every insert: not on a line that readers need.
  alignas(kCacheLineBytes) Finger finger_;
};

}  // namespace firn
