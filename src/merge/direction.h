// Which way a cursor was read last.
#pragma once

#include <cstdint>

namespace firn {

enum class Direction : std::uint8_t { kForward, kBackward };

}  // namespace firn
