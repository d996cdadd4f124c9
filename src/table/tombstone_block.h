// The range tombstones of a table as one block, in order of begin:
//   u32 count | count x (sequence varint | begin length varint | end length varint | begin | end)
#pragma once

#include <string>
#include <vector>

#include "base/entry.h"

namespace firn {

void AppendTombstone(std::string& to, const RangeTombstone& tombstone);

// Null, or what is wrong. The views borrow from `raw`.
[[nodiscard]] const char* ParseTombstones(Slice raw, std::vector<RangeTombstone>* tombstones);

}  // namespace firn
