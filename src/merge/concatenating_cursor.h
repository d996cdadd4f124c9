// The tables of one run as one source: they follow each other and do not overlap.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "base/entry.h"

namespace firn {

// Parts are opened when the cursor reaches them. `uppers[i]` is the largest key part i may hold,
// `lowers[i]` the smallest; both ascending and disjoint. They outlive the cursor, or `open` owns
// them.
struct ConcatenatingParts {
  std::span<const Slice> lowers;
  std::span<const Slice> uppers;
  std::function<std::unique_ptr<EntryCursor>(std::size_t part)> open;
};
[[nodiscard]] std::unique_ptr<EntryCursor> NewConcatenatingCursor(ConcatenatingParts parts);

}  // namespace firn
