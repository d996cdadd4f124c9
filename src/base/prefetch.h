// Fetches memory ahead of its use. Lines asked for together arrive together: that is the whole
// trick of the read paths, where the next address usually depends on the last miss.
#pragma once

#include <cstddef>
#include <cstdint>

namespace firn {

inline constexpr std::size_t kCacheLineBytes = 64;

// Every cache line of [begin, begin + bytes). A hint: the range need not be mapped.
inline void PrefetchLines(const char* begin, std::size_t bytes) {
  const std::size_t skew = reinterpret_cast<std::uintptr_t>(begin) % kCacheLineBytes;
  for (std::size_t at = 0; at < skew + bytes; at += kCacheLineBytes) {
    __builtin_prefetch(begin - skew + at);
  }
}

}  // namespace firn
