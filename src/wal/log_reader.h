// Replays the log at open, and decides whether its end is a torn tail or corruption (rule W6).
//
// The walk begins in the segment that holds `replay_from` and goes from record to record, through a
// seal record to the segment chained behind it, until something is missing at a position X: a
// record that does not validate, or a successor. Everything at and behind X is either a *torn
// tail*, dropped and reported, or *corruption*, refused. It is corruption if and only if one of
// these proves that X had reached the disk (docs/decisions/0007-rotation-and-torn-tails.md):
// R1  the manifest's `durable_at_least`, or the durable position in any valid record behind X, in
//     any segment, is larger than X;
// R2  a valid chain record behind X names a predecessor that is not there (names of segments are
//     durable before their first use), or begins a later log that holds batches;
// R3  a segment with a valid record has a damaged header (headers are durable before first use).
// A valid record behind a bad one proves nothing by itself: pages of a mapping reach the disk in
// any order.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "env/runtime.h"
#include "wal/log_format.h"

namespace firn {

struct LogReplayInput {
  std::string directory;
  DatabaseId database;
  std::vector<FileNumber> segments;  // every log file found, any order
  LogPosition replay_from = 0;       // bytes before it are flushed: not needed, may be missing
  LogPosition durable_at_least = 0;  // from the manifest
  // From the manifest: the open that wrote it replayed all logs of earlier incarnations, so what is
  // left of them proves nothing.
  std::uint32_t incarnation = 0;
  // How much of a segment is in memory at a time; it should fit into a processor's cache.
  std::size_t window_bytes = std::size_t{256} << 10;
};

struct LogReplayResult {
  // Where the next log starts, and what `replay_from` becomes with it: behind every byte that any
  // segment found may ever have used, delivered or dropped, so that no position is used twice.
  LogPosition end = 0;
  SequenceNumber last_sequence = 0;  // of the last record delivered; 0 when none
  std::uint64_t records = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes_dropped = 0;  // torn tail, for the report; 0 for a clean end
};

struct ReplayedRecord {
  SequenceNumber first_sequence = 0;
  std::uint32_t count = 0;
  LogPosition begin = 0;
  LogPosition end = 0;
  Slice payload;  // valid during the call
};

// Delivers every record at or behind `replay_from` in order. A failing `sink` ends the replay with
// its status. Holds a window of a segment in memory, or one record when that is larger. Changes
// nothing on disk.
// Errors: kCorruption (file, offset, what proves it), kIo, kNotSupported.
[[nodiscard]] Result<LogReplayResult> ReplayLog(
    FileSystem& file_system, const LogReplayInput& input,
    const std::function<Status(const ReplayedRecord&)>& sink);

}  // namespace firn
