// Checks a whole table: every byte against the checksum the manifest has, and every block, key,
// count and filter against each other.
#pragma once

#include <cstdint>
#include <functional>

#include "firn/status.h"

namespace firn {

class TableFileReader;

// `progress`, if set, gets the bytes of the file checked so far, growing to its size.
[[nodiscard]] Status VerifyTable(const TableFileReader& reader,
                                 const std::function<void(std::uint64_t)>& progress);

}  // namespace firn
