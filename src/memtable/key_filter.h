// Answers "certainly not in this memtable" from one cache line, so that a Get need not descend
// every memtable of a view: a blocked Bloom filter as in tables (F. Putze, P. Sanders, J. Singler,
// "Cache-, Hash- and Space-Efficient Bloom Filters", 2007), filled while readers look at it.
//
// Past the number of keys it was made for it says "maybe" more often and is never wrong.
// Threads:  one writer; any number of readers. A reader that learned of a key through an acquire
//           load of what the writer stored with release after Add finds it here (rule M2).
// Lifetime: the lines lie in the arena given at construction.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/blocked_bloom.h"
#include "base/prefetch.h"
#include "memtable/arena.h"

namespace firn {

class KeyFilter {
 public:
  // For about `keys` distinct ones, at ten bits each.
  KeyFilter(Arena& arena, std::size_t keys);
  KeyFilter(const KeyFilter&) = delete;
  KeyFilter& operator=(const KeyFilter&) = delete;

  // Writer only. `hash` is KeyHash of the key.
  void Add(std::uint64_t hash) {
    Line& line = lines_[LineIndex(hash)];
    std::uint64_t bits = BlockedBloom::BitsOf(hash);
    for (unsigned i = 0; i < kProbes; ++i, bits >>= BlockedBloom::kBitIndexWidth) {
      std::atomic<std::uint64_t>& word = line.words[BlockedBloom::WordOf(bits)];
      // Not an atomic read-modify-write: nobody else writes.
      word.store(word.load(std::memory_order_relaxed) | MaskOf(bits), std::memory_order_relaxed);
    }
  }
  [[nodiscard]] bool MayContain(std::uint64_t hash) const {
    const Line& line = lines_[LineIndex(hash)];
    std::uint64_t bits = BlockedBloom::BitsOf(hash);
    std::uint64_t missing = 0;
    for (unsigned i = 0; i < kProbes; ++i, bits >>= BlockedBloom::kBitIndexWidth) {
      const auto& word = line.words[BlockedBloom::WordOf(bits)];
      missing |= ~word.load(std::memory_order_relaxed) & MaskOf(bits);
    }
    return missing == 0;
  }
  void Prefetch(std::uint64_t hash) const { __builtin_prefetch(&lines_[LineIndex(hash)]); }

  [[nodiscard]] std::size_t bytes() const { return lines_.size_bytes(); }

 private:
  static constexpr std::size_t kBitsPerKey = 10;
  static constexpr unsigned kProbes = 6;  // what tables use at ten bits a key

  struct alignas(kCacheLineBytes) Line {
    std::array<std::atomic<std::uint64_t>, 8> words;
  };
  static_assert(sizeof(Line) * 8 == std::size_t{1} << BlockedBloom::kBitIndexWidth);

  [[nodiscard]] std::size_t LineIndex(std::uint64_t hash) const {
    return BlockedBloom::LineIndex(hash, lines_.size());
  }
  [[nodiscard]] static std::uint64_t MaskOf(std::uint64_t bits) {
    return std::uint64_t{1} << BlockedBloom::BitOf(bits);
  }

  std::span<Line> lines_;
};

}  // namespace firn
