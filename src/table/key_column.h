// Sorted keys as columns: a common prefix, the next 8 bytes of every key as a number (its head),
// and what follows (its tail). Searching touches one array of heads; only equal heads look further.
// Blocks and fences share it.
//
// A key whose bytes behind the prefix are fewer than 8 has its head zero-padded, an empty tail, and
// its true length in the head-length column, which is absent when no key is that short.
// K1  Order by (head, head length, tail) is the order of the keys: equal heads mean equal padded
//     bytes, so of two keys that differ in head length the shorter is a prefix of the longer.
//
// Threads: a view over borrowed bytes; copies are cheap. Its members trust the bytes: Check first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "base/coding.h"
#include "base/entry.h"

namespace firn {

inline constexpr std::size_t kHeadBytes = 8;

class KeyColumn {
 public:
  std::size_t count = 0;
  Slice prefix;
  const char* heads = nullptr;         // count x u64
  const char* head_lengths = nullptr;  // count x u8, or null: all 8
  const char* offsets = nullptr;       // count + 1 ends of tails, u16 or u32, from `base`
  const char* base = nullptr;
  bool wide = false;  // offsets are u32

  [[nodiscard]] std::uint64_t head(std::size_t i) const {
    return LoadFixed<std::uint64_t>(heads + i * sizeof(std::uint64_t));
  }
  [[nodiscard]] std::size_t head_length(std::size_t i) const {
    return head_lengths == nullptr ? kHeadBytes : static_cast<std::uint8_t>(head_lengths[i]);
  }
  [[nodiscard]] std::size_t offset(std::size_t i) const {
    return wide ? LoadFixed<std::uint32_t>(offsets + i * sizeof(std::uint32_t))
                : LoadFixed<std::uint16_t>(offsets + i * sizeof(std::uint16_t));
  }
  [[nodiscard]] Slice tail(std::size_t i) const {
    const std::size_t begin = offset(i);
    return {base + begin, offset(i + 1) - begin};
  }
  [[nodiscard]] std::size_t key_bytes(std::size_t i) const {
    return prefix.size() + head_length(i) + offset(i + 1) - offset(i);
  }

  [[nodiscard]] bool Equals(std::size_t i, Slice key) const;
  // Order of keys i and j, i.e. <0, 0, >0.
  [[nodiscard]] int Compare(std::size_t i, std::size_t j) const;
  // First index whose key is >= key (LowerBound) or > key (UpperBound); count when none.
  [[nodiscard]] std::size_t LowerBound(Slice key) const { return Bound<false>(key); }
  [[nodiscard]] std::size_t UpperBound(Slice key) const { return Bound<true>(key); }

  // Writes key i at `to`, which has room for key_bytes(i). Returns the position behind it.
  char* CopyKey(std::size_t i, char* to) const;
  // The same in whole words: reads and writes up to kCopySlack bytes too much.
  char* CopyKeyLoosely(std::size_t i, char* to) const;
  static constexpr std::size_t kCopySlack = 16;
  [[nodiscard]] std::string Key(std::size_t i) const;

  // Null, or what is wrong: lengths within limits, padding zero, tails inside [base, base + bytes)
  // and in order, keys never descending.
  [[nodiscard]] const char* Check(std::size_t bytes) const;

 private:
  // The part of a searched key behind the prefix.
  struct Suffix {
    std::uint64_t head;
    Slice bytes;
  };
  [[nodiscard]] int CompareWith(std::size_t i, const Suffix& suffix) const;
  template <bool kUpper>
  [[nodiscard]] std::size_t Bound(Slice key) const;
  // First index whose head is >= (kUpper: >) head. Branch-free.
  template <bool kUpper>
  [[nodiscard]] std::size_t BoundOfHead(std::uint64_t head) const;
};

inline bool KeyColumn::Equals(std::size_t i, Slice key) const {
  if (key.size() != key_bytes(i)) return false;
  if (!prefix.empty() && std::memcmp(key.data(), prefix.data(), prefix.size()) != 0) return false;
  const Slice suffix = key.substr(prefix.size());
  if (KeyHead(suffix) != head(i)) return false;
  if (suffix.size() <= kHeadBytes) return true;
  const Slice rest = tail(i);
  return std::memcmp(suffix.data() + kHeadBytes, rest.data(), rest.size()) == 0;
}

inline int KeyColumn::CompareWith(std::size_t i, const Suffix& suffix) const {
  const std::uint64_t mine = head(i);
  if (mine != suffix.head) return mine < suffix.head ? -1 : 1;
  const std::size_t length = head_length(i);
  const std::size_t other_length = std::min(suffix.bytes.size(), kHeadBytes);
  if (length != other_length) return length < other_length ? -1 : 1;
  return tail(i).compare(suffix.bytes.substr(other_length));
}

template <bool kUpper>
std::size_t KeyColumn::BoundOfHead(std::uint64_t wanted) const {
  std::size_t first = 0;
  std::size_t length = count;
  while (length > 1) {
    const std::size_t half = length / 2;
    const std::uint64_t probe = head(first + half - 1);
    const bool right = kUpper ? probe <= wanted : probe < wanted;
    first += right ? half : 0;
    length -= half;
  }
  if (length == 1) {
    const std::uint64_t probe = head(first);
    first += (kUpper ? probe <= wanted : probe < wanted) ? 1 : 0;
  }
  return first;
}

template <bool kUpper>
std::size_t KeyColumn::Bound(Slice key) const {
  if (!prefix.empty()) {
    // Not memcmp itself: an empty key may have no address.
    const int order = key.substr(0, prefix.size()).compare(prefix.substr(0, key.size()));
    if (order < 0 || (order == 0 && key.size() < prefix.size())) return 0;
    if (order > 0) return count;
    key.remove_prefix(prefix.size());
  }
  const Suffix suffix{KeyHead(key), key};
  std::size_t first = BoundOfHead<false>(suffix.head);
  if (first == count || head(first) != suffix.head) return first;
  // Equal heads: search their stretch by the whole key.
  std::size_t last = BoundOfHead<true>(suffix.head);
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    const int order = CompareWith(middle, suffix);
    if (kUpper ? order <= 0 : order < 0) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

inline char* KeyColumn::CopyKey(std::size_t i, char* to) const {
  if (!prefix.empty()) {
    std::memcpy(to, prefix.data(), prefix.size());
    to += prefix.size();
  }
  const std::uint64_t big_endian = __builtin_bswap64(head(i));
  const std::size_t length = head_length(i);
  if (length == kHeadBytes) [[likely]] {
    std::memcpy(to, &big_endian, kHeadBytes);
  } else {
    std::memcpy(to, &big_endian, length);
  }
  to += length;
  const Slice rest = tail(i);
  if (!rest.empty()) std::memcpy(to, rest.data(), rest.size());
  return to + rest.size();
}

inline char* KeyColumn::CopyKeyLoosely(std::size_t i, char* to) const {
  if (!prefix.empty()) {
    std::memcpy(to, prefix.data(), prefix.size());
    to += prefix.size();
  }
  StoreFixed(to, __builtin_bswap64(head(i)));
  to += head_length(i);
  const std::size_t begin = offset(i);
  const std::size_t bytes = offset(i + 1) - begin;
  if (bytes <= kCopySlack) [[likely]] {
    std::memcpy(to, base + begin, kCopySlack);
  } else {
    std::memcpy(to, base + begin, bytes);
  }
  return to + bytes;
}

// The columns' sizes for keys that are about to be encoded, and the writing of them.
class KeyColumnEncoder {
 public:
  // `keys` ascending, at least one; borrowed until the last Write.
  explicit KeyColumnEncoder(std::span<const Slice> keys);

  [[nodiscard]] std::size_t prefix_bytes() const { return prefix_bytes_; }
  [[nodiscard]] bool has_short_keys() const { return has_short_keys_; }
  [[nodiscard]] std::size_t tail_bytes() const { return tail_bytes_; }
  // Each returns the position behind what it wrote.
  char* WriteHeads(char* to) const;
  char* WriteHeadLengths(char* to) const;
  char* WritePrefixAndTails(char* to) const;
  [[nodiscard]] std::size_t tail_bytes(std::size_t i) const {
    const std::size_t suffix = keys_[i].size() - prefix_bytes_;
    return suffix > kHeadBytes ? suffix - kHeadBytes : 0;
  }

 private:
  std::span<const Slice> keys_;
  std::size_t prefix_bytes_ = 0;
  std::size_t tail_bytes_ = 0;
  bool has_short_keys_ = false;
};

}  // namespace firn
