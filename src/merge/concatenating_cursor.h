// The tables of one run as one source: they follow each other and do not overlap.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/entry.h"

namespace firn {

// Parts are opened when the cursor reaches them. `uppers[i]` is the largest key part i may hold,
// `lowers[i]` the smallest; both ascending and disjoint, and outliving the cursor.
struct ConcatenatingParts {
  std::vector<Slice> lowers;
  std::vector<Slice> uppers;
  std::function<std::unique_ptr<EntryCursor>(std::size_t part)> open;
};
[[nodiscard]] std::unique_ptr<EntryCursor> NewConcatenatingCursor(ConcatenatingParts parts);

}  // namespace firn
