// 1. Sort by heads.
// 2. Of each group of equal heads: keys that end inside the head come first, in the order of their
//    lengths (the shorter is the prefix of the longer, and padded with the zeros that the longer
//    has), then by sequence; both fit into one new head.
// 3. The others go on behind the head and behind what all of them have in common there, with new
//    heads, as a group of their own: back to 1.
#include "memtable/record_sort.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "base/check.h"
#include "base/common_prefix.h"

namespace firn {
namespace {

constexpr std::size_t kHeadBytes = sizeof(std::uint64_t);
// Below this insertion is faster than another partition.
constexpr std::size_t kInsertionMax = 20;
// Records lie anywhere: so many are fetched ahead.
constexpr std::size_t kPrefetchDistance = 8;

using Places = std::span<RecordPlace>;

void InsertionSortHeads(Places places) {
  for (std::size_t i = 1; i < places.size(); ++i) {
    const RecordPlace moving = places[i];
    std::size_t to = i;
    for (; to > 0 && moving.head < places[to - 1].head; --to) places[to] = places[to - 1];
    places[to] = moving;
  }
}

std::uint64_t MedianOfThree(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

std::uint64_t PivotOf(Places places) {
  const std::size_t step = places.size() / 9;
  const auto three = [&](std::size_t i) {
    return MedianOfThree(places[i * step].head, places[(i + 1) * step].head,
                         places[(i + 2) * step].head);
  };
  return MedianOfThree(three(0), three(3), three(6));
}

// Moves the places for which `goes_first(head)` holds to the front and returns their number. No
// branch depends on the answer, which nobody could predict. One place is held out, so that each
// step moves two others instead of swapping: a swap would wait for the stores of the one before.
template <typename GoesFirst>
std::size_t Partition(Places places, const GoesFirst& goes_first) {
  FIRN_DCHECK(!places.empty());
  RecordPlace* const all = places.data();
  const std::size_t count = places.size();
  const RecordPlace held_out = all[0];
  std::size_t first = 0;
  for (std::size_t i = 1; i < count; ++i) {
    all[i - 1] = all[first];
    all[first] = all[i];
    first += goes_first(all[i].head) ? 1 : 0;
  }
  all[count - 1] = all[first];
  all[first] = held_out;
  return first + (goes_first(held_out.head) ? 1 : 0);
}

void SortHeads(Places places, int partitions_left) {
  while (places.size() > kInsertionMax) {
    if (partitions_left-- == 0) {
      std::sort(places.begin(), places.end(),
                [](const RecordPlace& a, const RecordPlace& b) { return a.head < b.head; });
      return;
    }
    const std::uint64_t pivot = PivotOf(places);
    const std::size_t below = Partition(places, [=](std::uint64_t head) { return head < pivot; });
    if (below == 0) {
      // The pivot is the smallest: what equals it is in place.
      places = places.subspan(
          Partition(places, [=](std::uint64_t head) { return head <= pivot; }));
      continue;
    }
    const Places left = places.first(below);
    const Places right = places.subspan(below);
    SortHeads(left.size() < right.size() ? left : right, partitions_left);
    places = left.size() < right.size() ? right : left;
  }
  InsertionSortHeads(places);
}

void SortHeads(Places places) {
  const bool sorted = std::is_sorted(
      places.begin(), places.end(),
      [](const RecordPlace& a, const RecordPlace& b) { return a.head < b.head; });
  if (!sorted) SortHeads(places, 3 * static_cast<int>(std::bit_width(places.size())));
}

struct Group {
  Places places;  // equal heads; all keys have the same `depth` bytes before them
  std::size_t depth;
};

// Pushes the groups of two and more equal heads.
void PushGroups(Places places, std::size_t depth, std::vector<Group>& groups) {
  for (std::size_t begin = 0; begin < places.size();) {
    std::size_t end = begin + 1;
    while (end < places.size() && places[end].head == places[begin].head) ++end;
    if (end - begin > 1) groups.push_back({places.subspan(begin, end - begin), depth});
    begin = end;
  }
}

void PrefetchAhead(Places places, std::size_t i) {
  if (i + kPrefetchDistance >= places.size()) return;
  __builtin_prefetch(places[i + kPrefetchDistance].record.bytes());
}

// Moves the keys that end before `end` to the front, with heads that give their final order.
std::size_t TakeShortKeys(Places places, std::size_t end) {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    PrefetchAhead(places, i);
    const std::size_t key_bytes = places[i].record.key().size();
    if (key_bytes >= end) continue;
    static_assert(kSequenceMax >> 56 == 0);
    places[i].head = std::uint64_t{kHeadBytes - (end - key_bytes)} << 56 |
                     (kSequenceMax - places[i].record.sequence());
    std::swap(places[i], places[taken++]);
  }
  return taken;
}

// Gives heads behind `depth` and what all keys have in common there; returns that new depth.
std::size_t GiveNewHeads(Places places, std::size_t depth) {
  const Slice first = places.front().record.key().substr(depth);
  std::size_t common = first.size();
  for (std::size_t i = 0; i < places.size() && common > 0; ++i) {
    PrefetchAhead(places, i);
    common = CommonPrefixBytes(first.substr(0, common), places[i].record.key().substr(depth));
  }
  depth += common;
  for (std::size_t i = 0; i < places.size(); ++i) {
    PrefetchAhead(places, i);
    places[i].head = KeyHead(places[i].record.key().substr(depth));
  }
  return depth;
}

}  // namespace

void SortRecords(Places places, std::size_t depth) {
  std::vector<Group> groups;
  SortHeads(places);
  PushGroups(places, depth, groups);
  while (!groups.empty()) {
    const auto [group, group_depth] = groups.back();
    groups.pop_back();
    const std::size_t behind = group_depth + kHeadBytes;
    const std::size_t taken = TakeShortKeys(group, behind);
    SortHeads(group.first(taken));
    const Places rest = group.subspan(taken);
    if (rest.size() < 2) continue;
    const std::size_t rest_depth = GiveNewHeads(rest, behind);
    SortHeads(rest);
    PushGroups(rest, rest_depth, groups);
  }
}

}  // namespace firn
