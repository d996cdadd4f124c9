// How far two keys agree: what prefixes of columns, chunks and merges are found with.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/coding.h"
#include "firn/slice.h"

namespace firn {

// Length of the longest common prefix; eight bytes at a time.
[[nodiscard]] inline std::size_t CommonPrefixBytes(Slice a, Slice b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t common = 0;
  for (; common + sizeof(std::uint64_t) <= most; common += sizeof(std::uint64_t)) {
    const std::uint64_t difference = LoadFixed<std::uint64_t>(a.data() + common) ^
                                     LoadFixed<std::uint64_t>(b.data() + common);
    if (difference != 0) {
      return common + static_cast<std::size_t>(std::countr_zero(difference)) / 8;
    }
  }
  while (common < most && a[common] == b[common]) ++common;
  return common;
}

}  // namespace firn
