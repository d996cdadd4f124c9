// Range tombstones cut at every boundary into disjoint fragments, so that "is this key deleted at
// this sequence" is one binary search, whatever their number (docs/compaction.md, "Range deletes").
//
// Threads: immutable after Build. Lifetime: owns copies of all keys.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/entry.h"

namespace firn {

class FragmentedTombstones {
 public:
  struct Fragment {
    Slice begin;                               // inclusive
    Slice end;                                 // exclusive
    std::span<const SequenceNumber> sequences;  // of the tombstones over it, newest first
  };

  FragmentedTombstones() = default;
  // Any order, overlaps welcome; empty or inverted ranges are dropped. O(n log n) plus output.
  static FragmentedTombstones Build(std::span<const RangeTombstone> tombstones);

  [[nodiscard]] bool empty() const { return fragments_.empty(); }
  [[nodiscard]] std::size_t size() const { return fragments_.size(); }
  // Ascending and disjoint; neighbours may touch. Views live as long as this object.
  [[nodiscard]] Fragment fragment(std::size_t index) const;
  // Index of the first fragment whose end lies behind `key` (size() when none).
  [[nodiscard]] std::size_t FindFragment(Slice key) const;
  // The largest sequence <= `at` of a tombstone over `key`; 0 when there is none.
  [[nodiscard]] SequenceNumber MaxCovering(Slice key, SequenceNumber at) const;
  // One RangeTombstone per (fragment, sequence), in order; views live as long as this object.
  void AppendTo(std::vector<RangeTombstone>& out) const;
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct Piece {
    std::size_t begin;  // index into bounds_
    std::size_t first_sequence;
    std::size_t sequence_count;
  };
  std::vector<std::string> bounds_;          // ascending; piece i spans bounds_[begin], [begin + 1]
  std::vector<Piece> fragments_;
  std::vector<SequenceNumber> sequences_;
};

}  // namespace firn
