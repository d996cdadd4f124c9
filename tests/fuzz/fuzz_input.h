// How a fuzz target takes an input apart. A target is one function, LLVMFuzzerTestOneInput, in a
// file of its own; FIRN_CHECK states what must hold for any bytes.
//
// Threads: one. Lifetime: views borrow from the input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/coding.h"
#include "base/types.h"
#include "firn/slice.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace firn::testing {

// Whose files sealed inputs are.
inline constexpr DatabaseId kFuzzDatabase{.high = 0x1122334455667788, .low = 0x99AABBCCDDEEFF00};

class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  // 0 when nothing is left.
  template <std::unsigned_integral T>
  [[nodiscard]] T Number() {
    T value = 0;
    if (rest_.size() < sizeof(T)) {
      rest_ = {};
      return 0;
    }
    value = LoadFixed<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  // A length of two bytes and so many bytes, or what there is.
  [[nodiscard]] Slice Piece() {
    const std::size_t wanted = Number<std::uint16_t>();
    const std::size_t count = std::min(wanted, rest_.size());
    const Slice piece = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return piece;
  }
  [[nodiscard]] Slice Rest() const { return rest_; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }

  // The inverse of Piece, for seeds.
  static void AppendPiece(std::string& to, Slice bytes) {
    AppendFixed(to, static_cast<std::uint16_t>(bytes.size()));
    to.append(bytes);
  }

 private:
  Slice rest_;
};

}  // namespace firn::testing
