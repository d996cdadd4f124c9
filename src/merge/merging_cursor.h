// Merges sorted sources into one, in order E1, both ways; a loser tree on key heads, and a stretch
// that comes from one source is passed on as a stretch. Flush, compaction and scans share it.
#pragma once

#include <memory>
#include <vector>

#include "base/entry.h"

namespace firn {

// Ties (same key and sequence, legal only between recovered duplicates) go to the earlier source.
// Requires: at least one source. With one source the result is that source.
[[nodiscard]] std::unique_ptr<EntryCursor> NewMergingCursor(
    std::vector<std::unique_ptr<EntryCursor>> sources);

}  // namespace firn
