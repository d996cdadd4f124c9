#include "memtable/range_deletes.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "base/check.h"

namespace firn {

void RangeDeletes::Insert(Slice begin, Slice end, SequenceNumber sequence) {
  FIRN_CHECK(begin < end);
  const Link* const older = newest_.load(std::memory_order_relaxed);
  auto* const link = new (arena_.Allocate(sizeof(Link), alignof(Link)))
      Link{{Copy(begin), Copy(end), sequence}, older, {}, 1};
  if (older != nullptr && older->loose < kLooseMax) {
    link->forest = older->forest;
    link->loose = older->loose + 1;
  } else if (older != nullptr) {
    link->forest = Grow(older);
  }
  newest_.store(link, std::memory_order_release);
}

// The forest that holds everything up to `newest`, loose ones included.
RangeDeletes::Forest RangeDeletes::Grow(const Link* newest) {
  Forest kept = newest->forest;
  std::size_t count = newest->loose;
  while (kept.size() >= kFanIn - 1 && kept[kept.size() - (kFanIn - 1)]->count() == count) {
    kept = kept.first(kept.size() - (kFanIn - 1));
    count *= kFanIn;
  }
  // Fused trees hold the newest tombstones of all, so the list has them in one stretch.
  std::vector<RangeTombstone> tombstones;
  tombstones.reserve(count);
  for (const Link* link = newest; tombstones.size() < count; link = link->older) {
    tombstones.push_back(link->tombstone);
  }
  auto* const trees = reinterpret_cast<const CoverTree**>(
      arena_.Allocate((kept.size() + 1) * sizeof(CoverTree*), alignof(CoverTree*)));
  std::uninitialized_copy(kept.begin(), kept.end(), trees);
  trees[kept.size()] = CoverTree::Build(arena_, tombstones);
  return Forest(trees, kept.size() + 1);
}

SequenceNumber RangeDeletes::MaxCovering(Slice key, SequenceNumber at) const {
  const Link* link = newest_.load(std::memory_order_acquire);
  if (link == nullptr) return 0;
  SequenceNumber found = 0;
  for (const CoverTree* tree : link->forest) found = std::max(found, tree->MaxCovering(key, at));
  for (std::uint32_t loose = link->loose; loose > 0; --loose, link = link->older) {
    const RangeTombstone& tombstone = link->tombstone;
    const bool counts = tombstone.sequence <= at && tombstone.sequence > found;
    if (counts && tombstone.begin <= key && key < tombstone.end) found = tombstone.sequence;
  }
  return found;
}

void RangeDeletes::AppendTo(SequenceNumber at, std::vector<RangeTombstone>& out) const {
  const Link* link = newest_.load(std::memory_order_acquire);
  for (; link != nullptr; link = link->older) {
    if (link->tombstone.sequence <= at) out.push_back(link->tombstone);
  }
}

Slice RangeDeletes::Copy(Slice bytes) {
  char* const to = arena_.Allocate(bytes.size(), 1);
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return Slice(to, bytes.size());
}

}  // namespace firn
