// Sorts references to records into order E1 (key, then sequence descending) by numbers of 8 bytes
// that lie beside the references, so that the records themselves are hardly looked at.
//
// Not here: who owns the records and reads them afterwards (memtable/sorted_entries.h).
// Threads: free functions over borrowed arguments.
#pragma once

#include <cstdint>
#include <span>

#include "memtable/memtable_record.h"

namespace firn {

struct RecordPlace {
  std::uint64_t head = 0;  // what is compared; what it means depends on how far a sort has come
  Record record;
};

// Requires: no two records have the same key and sequence; every key begins with the same `depth`
// bytes, and every head is KeyHead of what its key has behind them. Heads mean nothing afterwards.
// Costs n log n steps on heads, and at worst a look at every 8 bytes that keys have in common.
void SortRecords(std::span<RecordPlace> places, std::size_t depth);

}  // namespace firn
