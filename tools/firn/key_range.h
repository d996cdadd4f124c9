// The stretch of keys a command works on: --from, --to and --prefix together.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>

#include "firn/slice.h"

namespace firn::tool {

// [lower, upper); an unset bound is open.
struct KeyRange {
  std::optional<std::string> lower;
  std::optional<std::string> upper;
};

// The smallest key behind every key that starts with `prefix`; nullopt when there is none
// (the prefix is empty or all 0xFF).
[[nodiscard]] std::optional<std::string> EndOfPrefix(Slice prefix);

// The keys in [from, to) that start with `prefix`; what is unset does not limit.
[[nodiscard]] KeyRange IntersectRange(std::optional<std::string> from,
                                      std::optional<std::string> to,
                                      const std::optional<std::string>& prefix);

}  // namespace firn::tool
