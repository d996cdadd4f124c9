#include "wal/log_segment.h"

#include <algorithm>

namespace firn {

LogSegment::~LogSegment() {
  MutexLock lock(mutex_);
  Account(0, 0);
}

void LogSegment::Account(std::uint64_t begin, std::uint64_t end) {
  ledger_.Add(MemoryClass::kLog, end - begin);
  ledger_.Remove(MemoryClass::kLog, resident_end_ - resident_begin_);
  resident_begin_ = begin;
  resident_end_ = end;
}

void LogSegment::MoveWindow(std::uint64_t offset, bool populate) {
  MutexLock lock(mutex_);
  if (closed_ || file_->mapping() == nullptr) return;
  offset = std::min(offset, size_);  // the log may have moved on to the next segment
  const std::uint64_t begin = std::max(resident_begin_, offset / window_bytes_ * window_bytes_);
  const std::uint64_t end = std::min(size_, (offset / window_bytes_ + 2) * window_bytes_);
  if (begin > resident_begin_) file_->Release(resident_begin_, begin - resident_begin_);
  const std::uint64_t populated = std::max(begin, resident_end_);
  if (populate && end > populated) file_->Populate(populated, end - populated);
  Account(begin, std::max(begin, end));
}

Status LogSegment::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  Account(0, 0);
  return file_->Close();
}

}  // namespace firn
