// What a user sees: at one sequence, the newest version of each key that is not deleted, within
// bounds, forwards and backwards. Allocates nothing per batch; backwards, the value at the seam of
// two source batches is copied.
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
#include "firn/slice.h"
#include "format/range_tombstones.h"

namespace firn {

using VisibleItem = KeyValue;

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
  std::optional<std::string> lower = std::nullopt;  // inclusive
  std::optional<std::string> upper = std::nullopt;  // exclusive
  // Range tombstones of every source, merged into one set by the caller; null when there are none.
  // Outlives the cursor. Hidden entries are walked over, never sought past: an entry under a
  // tombstone may be newer than it, and only a source that knows its own newest sequence could
  // tell.
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

  // Up to `limit` (1..kCapacity) items following (preceding) the position, which moves behind (in
  // front of) them; count 0 with ok() is the end of the bounds. Views are valid until the next
  // call. As in EntryCursor the position lies between two items, so turning round meets the item
  // delivered last again: after Next gave "a" and "b", Prev gives "b" and "a". After a failure
  // every call fails alike until the next seek.
  Status Next(VisibleBatch& batch, std::size_t limit);
  Status Prev(VisibleBatch& batch, std::size_t limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firn
