// A fixed set of range tombstones, searchable by key and sequence: a segment tree over the
// intervals between their bounds, each tombstone noted at the O(log n) nodes that make up its
// range.
//
// Fragments (format/range_tombstones.h) answer with one binary search, but need the square of n
// when ranges nest, as they do when a queue is trimmed again and again from its begin. This one
// needs O(n log n) space at worst and answers in O(log^2 n).
//
// Threads: immutable once built. Lifetime: in the arena given to Build; keys are borrowed.
#pragma once

#include <cstdint>
#include <span>

#include "base/entry.h"
#include "memtable/arena.h"

namespace firn {

class CoverTree {
 public:
  // Requires: 0 < size of `tombstones` < 2^24, begin < end in each. Keys must live as long as the
  // tree.
  static const CoverTree* Build(Arena& arena, std::span<const RangeTombstone> tombstones);

  // How many tombstones it was built from.
  [[nodiscard]] std::size_t count() const { return count_; }
  // The largest sequence <= `at` of a tombstone over `key`; 0 when there is none.
  [[nodiscard]] SequenceNumber MaxCovering(Slice key, SequenceNumber at) const;

 private:
  CoverTree() = default;

  std::size_t count_ = 0;
  std::span<const Slice> bounds_;  // ascending; interval i is [bounds_[i], bounds_[i + 1])
  // Node i, 1 .. 2 * intervals - 1, holds sequences_[first_[i]] up to first_[i + 1], ascending. Its
  // parent is i / 2; the leaf of interval i is node i + intervals.
  std::span<const std::uint32_t> first_;
  std::span<const SequenceNumber> sequences_;
};

}  // namespace firn
