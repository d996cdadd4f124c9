// What a segment file says about itself, and what its records prove, however damaged it is: the
// eyes of log_reader.h, which decides what follows from it.
//
// Threads: free functions over borrowed arguments.
#pragma once

#include <optional>
#include <string>

#include "env/file_system.h"
#include "wal/log_format.h"
#include "wal/segment_window.h"

namespace firn {

struct SegmentSummary {
  FileNumber number;
  std::string path;
  std::uint64_t file_bytes = 0;
  // From the header; from the chain record when that is not intact; else 0.
  std::uint32_t incarnation = 0;
  bool header_intact = false;
  std::optional<LogChain> chain;  // when the chain record is valid, whatever the header is

  [[nodiscard]] RecordSalt salt(const DatabaseId& database) const { return {database, number}; }
};

// Reads header and chain record. A file that was never prepared, or whose preparation was cut off,
// has neither. Errors: kCorruption (another store's file), kNotSupported, kIo.
[[nodiscard]] Result<SegmentSummary> InspectSegment(FileSystem& file_system, std::string path,
                                                    const DatabaseId& database, FileNumber number);

// What the records of one file prove, from some offset on.
struct LogEvidence {
  LogPosition durable = 0;           // largest durable position found in a valid record
  std::uint64_t witness_offset = 0;  // of that record
  std::uint64_t valid_records = 0;
  std::uint64_t batches = 0;      // valid or torn
  std::uint64_t batches_end = 0;  // file offset behind the last of them; 0 when none
};

// Looks at every 8th byte from `from` on for records of incarnation `incarnation_min` or later.
[[nodiscard]] Result<LogEvidence> CollectEvidence(SegmentWindow& file, std::uint64_t from,
                                                  const RecordSalt& salt,
                                                  std::uint32_t incarnation_min);

// The record at `offset`, looked at whole if the file has it whole.
[[nodiscard]] Result<ParsedRecord> RecordAt(SegmentWindow& file, std::uint64_t offset,
                                            const RecordSalt& salt);

}  // namespace firn
