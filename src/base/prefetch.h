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

// The translations of the pages of a range whose first page is about to be read: without them, the
// next read in the range waits for a walk of the page tables before it waits for its line. A walk
// costs as much as a miss where the machine is virtual or its huge pages are none. A hint.
inline void PrefetchTranslations(const char* begin, std::size_t bytes) {
  constexpr std::size_t kPageBytes = 4096;
  constexpr std::size_t kPagesMax = 4;  // more are not worth their lines
  if (bytes <= kCacheLineBytes || bytes > kPagesMax * kPageBytes) return;
  for (std::size_t at = kPageBytes; at < bytes; at += kPageBytes) __builtin_prefetch(begin + at);
  __builtin_prefetch(begin + bytes - kCacheLineBytes);
}

}  // namespace firn
