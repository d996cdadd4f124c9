// The arithmetic of a Bloom filter whose bits for one key lie in one cache line: F. Putze,
// P. Sanders, J. Singler, "Cache-, Hash- and Space-Efficient Bloom Filters" (2007). Tables store
// filters made with it: it is part of the format. Memtables use it in memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace firn {

class BlockedBloom {
 public:
  // 512 bits a line: 9 bits of the mixed hash choose one, and 64 / 9 limits the probes.
  static constexpr unsigned kBitIndexWidth = 9;
  static constexpr unsigned kProbesMax = 7;

  // The line is chosen by the hash's high bits; BitsOf moves the others up.
  [[nodiscard]] static std::size_t LineIndex(std::uint64_t hash, std::size_t lines) {
    return static_cast<std::size_t>(Wide{hash} * lines >> 64);
  }
  // The next probe's bit index in the lowest kBitIndexWidth bits; shift for the one after.
  [[nodiscard]] static std::uint64_t BitsOf(std::uint64_t hash) {
    constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15ull;  // 2^64 / golden ratio (Knuth)
    return hash * kGoldenRatio;
  }
  // Which of the line's eight words, and which of its bits.
  [[nodiscard]] static std::size_t WordOf(std::uint64_t bits) { return bits >> 6 & 7; }
  [[nodiscard]] static unsigned BitOf(std::uint64_t bits) {
    return static_cast<unsigned>(bits & 63);
  }

 private:
  __extension__ using Wide = unsigned __int128;
};

}  // namespace firn
