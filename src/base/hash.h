// The one 64-bit hash of a user key. It feeds filters, block tags and shards, is computed once per
// operation, and is frozen by the format: XXH3-64 with seed 0 (docs/format.md, "Key hash").
#pragma once

#include <cstdint>

#include "firn/slice.h"

namespace firn {

[[nodiscard]] std::uint64_t KeyHash(Slice key);

}  // namespace firn
