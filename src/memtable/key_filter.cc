#include "memtable/key_filter.h"

#include <algorithm>
#include <memory>

namespace firn {

KeyFilter::KeyFilter(Arena& arena, std::size_t keys) {
  constexpr std::size_t kLineBits = sizeof(Line) * 8;
  const std::size_t lines =
      std::max<std::size_t>(1, (keys * kBitsPerKey + kLineBits - 1) / kLineBits);
  char* const memory = arena.Allocate(lines * sizeof(Line), alignof(Line));
  lines_ = {reinterpret_cast<Line*>(memory), lines};
  // Recycled memory holds anything. Each word is value-initialised: zero.
  std::uninitialized_value_construct(lines_.begin(), lines_.end());
}

}  // namespace firn
