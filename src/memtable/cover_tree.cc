#include "memtable/cover_tree.h"

#include <algorithm>
#include <new>
#include <vector>

#include "base/check.h"

namespace firn {
namespace {

// Two bounds and at most 2 log2(2^25) nodes a tombstone keep offsets within 32 bits.
constexpr std::size_t kTombstonesMax = std::size_t{1} << 24;

template <typename T>
std::span<T> CopyToArena(Arena& arena, const std::vector<T>& values) {
  T* const to = reinterpret_cast<T*>(arena.Allocate(values.size() * sizeof(T), alignof(T)));
  std::uninitialized_copy(values.begin(), values.end(), to);
  return {to, values.size()};
}

std::vector<Slice> DistinctBounds(std::span<const RangeTombstone> tombstones) {
  std::vector<Slice> bounds;
  bounds.reserve(2 * tombstones.size());
  for (const RangeTombstone& tombstone : tombstones) {
    bounds.push_back(tombstone.begin);
    bounds.push_back(tombstone.end);
  }
  std::sort(bounds.begin(), bounds.end());
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
  return bounds;
}

// Calls visit(node) for the fewest nodes that together span intervals `begin` .. `end` - 1.
template <typename Visit>
void VisitNodesOf(std::size_t begin, std::size_t end, std::size_t intervals, Visit visit) {
  std::size_t left = begin + intervals;
  std::size_t right = end + intervals;
  for (; left < right; left /= 2, right /= 2) {
    if (left % 2 == 1) visit(left++);
    if (right % 2 == 1) visit(--right);
  }
}

}  // namespace

const CoverTree* CoverTree::Build(Arena& arena, std::span<const RangeTombstone> tombstones) {
  FIRN_CHECK(!tombstones.empty());
  FIRN_CHECK(tombstones.size() < kTombstonesMax);
  std::vector<RangeTombstone> ascending(tombstones.begin(), tombstones.end());
  std::sort(
      ascending.begin(), ascending.end(),
      [](const RangeTombstone& a, const RangeTombstone& b) { return a.sequence < b.sequence; });
  const std::vector<Slice> bounds = DistinctBounds(tombstones);
  const std::size_t intervals = bounds.size() - 1;
  const auto for_each_note = [&](auto note) {
    for (const RangeTombstone& tombstone : ascending) {
      FIRN_CHECK(tombstone.begin < tombstone.end);
      const auto index = [&](Slice key) {
        return static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), key) -
                                        bounds.begin());
      };
      VisitNodesOf(index(tombstone.begin), index(tombstone.end), intervals,
                   [&](std::size_t node) { note(node, tombstone.sequence); });
    }
  };

  // Count first, then place: a node's sequences lie side by side.
  std::vector<std::uint32_t> first(2 * intervals + 1);
  for_each_note([&](std::size_t node, SequenceNumber) { ++first[node + 1]; });
  for (std::size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
  std::vector<SequenceNumber> sequences(first.back());
  std::vector<std::uint32_t> next = first;
  for_each_note(
      [&](std::size_t node, SequenceNumber sequence) { sequences[next[node]++] = sequence; });

  auto* const tree = new (arena.Allocate(sizeof(CoverTree), alignof(CoverTree))) CoverTree();
  tree->count_ = tombstones.size();
  tree->bounds_ = CopyToArena(arena, bounds);
  tree->first_ = CopyToArena(arena, first);
  tree->sequences_ = CopyToArena(arena, sequences);
  return tree;
}

SequenceNumber CoverTree::MaxCovering(Slice key, SequenceNumber at) const {
  const auto behind = std::upper_bound(bounds_.begin(), bounds_.end(), key);
  if (behind == bounds_.begin() || behind == bounds_.end()) return 0;
  const std::size_t intervals = bounds_.size() - 1;
  const auto interval = static_cast<std::size_t>(behind - bounds_.begin()) - 1;
  SequenceNumber found = 0;
  for (std::size_t node = interval + intervals; node > 0; node /= 2) {
    const auto here = sequences_.subspan(first_[node], first_[node + 1] - first_[node]);
    const auto above = std::upper_bound(here.begin(), here.end(), at);
    if (above != here.begin()) found = std::max(found, *(above - 1));
  }
  return found;
}

}  // namespace firn
