// Reads what a segment file holds in spite of damage, and checks one that is in use.
//
// Not here: what belongs to the log and what is a torn tail (log_reader.h). A record found here has
// a salted checksum that matches, so it was written at this place of this file of this store; it
// may all the same be flushed long ago, or be of a log that a later open has replaced.
// Threads: free functions over borrowed arguments; the file may be appended to meanwhile.
#pragma once

#include <functional>

#include "wal/log_scan.h"

namespace firn {

// A record, or bytes that should be one.
struct LogPiece {
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  bool valid = false;
  // Whether `header` is what the writer meant; true of every valid record.
  bool header_intact = false;
  RecordHeader header = {};
  Slice payload = {};  // of a valid record; borrowed during the call
};

// Visits the pieces of [from, upto) in order. Bytes in front of a valid record that belong to none
// are a piece, and so is a damaged record whose header is intact; behind the last of those come
// zeros or bytes of the file's former life, which are none.
[[nodiscard]] Status ScanSegment(SegmentWindow& file, std::uint64_t from, std::uint64_t upto,
                                 const RecordSalt& salt,
                                 const std::function<Status(const LogPiece&)>& visit);

struct SegmentCheck {
  std::string path;
  DatabaseId database;
  FileNumber number;
  LogPosition start = 0;  // of the segment
  LogPosition upto = 0;   // every byte from `start` to here is known durable
};

// Tells `found` every place below `upto` that is not as it was written: offset and what.
// Errors: kIo, kNotFound.
[[nodiscard]] Status VerifySegment(
    FileSystem& file_system, const SegmentCheck& check,
    const std::function<void(std::uint64_t, const std::string&)>& found);

}  // namespace firn
