// What a user sees: at one sequence, the newest version of each key that is not deleted, within bounds,
// forwards and backwards.
//
// Threads: one at a time.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/entry.h"
#include "format/range_tombstones.h"

namespace firn {

struct VisibleItem {
  Slice key;
  Slice value;
};

struct VisibleBatch {
  static constexpr std::size_t kCapacity = 64;
  VisibleBatch() {}  // NOLINT(modernize-use-equals-default): keeps the array uninitialised
  std::size_t count = 0;
  union {
    std::array<VisibleItem, kCapacity> items;
  };
};

struct VisibleCursorSettings {
  SequenceNumber at = 0;
  std::optional<std::string> lower;  // inclusive
  std::optional<std::string> upper;  // exclusive
  // Range tombstones of every source, merged into one set by the caller; null when there are none.
  // Outlives the cursor. Runs of deleted keys under them are skipped by seeking, not by walking.
  const FragmentedTombstones* tombstones = nullptr;
};

class VisibleCursor {
 public:
  VisibleCursor(std::unique_ptr<EntryCursor> source, VisibleCursorSettings settings);
  ~VisibleCursor();

  Status SeekToFirst();
  Status SeekToLast();
  Status Seek(Slice target);         // next Next starts at the first visible key >= target
  Status SeekForPrev(Slice target);  // next Prev starts at the last visible key <= target

  // Up to `limit` items following (preceding) the position, which moves behind (before) them; count 0
  // with ok() is the end of the bounds. Views are valid until the next call. Direction may change at
  // any time: Prev after Next yields the item delivered last once more being excluded, i.e. the
  // position lies between two items as in EntryCursor.
  Status Next(VisibleBatch& batch, std::size_t limit);
  Status Prev(VisibleBatch& batch, std::size_t limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firn
