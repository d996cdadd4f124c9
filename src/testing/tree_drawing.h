// Trees drawn as text, for the picker's tests.
//
// "L0: [a-f] | [b-k] ; L7: [a-c][d-m]": levels from the top, runs newest first, tables in key
// order. A table is [lower-upper], or [lower-upper) with an exclusive bound, then attributes: "*40"
// file bytes (default 10), "d7" deletes of 10 entries. Numbers, run ids and sequences are given so
// that V2 holds.
#pragma once

#include <string>

#include "compaction/picker.h"

namespace firn::testing {

[[nodiscard]] Tree ParseTree(const std::string& drawing);
// The inputs of a choice, "L0 [a-f] L7 [a-c] -> L7", with ", move", ", bottom" and ", cut x,y".
[[nodiscard]] std::string Draw(const CompactionChoice& choice);

}  // namespace firn::testing
