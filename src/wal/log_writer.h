// Appends records to the log and makes them durable.
//
// Segments are prepared ahead of need by a background task (created and zero-filled, or recycled
// from obsolete ones; header written and synced, directory synced), so switching costs nothing
// unless the writer outruns it. A full segment gets a seal record and is synced and closed in the
// background, while appends go on in the next one (docs/decisions/0007-rotation-and-torn-tails.md).
// A record that no ordinary segment can hold gets a segment of its own, made while it waits.
//
// L1  Records stand in the log in the order of Append calls.
// L2  durable() >= p only after an fdatasync that covers every byte before p, in every segment,
//     returned 0: nothing in segment N+1 counts as durable before all of N does.
// L3  After one failed write or sync the writer is dead: Append, and Sync of what is not durable,
//     answer kClosed for ever, and no further sync is issued on any segment (rule E1). The call
//     that met the failure returns it as it came.
// Threads: Append by the holder of the commit lock only; Sync, durable, appended, health, segments,
//          Release by anyone; Close and the destructor last.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cache/memory_ledger.h"
#include "env/runtime.h"
#include "wal/log_format.h"

namespace firn {

struct LogWriterSettings {
  std::string directory;
  DatabaseId database;
  std::uint32_t incarnation = 0;
  std::uint64_t segment_bytes = std::uint64_t{16} << 20;
  std::uint64_t window_bytes = std::uint64_t{4} << 20;  // of the mapping kept populated
  std::uint64_t recycled_max = 12;                      // obsolete segments kept for reuse
  SegmentBackend backend = SegmentBackend::kMapped;
  LogPosition start = 0;              // LogReplayResult::end: no position is used twice
  SequenceNumber first_sequence = 0;  // no record has a smaller one
};

// What the caller does after an append.
enum class AfterAppend : std::uint8_t {
  kNothing,
  // Syncs it at once. The record is then written by a system call even into a mapped segment: after
  // each sync a mapped page is write-protected, and the next store into it costs a fault and an
  // interrupt of the other processors, more than the call.
  kSync,
};

class LogWriter {
 public:
  // `next_file_number` hands out numbers from the store's one counter; thread-safe.
  static Result<std::unique_ptr<LogWriter>> Create(const Runtime& runtime,
                                                   DirectoryHandle& directory, MemoryLedger& ledger,
                                                   std::function<FileNumber()> next_file_number,
                                                   LogWriterSettings settings);
  // Waits for its background tasks. Close first to learn of errors.
  virtual ~LogWriter() = default;
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Appends one record holding the concatenated `parts`. Requires: count > 0, and first_sequence is
  // larger than every sequence appended before. When it returns the bytes are in the page
  // cache (they survive kill -9). kNoSpace when a next segment cannot be created, or when a file
  // system that copies on write has no room for a record: nothing was appended, the writer lives, a
  // later call tries again.
  // Returns the position behind the record.
  virtual Result<LogPosition> Append(SequenceNumber first_sequence, std::uint32_t count,
                                     std::span<const Slice> parts,
                                     AfterAppend after = AfterAppend::kNothing) = 0;

  // Returns once every byte before `upto` is durable. Concurrent callers share one fdatasync.
  virtual Status Sync(LogPosition upto) = 0;

  [[nodiscard]] virtual LogPosition appended() const = 0;  // behind the last record
  [[nodiscard]] virtual LogPosition durable() const = 0;
  // What killed the writer, if anything did: nothing more can be appended or become durable.
  [[nodiscard]] virtual Status failure() const = 0;
  // The same, or a failure met while preparing the next segment, which will kill the writer when
  // that segment is needed. Until then it is as alive as ever.
  [[nodiscard]] virtual Status health() const = 0;
  // Segments that could not be prepared. A full disk is tried again, anything else is health().
  [[nodiscard]] virtual std::uint64_t segment_failures() const = 0;

  // Files not needed any more that could not be closed or removed at once.
  [[nodiscard]] virtual std::uint64_t cleanup_failures() const = 0;

  // Segments in use, oldest first: number and the position behind its last possible byte.
  struct SegmentInfo {
    FileNumber number;
    LogPosition start = 0;
    LogPosition end = 0;  // of a sealed segment; the position appended() for the current one
    std::uint64_t file_bytes = 0;
  };
  [[nodiscard]] virtual std::vector<SegmentInfo> segments() const = 0;
  // The caller promises that no byte before `position` is needed any more and that the manifest
  // edit saying so is durable (rule W9): whole segments below it are recycled or removed, once they
  // are synced and closed. A recycled file is rewritten in place: who wants to keep a segment (a
  // checkpoint) copies it, for a hard link would change with it (rule W4).
  virtual void Release(LogPosition position) = 0;

  // Gives back the disk space of files that only make writing faster. For when writes pause.
  virtual void Trim() = 0;

  // Seals nothing, syncs everything appended, stops background work. The log is replayable after.
  virtual Status Close() = 0;

 protected:
  LogWriter() = default;
};

}  // namespace firn
