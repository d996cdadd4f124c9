// Build is a sweep over all begins and ends in key order that carries the set of sequences active
// between one boundary and the next.
#include "format/range_tombstones.h"

#include <algorithm>
#include <functional>
#include <map>

#include "base/check.h"

namespace firn {

class FragmentedTombstones::Sweep {
 public:
  // `snapshots` null: every sequence is kept.
  Sweep(FragmentedTombstones& out, const std::span<const SequenceNumber>* snapshots)
      : out_(out), snapshots_(snapshots) {}

  void Run(std::span<const RangeTombstone> tombstones) {
    std::vector<Boundary> boundaries;
    boundaries.reserve(2 * tombstones.size());
    for (const RangeTombstone& tombstone : tombstones) {
      if (tombstone.begin >= tombstone.end) continue;
      boundaries.push_back({tombstone.begin, tombstone.sequence, true});
      boundaries.push_back({tombstone.end, tombstone.sequence, false});
    }
    std::sort(boundaries.begin(), boundaries.end(),
              [](const Boundary& a, const Boundary& b) { return a.key < b.key; });
    for (std::size_t i = 0; i < boundaries.size();) {
      const Slice key = boundaries[i].key;
      if (!active_.empty()) EmitFragment(piece_begin_, key);
      for (; i < boundaries.size() && boundaries[i].key == key; ++i) Cross(boundaries[i]);
      piece_begin_ = key;
    }
    FIRN_CHECK(active_.empty());
  }

 private:
  struct Boundary {
    Slice key;
    SequenceNumber sequence;
    bool opens;
  };

  // Counts, because tombstones of one sequence may overlap.
  void Cross(const Boundary& boundary) {
    int& open_count = active_[boundary.sequence];
    open_count += boundary.opens ? 1 : -1;
    if (open_count == 0) active_.erase(boundary.sequence);
  }

  // The active sequences a fragment keeps, newest first.
  void CollectKept() {
    kept_.clear();
    for (auto it = active_.begin(); it != active_.end();) {
      kept_.push_back(it->first);
      if (snapshots_ == nullptr) {
        ++it;
        continue;
      }
      // On to the newest of an older stripe: at or below the newest snapshot that is older than
      // this.
      const auto newer = std::ranges::lower_bound(*snapshots_, it->first);
      it = newer == snapshots_->begin() ? active_.end() : active_.lower_bound(*std::prev(newer));
    }
  }

  void EmitFragment(Slice begin, Slice end) {
    CollectKept();
    if (ExtendsLast(begin)) {
      out_.bounds_.back() = end;
      return;
    }
    if (out_.bounds_.empty() || out_.bounds_.back() != begin) out_.bounds_.emplace_back(begin);
    out_.bounds_.emplace_back(end);
    out_.fragments_.push_back({.begin = out_.bounds_.size() - 2,
                               .end = out_.bounds_.size() - 1,
                               .first_sequence = out_.sequences_.size(),
                               .sequence_count = kept_.size()});
    out_.sequences_.insert(out_.sequences_.end(), kept_.begin(), kept_.end());
  }

  [[nodiscard]] bool ExtendsLast(Slice begin) const {
    if (out_.fragments_.empty() || out_.bounds_.back() != begin) return false;
    const std::span<const SequenceNumber> last = out_.fragment(out_.size() - 1).sequences;
    return std::ranges::equal(last, kept_);
  }

  FragmentedTombstones& out_;
  const std::span<const SequenceNumber>* const snapshots_;
  std::vector<SequenceNumber> kept_;
  std::map<SequenceNumber, int, std::greater<>> active_;
  Slice piece_begin_;
};

FragmentedTombstones FragmentedTombstones::Build(std::span<const RangeTombstone> tombstones) {
  FragmentedTombstones result;
  Sweep(result, nullptr).Run(tombstones);
  return result;
}

FragmentedTombstones FragmentedTombstones::BuildForSnapshots(
    std::span<const RangeTombstone> tombstones, std::span<const SequenceNumber> snapshots) {
  FragmentedTombstones result;
  Sweep(result, &snapshots).Run(tombstones);
  return result;
}

FragmentedTombstones::Fragment FragmentedTombstones::fragment(std::size_t index) const {
  FIRN_DCHECK(index < fragments_.size());
  const Piece& piece = fragments_[index];
  return {.begin = bounds_[piece.begin],
          .end = bounds_[piece.end],
          .sequences = std::span(sequences_).subspan(piece.first_sequence, piece.sequence_count)};
}

std::size_t FragmentedTombstones::FindFragment(Slice key) const {
  const auto found = std::partition_point(
      fragments_.begin(), fragments_.end(),
      [&](const Piece& piece) { return Slice(bounds_[piece.end]) <= key; });
  return static_cast<std::size_t>(found - fragments_.begin());
}

SequenceNumber FragmentedTombstones::MaxCovering(Slice key, SequenceNumber at) const {
  const std::size_t index = FindFragment(key);
  if (index == size()) return 0;
  const Fragment over = fragment(index);
  return over.begin <= key ? over.NewestUpTo(at) : 0;
}

void FragmentedTombstones::AppendTo(std::vector<RangeTombstone>& out) const {
  out.reserve(out.size() + sequences_.size());
  for (std::size_t i = 0; i < size(); ++i) {
    const Fragment from = fragment(i);
    for (const SequenceNumber sequence : from.sequences) {
      out.push_back({.begin = from.begin, .end = from.end, .sequence = sequence});
    }
  }
}

std::size_t FragmentedTombstones::memory_bytes() const {
  std::size_t bytes = sizeof(*this) + bounds_.capacity() * sizeof(std::string) +
                      fragments_.capacity() * sizeof(Piece) +
                      sequences_.capacity() * sizeof(SequenceNumber);
  for (const std::string& bound : bounds_) bytes += bound.capacity() + 1;
  return bytes;
}

}  // namespace firn
