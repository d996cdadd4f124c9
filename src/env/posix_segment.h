// Log segments of the POSIX implementation, mapped or written in place.
//
// Threads: as env/file_system.h says.
// S1  Every byte of a segment was written before the segment is handed out, so appending into it
//     allocates nothing and a data sync has no metadata to commit.
// S2  A mapping is shared: what is stored is in the page cache at once, and fdatasync of the file
//     writes it, as Linux collects dirty mapped pages there.
#pragma once

#include <memory>
#include <string>

#include "env/file_system.h"
#include "env/posix_io.h"

namespace firn {

Result<std::unique_ptr<SegmentFile>> CreatePosixSegment(const std::string& path,
                                                        std::uint64_t bytes,
                                                        SegmentBackend backend);
Result<std::unique_ptr<SegmentFile>> ReopenPosixSegment(const std::string& path,
                                                        SegmentBackend backend);

}  // namespace firn
