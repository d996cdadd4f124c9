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

// A sync write-protects every dirty page that is mapped, one by one, each with an interrupt of the
// other processors; released together they cost one. The writer meets a page fault on the next page
// either way. A few pages are not worth the call.
void LogSegment::ReleaseForSync(std::uint64_t offset) {
  constexpr std::uint64_t kFewOfAWindow = 16;
  MutexLock lock(mutex_);
  if (closed_ || file_->mapping() == nullptr) return;
  offset = std::clamp(offset, resident_begin_, size_);
  if (offset - resident_begin_ < window_bytes_ / kFewOfAWindow) return;
  const std::uint64_t end = std::max(resident_end_, offset);
  file_->Release(resident_begin_, end - resident_begin_);
  Account(offset, end);  // the writer faults in again what lies ahead
}

Status LogSegment::Sync(std::uint64_t offset) {
  ReleaseForSync(offset);
  return file_->SyncData();
}

Status LogSegment::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  Account(0, 0);
  return file_->Close();
}

}  // namespace firn
