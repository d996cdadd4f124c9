// Snapshots s1 < s2 < ... cut the sequences into stripes: (0, s1], (s1, s2], ..., (sn, infinity).
// A reader sees all of a stripe or, if it is older, nothing of it, except a reader at or above the
// last snapshot, and that one is at or above visible_max. The proofs are in docs/compaction.md,
// "Retention".
#include "compaction/retention.h"

#include <algorithm>

#include "base/check.h"
#include "base/seeded_bug.h"

namespace firn {
namespace {

// Whether kept[group, end) says of the next keys what kept[last_group, group) says of those before:
// dropping older tombstones leaves neighbours alike that differed only in them.
bool ExtendsGroup(const std::vector<RangeTombstone>& kept, std::size_t last_group,
                  std::size_t group) {
  const auto begin = kept.begin();
  const auto middle = begin + static_cast<std::ptrdiff_t>(group);
  return group != last_group && group != kept.size() && kept[last_group].end == kept[group].begin &&
         std::equal(begin + static_cast<std::ptrdiff_t>(last_group), middle, middle, kept.end(),
                    [](const RangeTombstone& a, const RangeTombstone& b) {
                      return a.sequence == b.sequence;
                    });
}

}  // namespace

Retention::Retention(RetentionSettings settings, const FragmentedTombstones& tombstones)
    : settings_(std::move(settings)), tombstones_(tombstones) {
  std::vector<SequenceNumber>& snapshots = settings_.snapshots;
  FIRN_CHECK(std::ranges::is_sorted(snapshots));
  snapshots.erase(std::unique(snapshots.begin(), snapshots.end()), snapshots.end());
}

void Retention::Filter(const EntryBatch& in, EntryBatch& out) {
  const std::size_t count = in.count;  // `out` may be `in`
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Entry& entry = in.entries[i];
    const std::uint64_t head = in.heads[i];
    if (const Verdict verdict = Judge(entry, head); verdict != Verdict::kKeep) [[unlikely]] {
      Count(verdict);
      continue;
    }
    if (kept != i || &in != &out) {
      out.heads[kept] = head;
      out.entries[kept] = entry;
    }
    if (Settled(group_stripe_)) out.entries[kept].sequence = 0;
    ++kept;
  }
  out.count = kept;
  counts_.in += count;
  counts_.out += kept;
  if (count != 0 && in_group_) {
    owned_key_.assign(group_key_);
    group_key_ = owned_key_;
  }
}

Retention::Verdict Retention::Judge(const Entry& entry, std::uint64_t head) {
  FIRN_DCHECK(entry.kind == EntryKind::kPut || entry.kind == EntryKind::kDelete);
  if (entry.sequence > settings_.visible_max) return Verdict::kUnacknowledged;
  const std::size_t stripe = StripeOf(entry.sequence);
  if (in_group_ && head == group_head_ && entry.key == group_key_) {
    FIRN_DCHECK(stripe <= group_stripe_);
    // Whatever became of the stripe's newest, it hid this one.
    if (stripe == group_stripe_) return Verdict::kSuperseded;
  }
  FIRN_DCHECK(!in_group_ || entry.key >= group_key_);
  in_group_ = true;
  group_head_ = head;
  group_key_ = entry.key;
  group_stripe_ = stripe;
  if (!tombstones_.empty() && NewestCovering(entry.key, stripe) > entry.sequence) {
    return Verdict::kCovered;
  }
  const bool settled =
      Settled(stripe) || (settings_.bottom && BugIsOn(SeededBug::kDeleteDroppedOverSnapshot));
  if (entry.kind == EntryKind::kDelete && settled) return Verdict::kDeleteDropped;
  return Verdict::kKeep;
}

void Retention::Count(Verdict verdict) {
  switch (verdict) {
    case Verdict::kKeep: break;
    case Verdict::kUnacknowledged: ++counts_.unacknowledged; break;
    case Verdict::kSuperseded: ++counts_.superseded; break;
    case Verdict::kDeleteDropped: ++counts_.deletes_dropped; break;
    case Verdict::kCovered: ++counts_.covered; break;
  }
}

std::size_t Retention::StripeOf(SequenceNumber sequence) const {
  const std::vector<SequenceNumber>& snapshots = settings_.snapshots;
  if (snapshots.empty()) return 0;
  auto found = std::ranges::lower_bound(snapshots, sequence);
  if (BugIsOn(SeededBug::kSnapshotBoundaryOffByOne)) {
    found = std::ranges::upper_bound(snapshots, sequence);
  }
  return static_cast<std::size_t>(found - snapshots.begin());
}

SequenceNumber Retention::NewestOf(std::size_t stripe) const {
  if (BugIsOn(SeededBug::kTombstoneCoversAcrossSnapshots)) return settings_.visible_max;
  if (stripe == settings_.snapshots.size()) return settings_.visible_max;
  return std::min(settings_.snapshots[stripe], settings_.visible_max);
}

// At most the stripe's newest and above the caller's entry means in the same stripe as the entry.
SequenceNumber Retention::NewestCovering(Slice key, std::size_t stripe) {
  while (fragment_ < tombstones_.size() && tombstones_.fragment(fragment_).end <= key) ++fragment_;
  if (fragment_ == tombstones_.size()) return 0;
  const FragmentedTombstones::Fragment over = tombstones_.fragment(fragment_);
  return over.begin <= key ? over.NewestUpTo(NewestOf(stripe)) : 0;
}

std::vector<RangeTombstone> Retention::KeptTombstones() const {
  std::vector<RangeTombstone> kept;
  std::size_t last_group = 0;  // the tombstones of the fragment before are [last_group, group)
  for (std::size_t i = 0; i < tombstones_.size(); ++i) {
    const FragmentedTombstones::Fragment from = tombstones_.fragment(i);
    const std::size_t group = kept.size();
    std::size_t stripe_above = settings_.snapshots.size() + 1;
    for (const SequenceNumber sequence : from.sequences) {
      if (sequence > settings_.visible_max) continue;
      const std::size_t stripe = StripeOf(sequence);
      if (stripe == stripe_above || Settled(stripe)) continue;
      stripe_above = stripe;
      kept.push_back({.begin = from.begin, .end = from.end, .sequence = sequence});
    }
    if (!ExtendsGroup(kept, last_group, group)) {
      last_group = group;
      continue;
    }
    for (std::size_t j = last_group; j < group; ++j) kept[j].end = from.end;
    kept.resize(group);
  }
  return kept;
}

}  // namespace firn
