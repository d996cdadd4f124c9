// Reads everything of an opened specimen in every way and compares it with what was written.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "corruption/specimen.h"

namespace firn::testing {

struct StoreReading {
  // A promise that was broken: a wrong or missing value, an error that is not kCorruption.
  std::optional<std::string> wrong;
  // Some reads answered kCorruption; all others were right.
  bool errors = false;
  // Every read was of the state after so many commits.
  std::size_t state = 0;
};

// Scans both ways and looks up every key there ever was, and keys there never were.
[[nodiscard]] StoreReading ReadEverything(Db& db, const Specimen& specimen);

}  // namespace firn::testing
