#include "wal/segment_supply.h"

#include <array>

#include "base/check.h"
#include "base/seeded_bug.h"
#include "base/status_macros.h"

namespace firn {

SegmentSupply::SegmentSupply(FileSystem& file_system, DirectoryHandle& directory,
                             TaskTracker& tasks, std::function<FileNumber()> next_file_number,
                             SegmentSupplySettings settings)
    : file_system_(file_system),
      directory_(directory),
      tasks_(tasks),
      next_file_number_(std::move(next_file_number)),
      settings_(std::move(settings)) {}

std::string SegmentSupply::PathOf(FileNumber number) const {
  return settings_.directory + "/" + SegmentFileName(number);
}

void SegmentSupply::PrepareSoon() {
  MutexLock lock(mutex_);
  if (closed_ || state_ != State::kIdle || ready_.file != nullptr || !failure_.ok()) return;
  state_ = State::kScheduled;
  tasks_.Schedule([this] { RunScheduled(); });
}

void SegmentSupply::RunScheduled() {
  MutexLock lock(mutex_);
  if (closed_ || state_ != State::kScheduled) return;  // Take was faster
  const Status status = PrepareHere();
  // A full disk is no failure yet: whoever takes tries again, and is told. Everything else is kept.
  FIRN_DCHECK(status.ok() || status.code() == StatusCode::kNoSpace || !failure_.ok());
}

Status SegmentSupply::PrepareHere() {
  FIRN_DCHECK(state_ != State::kRunning && ready_.file == nullptr);
  state_ = State::kRunning;
  mutex_.Unlock();
  Result<PreparedSegment> prepared = Prepare(settings_.segment_bytes);
  mutex_.Lock();
  state_ = State::kIdle;
  if (!BugIsOn(SeededBug::kSupplyDoesNotWake)) prepared_.NotifyAll();
  if (!prepared.ok()) return Judged(prepared.status());
  ready_ = std::move(prepared).value();
  return Status();
}

Status SegmentSupply::Judged(Status status) {
  if (!status.ok() && status.code() != StatusCode::kNoSpace && failure_.ok()) failure_ = status;
  return status;
}

Result<PreparedSegment> SegmentSupply::Take() {
  MutexLock lock(mutex_);
  for (;;) {
    FIRN_RETURN_IF_ERROR(failure_);
    if (ready_.file != nullptr) return std::exchange(ready_, PreparedSegment{});
    if (state_ == State::kRunning) {
      prepared_.Wait(mutex_);
    } else {
      FIRN_RETURN_IF_ERROR(PrepareHere());
    }
  }
}

Result<PreparedSegment> SegmentSupply::TakeJumbo(std::uint64_t bytes) {
  {
    MutexLock lock(mutex_);
    FIRN_RETURN_IF_ERROR(failure_);
  }
  Result<PreparedSegment> prepared = Prepare(bytes);
  if (!prepared.ok()) {
    MutexLock lock(mutex_);
    return Judged(prepared.status());
  }
  return prepared;
}

Result<PreparedSegment> SegmentSupply::Prepare(std::uint64_t bytes) {
  const FileNumber number = next_file_number_();
  Result<PreparedSegment> prepared = Open(number, bytes);
  Status status = prepared.status();
  if (prepared.ok()) {
    status = WriteHeader(*prepared->file, number);
    if (status.ok() && !BugIsOn(SeededBug::kSegmentNameNotSynced)) status = directory_.Sync();
  }
  if (status.ok()) return prepared;
  failures_.fetch_add(1, std::memory_order_relaxed);
  prepared = Result<PreparedSegment>(status);  // closes the file
  {
    MutexLock lock(mutex_);
    unwanted_.push_back(number);
  }
  Sweep();
  return status;
}

Result<PreparedSegment> SegmentSupply::Open(FileNumber number, std::uint64_t bytes) {
  PreparedSegment segment;
  segment.number = number;
  FileNumber old;
  if (bytes == settings_.segment_bytes) {
    MutexLock lock(mutex_);
    if (!recycled_.empty()) {
      old = recycled_.back();
      recycled_.pop_back();
    }
  }
  if (old.value != 0) {
    FIRN_RETURN_IF_ERROR(file_system_.Rename(PathOf(old), PathOf(number)));
    FIRN_ASSIGN_OR_RETURN(segment.file,
                          file_system_.ReopenSegment(PathOf(number), settings_.backend));
  } else {
    FIRN_ASSIGN_OR_RETURN(segment.file,
                          file_system_.CreateSegment(PathOf(number), bytes, settings_.backend));
  }
  return segment;
}

Status SegmentSupply::WriteHeader(SegmentFile& file, FileNumber number) {
  std::array<char, kSegmentHeaderBytes> header{};
  EncodeSegmentHeader(header.data(), {settings_.database, number, settings_.incarnation});
  FIRN_RETURN_IF_ERROR(file.WriteAt(0, Slice(header.data(), header.size())));
  return BugIsOn(SeededBug::kRecycledHeaderNotSynced) ? Status() : file.SyncData();
}

void SegmentSupply::Recycle(FileNumber number, std::uint64_t file_bytes) {
  {
    MutexLock lock(mutex_);
    const bool fits = file_bytes == settings_.segment_bytes && !closed_;
    if (fits && recycled_.size() < settings_.recycled_max) {
      recycled_.push_back(number);
    } else {
      unwanted_.push_back(number);
    }
  }
  Sweep();
}

void SegmentSupply::Trim() {
  PreparedSegment ready;
  {
    MutexLock lock(mutex_);
    unwanted_.insert(unwanted_.end(), recycled_.begin(), recycled_.end());
    recycled_.clear();
    ready = std::exchange(ready_, PreparedSegment{});
  }
  if (ready.file != nullptr) {
    // Nothing was written to it that anyone needs.
    const Status closed = ready.file->Close();
    MutexLock lock(mutex_);
    if (!closed.ok()) ++cleanup_failures_;
    unwanted_.push_back(ready.number);
  }
  Sweep();
}

void SegmentSupply::Sweep() {
  std::vector<FileNumber> unwanted;
  {
    MutexLock lock(mutex_);
    unwanted.swap(unwanted_);
  }
  std::erase_if(unwanted, [this](FileNumber number) {
    const Status status = file_system_.Remove(PathOf(number));
    return status.ok() || status.code() == StatusCode::kNotFound;
  });
  MutexLock lock(mutex_);
  cleanup_failures_ += unwanted.size();
  unwanted_.insert(unwanted_.end(), unwanted.begin(), unwanted.end());
}

std::uint64_t SegmentSupply::cleanup_failures() const {
  MutexLock lock(mutex_);
  return cleanup_failures_;
}

Status SegmentSupply::health() const {
  MutexLock lock(mutex_);
  return failure_;
}

Status SegmentSupply::Close() {
  PreparedSegment segment;
  Status status;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    segment = std::exchange(ready_, PreparedSegment{});
    status = failure_;
  }
  if (segment.file == nullptr) return status;
  Status closed = segment.file->Close();
  return status.ok() ? closed : status;
}

}  // namespace firn
