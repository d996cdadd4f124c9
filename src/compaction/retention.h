// Which entries a merge may drop: pure, fed entry by entry in order E1 (docs/compaction.md, "Retention").
//
// C3a  Of one key's entries inside one snapshot stripe only the newest is kept.
// C3b  A delete or a range tombstone goes only if the output is the bottom for its range (nothing older
//      below or beside) and no snapshot older than it exists.
// C3c  An entry under a newer range tombstone of the same stripe goes.
// C3d  At the bottom, what every snapshot sees gets sequence 0, so that a settled table needs no
//      sequence column.
#pragma once

#include <span>
#include <vector>

#include "base/entry.h"
#include "format/range_tombstones.h"

namespace firn {

struct RetentionSettings {
  std::vector<SequenceNumber> snapshots;  // ascending, may hold duplicates
  // Entries above it were never acknowledged (a failed log) and are dropped; kSequenceMax otherwise.
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

  // Compacts the kept entries of `in` to the front of `out` (which may be `in`), in order, with their
  // final sequences. State carries over to the next batch of the same stream.
  void Filter(const EntryBatch& in, EntryBatch& out);
  // The tombstones to write, cut to fragments, in order.
  [[nodiscard]] std::vector<RangeTombstone> KeptTombstones() const;
  [[nodiscard]] const RetentionCounts& counts() const { return counts_; }

 private:
  RetentionSettings settings_;
  const FragmentedTombstones& tombstones_;
  RetentionCounts counts_;
  // The key the last entry had, kept across batches, and the stripe of its last kept entry.
  std::string last_key_;
  bool has_last_key_ = false;
  std::size_t last_stripe_ = 0;
};

}  // namespace firn
