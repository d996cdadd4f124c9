// Range tombstones cut at every boundary into disjoint fragments, so that "is this key deleted at
// this sequence" is one binary search, whatever their number (docs/compaction.md, "Range deletes").
//
// Threads: immutable after Build. Lifetime: owns copies of all keys.
#pragma once

#include <algorithm>
#include <cstddef>
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
    std::span<const SequenceNumber> sequences;  // of the tombstones over it, newest first, distinct
    // The newest that is <= `at`; 0 when there is none.
    [[nodiscard]] SequenceNumber NewestUpTo(SequenceNumber at) const {
      const auto found = std::ranges::lower_bound(sequences, at, std::ranges::greater());
      return found == sequences.end() ? 0 : *found;
    }
  };

  FragmentedTombstones() = default;
  // Any order, overlaps welcome; empty or inverted ranges are dropped, and neighbours that touch
  // under the same sequences become one fragment again: cutting tombstones at table borders leaves
  // no trace once the tables meet in a merge. O(n log n) plus output.
  static FragmentedTombstones Build(std::span<const RangeTombstone> tombstones);

  // The same, keeping per fragment only the newest sequence of each snapshot stripe: all that
  // readers at these snapshots (ascending) or newer than every tombstone can tell apart. O((n +
  // pieces * stripes) log n), also for nested ranges, where Build needs the square of n.
  static FragmentedTombstones BuildForSnapshots(std::span<const RangeTombstone> tombstones,
                                                std::span<const SequenceNumber> snapshots);

  [[nodiscard]] bool empty() const { return fragments_.empty(); }
  [[nodiscard]] std::size_t size() const { return fragments_.size(); }
  // Ascending and disjoint; neighbours may touch. Views live as long as this object.
  [[nodiscard]] Fragment fragment(std::size_t index) const;
  // Index of the first fragment whose end lies behind `key` (size() when none).
  [[nodiscard]] std::size_t FindFragment(Slice key) const;
  // The largest sequence <= `at` of a tombstone over `key`; 0 when there is none.
  [[nodiscard]] SequenceNumber MaxCovering(Slice key, SequenceNumber at) const;
  // One RangeTombstone per (fragment, sequence): by begin, then newest first. Views live as long as
  // this object.
  void AppendTo(std::vector<RangeTombstone>& out) const;
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct Piece {
    std::size_t begin;  // index into bounds_
    std::size_t end;    // index into bounds_
    std::size_t first_sequence;
    std::size_t sequence_count;
  };
  class Sweep;

  std::vector<std::string> bounds_;  // strictly ascending
  std::vector<Piece> fragments_;
  std::vector<SequenceNumber> sequences_;
};

}  // namespace firn
