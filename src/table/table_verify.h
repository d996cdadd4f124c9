// Checks a whole table as it is on disk now: every byte against the checksum the manifest has, and
// every block, key, count, bound and filter against each other. Goes on behind what it finds.
//
// Not here: what lies between tables (version.h, V1-V4), reading in spite of damage
// (table_salvage.h).
// Threads: concurrently with every other use of the reader; frames are neither used nor filled.
#pragma once

#include <cstdint>
#include <functional>

#include "table/table_reader.h"

namespace firn {

class TableFileReader;

// The first finding, as kCorruption or kIo; `found`, if set, gets all of them. `progress`, if set,
// gets the bytes of the file checked so far, growing to its size.
[[nodiscard]] Status VerifyTable(const TableFileReader& reader,
                                 const std::function<void(std::uint64_t)>& progress,
                                 const TableReader::FindingSink& found);

}  // namespace firn
