// Fixed and variable width integers, and the one cursor type through which bytes from disk or user
// are read (rule P1): every read is bounds-checked, so a parser cannot run past its input.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <string>

#include "base/check.h"
#include "firn/slice.h"

namespace firn {

// Formats are little-endian; big-endian machines are not supported (docs/format.md, "Conventions").
static_assert(std::endian::native == std::endian::little);

template <std::unsigned_integral T>
T LoadFixed(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

template <std::unsigned_integral T>
void StoreFixed(char* to, T value) {
  std::memcpy(to, &value, sizeof(value));
}

template <std::unsigned_integral T>
void AppendFixed(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

inline constexpr std::size_t kVarint32BytesMax = 5;
inline constexpr std::size_t kVarint64BytesMax = 10;

// Writes 7 bits a byte, low bits first. Returns the position behind the last byte; `to` must have
// room for kVarint64BytesMax.
inline char* StoreVarint(char* to, std::uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

inline void AppendVarint(std::string& to, std::uint64_t value) {
  char buffer[kVarint64BytesMax];
  to.append(buffer, static_cast<std::size_t>(StoreVarint(buffer, value) - buffer));
}

inline void AppendLengthPrefixed(std::string& to, Slice bytes) {
  AppendVarint(to, bytes.size());
  to.append(bytes);
}

// A bounds-checked reader over borrowed bytes. Every Read returns false, and changes nothing, when
// the input is too short or malformed.
class ByteReader {
 public:
  explicit ByteReader(Slice bytes) : rest_(bytes), total_(bytes.size()) {}

  [[nodiscard]] std::size_t remaining() const { return rest_.size(); }
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] std::size_t offset() const { return total_ - rest_.size(); }
  [[nodiscard]] Slice rest() const { return rest_; }

  template <std::unsigned_integral T>
  [[nodiscard]] bool ReadFixed(T* value) {
    if (rest_.size() < sizeof(T)) return false;
    *value = LoadFixed<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return true;
  }

  // Rejects encodings longer than needed for 64 bits.
  [[nodiscard]] bool ReadVarint(std::uint64_t* value) {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < kVarint64BytesMax && i < rest_.size(); ++i) {
      const auto byte = static_cast<std::uint8_t>(rest_[i]);
      if (i == kVarint64BytesMax - 1 && byte > 1) return false;
      result |= std::uint64_t{byte & 0x7Fu} << (7 * i);
      if (byte < 0x80) {
        rest_.remove_prefix(i + 1);
        *value = result;
        return true;
      }
    }
    return false;
  }

  // A varint that is at most `max`.
  [[nodiscard]] bool ReadVarintUpTo(std::uint64_t max, std::uint64_t* value) {
    const Slice before = rest_;
    if (ReadVarint(value) && *value <= max) return true;
    rest_ = before;
    return false;
  }

  // The view borrows from the input.
  [[nodiscard]] bool ReadBytes(std::size_t count, Slice* bytes) {
    if (rest_.size() < count) return false;
    *bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }

  // All that is left, which may be nothing.
  [[nodiscard]] Slice TakeRest() {
    const Slice all = rest_;
    rest_ = {};
    return all;
  }

  [[nodiscard]] bool ReadLengthPrefixed(std::size_t max, Slice* bytes) {
    const Slice before = rest_;
    std::uint64_t length = 0;
    if (ReadVarintUpTo(max, &length) && ReadBytes(static_cast<std::size_t>(length), bytes)) {
      return true;
    }
    rest_ = before;
    return false;
  }

 private:
  Slice rest_;
  std::size_t total_;
};

}  // namespace firn
