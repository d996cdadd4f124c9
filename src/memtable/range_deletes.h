// The range tombstones of a memtable, searchable beside their one writer.
//
// The newest few are a list. A full list becomes an immutable CoverTree, and trees of one size fuse
// into a larger one, so k inserts cost O(k log^2 k) in all and no reader ever sees a half-made
// state.
//
// Threads:  one writer; any number of readers, wait-free through one atomic pointer.
// Lifetime: everything is in the arena given at construction and stays until it dies, trees that
//           were fused included: each tombstone is copied once per fusion, log4(k / kLooseMax)
//           times.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/entry.h"
#include "memtable/arena.h"
#include "memtable/cover_tree.h"

namespace firn {

class RangeDeletes {
 public:
  explicit RangeDeletes(Arena& arena) : arena_(arena) {}
  RangeDeletes(const RangeDeletes&) = delete;
  RangeDeletes& operator=(const RangeDeletes&) = delete;

  // Writer only. Copies the keys. Requires: begin < end.
  void Insert(Slice begin, Slice end, SequenceNumber sequence);

  [[nodiscard]] bool empty() const { return newest_.load(std::memory_order_acquire) == nullptr; }
  // The largest sequence <= `at` of a tombstone over `key`; 0 when there is none.
  [[nodiscard]] SequenceNumber MaxCovering(Slice key, SequenceNumber at) const;
  // Those with a sequence <= `at`, newest insert first.
  void AppendTo(SequenceNumber at, std::vector<RangeTombstone>& out) const;

 private:
  static constexpr std::uint32_t kLooseMax = 16;     // a scan of so few costs no more than a tree
  static constexpr std::size_t kFanIn = 4;           // so many trees of one size fuse
  using Forest = std::span<const CoverTree* const>;  // oldest and largest first

  // A tombstone, and the whole set as it was when this one was the newest.
  struct Link {
    RangeTombstone tombstone;
    const Link* older;
    Forest forest;        // holds all but the newest `loose`
    std::uint32_t loose;  // this one included
  };

  [[nodiscard]] Forest Grow(const Link* newest);
  [[nodiscard]] Slice Copy(Slice bytes);

  Arena& arena_;
  std::atomic<const Link*> newest_{nullptr};
};

}  // namespace firn
