// Numbers with units, both ways: "64MiB" from users, "12.3 MiB" for them.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "firn/slice.h"
#include "firn/status.h"

namespace firn::tool {

// Digits with an optional unit: B; K, KiB, M, MiB, G, GiB, T, TiB (powers of 1024); kB, KB, MB, GB,
// TB (powers of 1000). kInvalidArgument for anything else and for more than 64 bits.
[[nodiscard]] Result<std::uint64_t> ParseBytes(Slice text);

[[nodiscard]] std::string FormatBytes(std::uint64_t bytes);     // "512 B", "12.3 MiB"
[[nodiscard]] std::string FormatCount(std::uint64_t count);     // "1,234,567"
[[nodiscard]] std::string FormatDuration(std::uint64_t seconds);  // "7s", "2m05s", "1h02m"

}  // namespace firn::tool
