// The keys and values of every workload, as functions of an entry's number, so that nothing has to
// be remembered to know what a store should answer.
//
// Key `index` is a bijection of the index: no key comes twice. A value is made from the index and
// the generation (which write of the key it is); its first eight bytes tell both back. Values are
// half random, half repetition, so that compression has the same to do for every engine.
// Threads: immutable, share them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "firn/slice.h"

namespace firn::compare {

// SplitMix64's finaliser (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014)
// and its inverse.
[[nodiscard]] constexpr std::uint64_t Mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}
[[nodiscard]] constexpr std::uint64_t Unmix(std::uint64_t x) {
  x = (x ^ (x >> 31) ^ (x >> 62)) * 0x319642B2D24D8EC3u;
  x = (x ^ (x >> 27) ^ (x >> 54)) * 0x96DE1B173F119089u;
  return (x ^ (x >> 30) ^ (x >> 60)) - 0x9E3779B97F4A7C15u;
}
static_assert(Unmix(Mix(0)) == 0 && Unmix(Mix(0x0123456789ABCDEFu)) == 0x0123456789ABCDEFu);

[[nodiscard]] inline std::uint64_t LoadWord(const char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

enum class KeyShape : std::uint8_t {
  kRandom,  // 16 random bytes
  kDense,   // 16 bytes: a big-endian integer, then '0's
  kUser,    // 24 bytes: "user" and 20 digits
  kPrefix,  // 61 bytes: a shared path and 16 hexadecimal digits
};
[[nodiscard]] std::optional<KeyShape> KeyShapeOf(std::string_view name);

class Keys {
 public:
  using Buffer = std::array<char, 80>;
  explicit Keys(KeyShape shape);

  // In `buffer`. An index is below 2^32.
  [[nodiscard]] Slice Make(std::uint64_t index, Buffer& buffer) const;
  // A key no index has, anywhere among them; for dense keys, where there is no room, a near one.
  [[nodiscard]] Slice MakeMissing(std::uint64_t index, Buffer& buffer) const;
  // A key no index has, right beside that of `index`: its last byte changed, or one more byte.
  [[nodiscard]] Slice MakeNearMissing(std::uint64_t index, Buffer& buffer) const;
  // Keys are ordered as these numbers are.
  [[nodiscard]] std::uint64_t Order(std::uint64_t index) const {
    return shape_ == KeyShape::kDense ? index : Mix(index);
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // True when neighbouring indexes have keys far apart.
  [[nodiscard]] bool scattered() const { return shape_ != KeyShape::kDense; }

 private:
  KeyShape shape_;
  std::size_t bytes_;
};

// What a key adds to a checksum.
[[nodiscard]] inline std::uint64_t KeyWord(Slice key) {
  if (key.size() < 8) return key.size();
  return LoadWord(key.data()) + std::rotl(LoadWord(key.data() + key.size() - 8), 32);
}

class Values {
 public:
  static constexpr std::size_t kBytesMin = 16;
  struct Origin {
    std::uint64_t index = 0;
    std::uint64_t generation = 0;
  };

  explicit Values(std::size_t bytes) : bytes_(bytes), half_((bytes + 1) / 2) {}

  // In `buffer`, which has buffer_bytes(). Index and generation are below 2^32.
  [[nodiscard]] Slice Make(Origin origin, char* buffer) const;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t buffer_bytes() const { return bytes_ + sizeof(std::uint64_t); }

  // What a value adds to a checksum: its first bytes and its length.
  [[nodiscard]] static std::uint64_t Word(Slice value) {
    return (value.size() < 8 ? 0 : LoadWord(value.data())) + value.size();
  }
  // The same without the value.
  [[nodiscard]] std::uint64_t WordOf(Origin origin) const { return Head(origin) + bytes_; }
  // Which write made `value`, if it has the right length; the rest of its bytes is not looked at.
  [[nodiscard]] std::optional<Origin> OriginOf(Slice value) const {
    if (value.size() != bytes_) return std::nullopt;
    const std::uint64_t origin = Unmix(LoadWord(value.data()));
    return Origin{origin & 0xFFFFFFFFu, origin >> 32};
  }

 private:
  [[nodiscard]] static std::uint64_t Head(Origin origin) {
    return Mix(origin.generation << 32 | origin.index);
  }

  std::size_t bytes_;
  std::size_t half_;
};

// Depends on the order of what is added.
class Checksum {
 public:
  void Add(std::uint64_t word) { sum_ = (sum_ ^ word) * 0x9FB21C651E98DF25u; }
  [[nodiscard]] std::uint64_t value() const { return sum_; }

 private:
  std::uint64_t sum_ = 0;
};

}  // namespace firn::compare
