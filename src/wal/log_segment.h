// One segment file the writer still has a use for, and the part of its mapping that is kept
// resident.
//
// Windows: the mapping is used in steps of `window_bytes`. While the writer fills one window, the
// next is populated, so that appends meet no page fault, and those behind are released, so that a
// log of many segments keeps about three windows of memory.
// Threads: constants by anyone; MoveWindow, Sync and Close concurrently (a mutex inside, not held
// during the sync itself); the members of SegmentProgress belong to the lock of LiveSegments.
#pragma once

#include <memory>

#include "base/mutex.h"
#include "cache/memory_ledger.h"
#include "wal/segment_supply.h"

namespace firn {

// How far a segment has come on its way from current to obsolete.
struct SegmentProgress {
  bool sealed = false;
  bool synced = false;   // sealed, and every byte durable
  bool closing = false;  // someone has taken it on himself to close the file
  bool closed = false;
  LogPosition end = 0;  // once sealed
};

class LogSegment {
 public:
  LogSegment(PreparedSegment prepared, LogPosition start, MemoryLedger& ledger,
             std::uint64_t window_bytes)
      : file_(std::move(prepared.file)),
        number_(prepared.number),
        start_(start),
        size_(file_->size()),
        window_bytes_(window_bytes),
        ledger_(ledger) {}
  ~LogSegment();

  [[nodiscard]] FileNumber number() const { return number_; }
  [[nodiscard]] LogPosition start() const { return start_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t OffsetOf(LogPosition position) const {
    return kSegmentHeaderBytes + (position - start_);
  }
  [[nodiscard]] SegmentFile& file() { return *file_; }

  // The writer stands at `offset`: releases what lies behind its window and, if asked to, populates
  // the next one. Does nothing once closed.
  void MoveWindow(std::uint64_t offset, bool populate);
  // Makes all bytes stored before the call durable; the writer stands at `offset` or behind it.
  [[nodiscard]] Status Sync(std::uint64_t offset);
  [[nodiscard]] Status Close();

  SegmentProgress progress;

 private:
  void ReleaseForSync(std::uint64_t offset);
  void Account(std::uint64_t begin, std::uint64_t end) FIRN_REQUIRES(mutex_);

  const std::unique_ptr<SegmentFile> file_;
  const FileNumber number_;
  const LogPosition start_;
  const std::uint64_t size_;
  const std::uint64_t window_bytes_;
  MemoryLedger& ledger_;

  Mutex mutex_;
  bool closed_ FIRN_GUARDED_BY(mutex_) = false;
  std::uint64_t resident_begin_ FIRN_GUARDED_BY(mutex_) = 0;  // accounted as resident: [begin, end)
  std::uint64_t resident_end_ FIRN_GUARDED_BY(mutex_) = 0;
};

}  // namespace firn
