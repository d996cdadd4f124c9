// Segment files ready for use before the writer needs them (rule W4).
//
// A segment is prepared by creating and zero-filling a file, or by renaming an obsolete one to a
// new number; then its header is written, the file synced and the directory synced. Only then is it
// handed out. A file whose preparation failed is never used.
//
// S1  At most one preparation is under way, at most one prepared segment waits.
// S2  A failure other than kNoSpace is sticky: Take answers it for ever, because what a failed sync
//     lost cannot be known. kNoSpace is forgotten; the next call tries again.
// Threads: all members concurrently. Take never runs foreign tasks, so it may be called with a
// lock.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "env/runtime.h"
#include "wal/log_format.h"
#include "wal/task_tracker.h"

namespace firn {

struct SegmentSupplySettings {
  std::string directory;
  DatabaseId database;
  std::uint32_t incarnation = 0;
  std::uint64_t segment_bytes = 0;
  std::uint64_t recycled_max = 0;
  SegmentBackend backend = SegmentBackend::kMapped;
};

struct PreparedSegment {
  FileNumber number;
  std::unique_ptr<SegmentFile> file;
};

class SegmentSupply {
 public:
  SegmentSupply(FileSystem& file_system, DirectoryHandle& directory, TaskTracker& tasks,
                std::function<FileNumber()> next_file_number, SegmentSupplySettings settings);
  SegmentSupply(const SegmentSupply&) = delete;
  SegmentSupply& operator=(const SegmentSupply&) = delete;

  // Has the next segment prepared in the background unless it is, or is being, prepared.
  void PrepareSoon();
  // The prepared segment; waits for a running preparation, and prepares here if none has begun.
  [[nodiscard]] Result<PreparedSegment> Take();
  // A segment of `bytes` made for one large record.
  [[nodiscard]] Result<PreparedSegment> TakeJumbo(std::uint64_t bytes);
  // An obsolete, closed file: kept for reuse, or removed. A file that cannot be removed now is
  // tried again with the next one; what remains is swept at the next open.
  void Recycle(FileNumber number, std::uint64_t file_bytes);
  // Gives back what is kept for speed only: the obsolete files and the prepared one.
  void Trim();
  [[nodiscard]] Status health() const;  // the sticky failure (S2), if any
  // Closes the prepared segment, if any, and prepares no more. Answers the sticky failure too.
  [[nodiscard]] Status Close();
  // Files not needed any more that could not be closed or removed at once.
  [[nodiscard]] std::uint64_t cleanup_failures() const;
  // Preparations that failed.
  [[nodiscard]] std::uint64_t failures() const {
    return failures_.load(std::memory_order_relaxed);
  }

 private:
  enum class State : std::uint8_t { kIdle, kScheduled, kRunning };

  [[nodiscard]] Result<PreparedSegment> Prepare(std::uint64_t bytes);
  [[nodiscard]] Result<PreparedSegment> Open(FileNumber number, std::uint64_t bytes);
  [[nodiscard]] Status WriteHeader(SegmentFile& file, FileNumber number);
  // Prepares into ready_, with the lock given up meanwhile. Requires: state_ is not kRunning.
  Status PrepareHere() FIRN_REQUIRES(mutex_);
  [[nodiscard]] Status Judged(Status status) FIRN_REQUIRES(mutex_);
  void RunScheduled();
  void Sweep();
  [[nodiscard]] std::string PathOf(FileNumber number) const;

  FileSystem& file_system_;
  DirectoryHandle& directory_;
  TaskTracker& tasks_;
  const std::function<FileNumber()> next_file_number_;
  const SegmentSupplySettings settings_;

  std::atomic<std::uint64_t> failures_{0};

  mutable Mutex mutex_;
  CondVar prepared_;
  State state_ FIRN_GUARDED_BY(mutex_) = State::kIdle;
  bool closed_ FIRN_GUARDED_BY(mutex_) = false;
  PreparedSegment ready_ FIRN_GUARDED_BY(mutex_);  // file is null when none is
  Status failure_ FIRN_GUARDED_BY(mutex_);
  std::uint64_t cleanup_failures_ FIRN_GUARDED_BY(mutex_) = 0;
  std::vector<FileNumber> recycled_ FIRN_GUARDED_BY(mutex_);
  std::vector<FileNumber> unwanted_ FIRN_GUARDED_BY(mutex_);  // to be removed
};

}  // namespace firn
