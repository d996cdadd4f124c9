// Which entries a merge may drop: pure, fed entry by entry in order E1 (docs/compaction.md,
// "Retention").
//
// C3a  Of one key's entries inside one snapshot stripe only the newest is kept.
// C3b  A delete or a range tombstone goes only if the output is the bottom for its range (nothing
//      older below or beside) and no snapshot older than it exists.
// C3c  An entry under a newer range tombstone of the same stripe goes.
// C3d  At the bottom, what every snapshot sees gets sequence 0, so that a settled table needs no
//      sequence column.
#pragma once

#include <string>
#include <vector>

#include "base/entry.h"
#include "format/range_tombstones.h"

namespace firn {

struct RetentionSettings {
  std::vector<SequenceNumber> snapshots = {};  // ascending, may hold duplicates
  // Entries above it were never acknowledged (a failed log) and are dropped; kSequenceMax
  // otherwise.
  SequenceNumber visible_max = kSequenceMax;
  bool bottom = false;                    // nothing older lies below or beside the inputs' ranges
};

struct RetentionCounts {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t superseded = 0;
  std::uint64_t deletes_dropped = 0;
  std::uint64_t covered = 0;
  std::uint64_t unacknowledged = 0;
  // in = out + the rest: checked by every job (rule C4).
  [[nodiscard]] bool Balanced() const {
    return in == out + superseded + deletes_dropped + covered + unacknowledged;
  }
};

class Retention {
 public:
  // `tombstones`: all range tombstones of the inputs; outlives this object.
  Retention(RetentionSettings settings, const FragmentedTombstones& tombstones);

  // Compacts the kept entries of `in` to the front of `out` (which may be `in`), in order, with
  // their final sequences. State carries over to the next batch of the same stream. Views are
  // passed on.
  void Filter(const EntryBatch& in, EntryBatch& out);
  // The tombstones to write, cut to disjoint fragments: by begin, then newest first. Views live as
  // long as the tombstones given to the constructor.
  [[nodiscard]] std::vector<RangeTombstone> KeptTombstones() const;
  [[nodiscard]] const RetentionCounts& counts() const { return counts_; }

 private:
  // Why an entry goes, or that it stays.
  enum class Verdict : std::uint8_t {
    kKeep,
    kUnacknowledged,
    kSuperseded,
    kDeleteDropped,
    kCovered,
  };

  [[nodiscard]] Verdict Judge(const Entry& entry, std::uint64_t head);
  void Count(Verdict verdict);
  // How many snapshots are older than the sequence: entries of one stripe are told apart by none.
  [[nodiscard]] std::size_t StripeOf(SequenceNumber sequence) const;
  // The largest sequence that belongs to the stripe and was acknowledged.
  [[nodiscard]] SequenceNumber NewestOf(std::size_t stripe) const;
  [[nodiscard]] SequenceNumber NewestCovering(Slice key, std::size_t stripe);
  // Whether what the stripe hides or deletes needs no marker any more, and what it keeps no
  // sequence.
  [[nodiscard]] bool Settled(std::size_t stripe) const { return settings_.bottom && stripe == 0; }

  RetentionSettings settings_;  // snapshots without duplicates
  const FragmentedTombstones& tombstones_;
  RetentionCounts counts_;
  std::size_t fragment_ = 0;  // the first whose end lies behind the keys seen

  // The group: the key judged last and the stripe of its last entry. The view is moved into
  // owned_key_ when its batch ends.
  bool in_group_ = false;
  std::uint64_t group_head_ = 0;
  Slice group_key_;
  std::size_t group_stripe_ = 0;
  std::string owned_key_;
};

}  // namespace firn
