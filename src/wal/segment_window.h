// Reads a segment file front to back through one buffer of bounded size, which lives as long as a
// replay does: a replay that reads whole files spends most of its time on fresh pages.
//
// Not here: what the bytes mean (wal/log_reader.h).
// Threads:  one.
// Lifetime: a view returned is good until the next call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "env/file_system.h"

namespace firn {

class SegmentWindow {
 public:
  // The usual size; a record larger than that makes the buffer grow to hold it.
  explicit SegmentWindow(std::size_t bytes) : bytes_(bytes) {}
  SegmentWindow(const SegmentWindow&) = delete;
  SegmentWindow& operator=(const SegmentWindow&) = delete;

  // Turns to another file. kCorruption when it is longer than any segment.
  Status Open(FileSystem& file_system, const std::string& path);
  [[nodiscard]] std::uint64_t file_bytes() const { return file_bytes_; }
  // What the file holds from `offset` on: at least `bytes_min`, or all that is left of it.
  [[nodiscard]] Result<Slice> From(std::uint64_t offset, std::uint64_t bytes_min);
  // What of it is in the buffer already, maybe nothing.
  [[nodiscard]] Slice Held(std::uint64_t offset) const {
    if (offset < begin_ || offset - begin_ >= held_) return Slice();
    return Slice(buffer_.get() + (offset - begin_), held_ - (offset - begin_));
  }

 private:
  [[nodiscard]] std::uint64_t end() const { return begin_ + held_; }

  const std::size_t bytes_;
  std::unique_ptr<RandomAccessFile> file_;
  std::uint64_t file_bytes_ = 0;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::uint64_t begin_ = 0;  // the buffer holds file bytes begin_ .. begin_ + held_
  std::size_t held_ = 0;
};

}  // namespace firn
