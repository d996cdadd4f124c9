// Finds a hash tag among up to 64 at once: the step that makes a point lookup compare one key.
//
// SSE2 is part of every x86-64 machine, so no dispatch is needed; elsewhere the eight bytes of a
// word are compared at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/coding.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace firn {

// Bit i is set when tags[i] == tag, for i < count <= 64. Reads whole words: up to 7 bytes behind
// tags[count - 1].
inline std::uint64_t MatchTagsPortable(const char* tags, std::size_t count, std::uint8_t tag) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  // Gathers the 8 high bits of a word's bytes in its top byte.
  constexpr std::uint64_t kGather = 0x0002040810204081;
  std::uint64_t matches = 0;
  for (std::size_t i = 0; i < count; i += 8) {
    const std::uint64_t differing = LoadFixed<std::uint64_t>(tags + i) ^ (kOnes * tag);
    // The high bit of each byte: was the byte nonzero? Exact, because no carry leaves a byte.
    const std::uint64_t nonzero = ((differing & ~kHighBits) + ~kHighBits) | differing;
    const std::uint64_t equal = ~nonzero & kHighBits;
    matches |= ((equal * kGather) >> 56) << i;
  }
  return count < 64 ? matches & ((std::uint64_t{1} << count) - 1) : matches;
}

// The same; reads up to 15 bytes behind tags[count - 1].
inline std::uint64_t MatchTags(const char* tags, std::size_t count, std::uint8_t tag) {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi8(static_cast<char>(tag));
  std::uint64_t matches = 0;
  for (std::size_t i = 0; i < count; i += 16) {
    const __m128i lane = _mm_loadu_si128(reinterpret_cast<const __m128i*>(tags + i));
    const auto equal = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(lane, wanted)));
    matches |= std::uint64_t{equal} << i;
  }
  return count < 64 ? matches & ((std::uint64_t{1} << count) - 1) : matches;
#else
  return MatchTagsPortable(tags, count, tag);
#endif
}

}  // namespace firn
