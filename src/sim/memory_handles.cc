#include "sim/memory_handles.h"

#include <utility>

#include "base/check.h"
#include "base/status_macros.h"

namespace firn::testing {

MemoryWritableFile::MemoryWritableFile(OpenFile open)
    : handle_(std::move(open.core)), path_(std::move(open.path)), file_(std::move(open.file)) {}

Status MemoryWritableFile::Append(Slice bytes) {
  FIRN_CHECK(handle_.open());
  MemoryCore& core = handle_.core();
  DiskCall call(core);
  return core.Write(*file_, path_, file_->size(), bytes);
}

Status MemoryWritableFile::SyncData() {
  FIRN_CHECK(handle_.open());
  MemoryCore& core = handle_.core();
  DiskCall call(core);
  return core.Sync(*file_, path_);
}

Status MemoryWritableFile::Close() {
  if (!handle_.open()) return Status();
  handle_.Close();
  MemoryCore& core = handle_.core();
  DiskCall call(core);
  return core.Begin(CallKind::kClose, path_);
}

MemoryRandomAccessFile::MemoryRandomAccessFile(OpenFile open)
    : handle_(std::move(open.core)), path_(std::move(open.path)), file_(std::move(open.file)) {}

Status MemoryRandomAccessFile::ReadAt(std::uint64_t offset, std::span<char> into) const {
  MemoryCore& core = handle_.core();
  DiskCall call(core);
  FIRN_RETURN_IF_ERROR(core.BeginRead(path_));
  const std::uint64_t size = file_->size();
  if (offset > size || into.size() > size - offset) {
    return Status(StatusCode::kCorruption,
                  path_ + ": ends at offset " + std::to_string(size) + ", inside a read of " +
                      std::to_string(into.size()) + " bytes at offset " + std::to_string(offset));
  }
  file_->Read(offset, into);
  return Status();
}

Result<std::uint64_t> MemoryRandomAccessFile::Size() const {
  MutexLock lock(handle_.core().mutex);
  return file_->size();
}

MemorySegmentFile::MemorySegmentFile(OpenFile open, SegmentBackend backend)
    : handle_(std::move(open.core)),
      path_(std::move(open.path)),
      file_(std::move(open.file)),
      size_(file_->size()) {
  if (backend == SegmentBackend::kMapped) mapping_ = file_->Map();
}

MemorySegmentFile::~MemorySegmentFile() {
  MemoryCore& core = handle_.core();
  DiskCall call(core);
  LetGo();
}

void MemorySegmentFile::LetGo() {
  if (mapping_ != nullptr) file_->Unmap();
  mapping_ = nullptr;
  handle_.Close();
}

Status MemorySegmentFile::WriteAt(std::uint64_t offset, Slice bytes) {
  FIRN_CHECK(handle_.open());
  FIRN_CHECK(offset <= size_ && bytes.size() <= size_ - offset);
  MemoryCore& core = handle_.core();
  DiskCall call(core);
  return core.Write(*file_, path_, offset, bytes);
}

Status MemorySegmentFile::SyncData() {
  FIRN_CHECK(handle_.open());
  MemoryCore& core = handle_.core();
  DiskCall call(core);
  return core.Sync(*file_, path_);
}

void MemorySegmentFile::Populate(std::uint64_t, std::uint64_t) {}

void MemorySegmentFile::Release(std::uint64_t, std::uint64_t) {}

Status MemorySegmentFile::Close() {
  if (!handle_.open()) return Status();
  MemoryCore& core = handle_.core();
  DiskCall call(core);
  LetGo();
  return core.Begin(CallKind::kClose, path_);
}

MemoryDirectoryHandle::MemoryDirectoryHandle(std::shared_ptr<MemoryCore> core, std::string path,
                                             std::shared_ptr<MemoryDirectory> directory)
    : handle_(std::move(core)), path_(std::move(path)), directory_(std::move(directory)) {}

Status MemoryDirectoryHandle::Sync() {
  MemoryCore& core = handle_.core();
  DiskCall call(core);
  Status verdict = core.Begin(CallKind::kDirectorySync, path_);
  if (verdict.ok()) core.tree.Sync(*directory_);
  return verdict;
}

MemoryFileLock::MemoryFileLock(OpenFile open)
    : handle_(std::move(open.core)), file_(std::move(open.file)) {}

MemoryFileLock::~MemoryFileLock() {
  MemoryCore& core = handle_.core();
  DiskCall call(core);
  core.locked.erase(file_.get());
}

}  // namespace firn::testing
