#include "table/filter.h"

#include <algorithm>

#include "base/check.h"

namespace firn {
namespace {

constexpr std::uint8_t kTypeBlockedBloom = 1;
constexpr std::uint8_t kVersion = 1;
constexpr std::uint64_t kKeyHashSeed = 0;
constexpr std::uint32_t kBitsPerKeyMax = 64;

std::uint32_t LinesFor(std::size_t keys, std::uint32_t bits_per_key) {
  const std::uint64_t bits = std::uint64_t{keys} * std::min(bits_per_key, kBitsPerKeyMax);
  constexpr std::uint64_t kLineBits = kFilterLineBytes * 8;
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, (bits + kLineBits - 1) / kLineBits));
}

// ln 2 times the bits a key is best for a plain Bloom filter; one line of it wants slightly less.
std::uint32_t ProbesFor(std::uint32_t bits_per_key) {
  return std::clamp<std::uint32_t>(bits_per_key * 6 / 10, 1, BlockedBloom::kProbesMax);
}

}  // namespace

std::size_t FilterBytes(std::size_t keys, std::uint32_t bits_per_key) {
  if (bits_per_key == 0) return 0;
  return kFilterHeaderBytes + LinesFor(keys, bits_per_key) * kFilterLineBytes;
}

void BuildFilter(std::span<const std::uint64_t> hashes, std::uint32_t bits_per_key, char* to) {
  FIRN_CHECK(bits_per_key > 0);
  const std::uint32_t lines = LinesFor(hashes.size(), bits_per_key);
  const std::uint32_t probes = ProbesFor(bits_per_key);
  std::memset(to, 0, FilterBytes(hashes.size(), bits_per_key));
  to[0] = static_cast<char>(kTypeBlockedBloom);
  to[1] = static_cast<char>(kVersion);
  to[2] = static_cast<char>(std::min(bits_per_key, kBitsPerKeyMax));
  to[3] = static_cast<char>(probes);
  StoreFixed<std::uint32_t>(to + 4, lines);
  StoreFixed<std::uint64_t>(to + 8, kKeyHashSeed);
  char* const first_line = to + kFilterHeaderBytes;
  for (const std::uint64_t hash : hashes) {
    char* line = first_line + BlockedBloom::LineIndex(hash, lines) * kFilterLineBytes;
    std::uint64_t bits = BlockedBloom::BitsOf(hash);
    for (std::uint32_t i = 0; i < probes; ++i, bits >>= BlockedBloom::kBitIndexWidth) {
      char* word = line + FilterView::WordAt(bits);
      StoreFixed(word, LoadFixed<std::uint64_t>(word) | std::uint64_t{1} << (bits & 63));
    }
  }
}

bool FilterView::Parse(Slice bytes, FilterView* filter) {
  *filter = FilterView();
  if (bytes.empty()) return true;
  if (bytes.size() < kFilterHeaderBytes) return false;
  const auto type = static_cast<std::uint8_t>(bytes[0]);
  const auto version = static_cast<std::uint8_t>(bytes[1]);
  if (type != kTypeBlockedBloom || version != kVersion ||
      LoadFixed<std::uint64_t>(bytes.data() + 8) != kKeyHashSeed) {
    return true;
  }
  const std::uint32_t probes = static_cast<std::uint8_t>(bytes[3]);
  const auto lines = LoadFixed<std::uint32_t>(bytes.data() + 4);
  const std::size_t line_bytes = bytes.size() - kFilterHeaderBytes;
  if (probes == 0 || probes > BlockedBloom::kProbesMax || lines == 0 ||
      line_bytes != std::uint64_t{lines} * kFilterLineBytes) {
    return false;
  }
  filter->lines_ = bytes.data() + kFilterHeaderBytes;
  filter->line_count_ = lines;
  filter->probes_ = probes;
  return true;
}

}  // namespace firn
