// Finds the newest visible value of a key: memtables, then runs from the newest to the oldest; the
// first answer wins. No lock and no allocation while everything needed is resident.
//
// Threads: any. Requires: an epoch guard, or a reference to the view, around call and use of the
// result.
#pragma once

#include "db/read_view.h"
#include "table/table_reader.h"

namespace firn {

struct PointResult {
  bool found = false;
  Slice value;             // in a memtable of the view, or in `frame`
  Frame* frame = nullptr;  // null: the view keeps the value alive
};

[[nodiscard]] Status PointRead(const ReadView& view, const LookupKey& key, SequenceNumber at,
                               PointResult* result);

}  // namespace firn
