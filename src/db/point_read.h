// Finds the newest visible value of a key: memtables, then runs from the newest to the oldest; the
// first answer wins. No lock and no allocation while everything needed is resident.
//
// Threads: any. Requires: an epoch guard, or a reference to the view, around call and use of the
// result.
#pragma once

#include <span>

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

// How many keys PrefetchPointReads takes: enough for their misses to overlap, few enough for what
// comes to stay in the processor's cache until it is read.
inline constexpr std::size_t kPointReadsInWave = 16;
// Fetches the memory for which PointReads of these keys will wait, that of all keys at once. A hint:
// reads no file, answers nothing. Requires: an epoch guard around the call; at most
// kPointReadsInWave keys.
void PrefetchPointReads(const ReadView& view, std::span<const LookupKey> keys);

}  // namespace firn
