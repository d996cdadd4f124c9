// Replays the log at open, and decides whether its end is a torn tail or corruption (rule W6).
//
// A bad record at position X is a *torn tail* unless some valid record, in any segment, or the
// manifest says that bytes at or behind X were durable; then it is *corruption*. A valid record behind
// a bad one proves nothing by itself: pages of a mapping reach the disk in any order.
// Everything behind a torn tail is dropped, later segments included, and reported.
#pragma once

#include <functional>

#include "env/runtime.h"
#include "wal/log_format.h"

namespace firn {

struct LogReplayInput {
  std::string directory;
  DatabaseId database;
  std::vector<FileNumber> segments;    // every log file found, any order
  LogPosition replay_from = 0;         // bytes before it are flushed: not needed, may be missing
  LogPosition durable_at_least = 0;    // from the manifest
};

struct LogReplayResult {
  LogPosition end = 0;                 // behind the last record delivered; replay_from when none
  SequenceNumber last_sequence = 0;    // of the last record delivered; 0 when none
  std::uint64_t records = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes_dropped = 0;     // torn tail, for the report; 0 for a clean end
};

struct ReplayedRecord {
  SequenceNumber first_sequence = 0;
  std::uint32_t count = 0;
  LogPosition begin = 0;
  LogPosition end = 0;
  Slice payload;  // valid during the call
};

// Delivers every record at or behind `replay_from` in order. A failing `sink` ends the replay with its
// status. Errors: kCorruption (file, offset, what proves it), kIo, kNotSupported.
[[nodiscard]] Result<LogReplayResult> ReplayLog(
    FileSystem& file_system, const LogReplayInput& input,
    const std::function<Status(const ReplayedRecord&)>& sink);

}  // namespace firn
