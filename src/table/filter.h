// Answers "certainly not in this partition" from one cache line: a blocked Bloom filter (after
// F. Putze, P. Sanders, J. Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007).
//
//   0 u8 type (1) | 1 u8 version (1) | 2 u8 bits per key | 3 u8 probes | 4 u32 lines | 8 u64 seed
//   16 zeros to 64 | lines x 64 bytes
//
// Built from KeyHash of the distinct user keys; the seed names the hash's (0). A filter of another
// type, version or seed is ignored: it answers "maybe" (rule P4).
// Threads: views over borrowed bytes.
#pragma once

#include <cstdint>
#include <span>

#include "base/blocked_bloom.h"
#include "base/coding.h"

namespace firn {

inline constexpr std::size_t kFilterLineBytes = 64;
inline constexpr std::size_t kFilterHeaderBytes = 64;

// Size of the encoded filter; 0 when bits_per_key is 0 (no filter).
[[nodiscard]] std::size_t FilterBytes(std::size_t keys, std::uint32_t bits_per_key);
// Encodes into `to`, which has FilterBytes(hashes.size(), bits_per_key) bytes.
void BuildFilter(std::span<const std::uint64_t> hashes, std::uint32_t bits_per_key, char* to);

class FilterView {
 public:
  FilterView() = default;  // answers "maybe"

  // False when the bytes cannot be a filter. One of an unknown type is parsed as "maybe".
  [[nodiscard]] static bool Parse(Slice bytes, FilterView* filter);

  [[nodiscard]] bool MayContain(std::uint64_t hash) const {
    if (lines_ == nullptr) return true;
    const char* line = LineOf(hash);
    std::uint64_t bits = BlockedBloom::BitsOf(hash);
    std::uint64_t missing = 0;
    for (std::uint32_t i = 0; i < probes_; ++i, bits >>= BlockedBloom::kBitIndexWidth) {
      missing |= ~LoadFixed<std::uint64_t>(line + WordAt(bits)) >> BlockedBloom::BitOf(bits) & 1;
    }
    return missing == 0;
  }
  void Prefetch(std::uint64_t hash) const {
    if (lines_ != nullptr) __builtin_prefetch(LineOf(hash));
  }
  [[nodiscard]] bool active() const { return lines_ != nullptr; }

  // Byte offset in the line of the word that holds the probe's bit.
  [[nodiscard]] static std::size_t WordAt(std::uint64_t bits) {
    return BlockedBloom::WordOf(bits) * sizeof(std::uint64_t);
  }

 private:
  [[nodiscard]] const char* LineOf(std::uint64_t hash) const {
    return lines_ + BlockedBloom::LineIndex(hash, line_count_) * kFilterLineBytes;
  }

  const char* lines_ = nullptr;
  std::uint32_t line_count_ = 0;
  std::uint32_t probes_ = 0;
};

}  // namespace firn
