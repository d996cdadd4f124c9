#include "env/posix_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.h"
#include "base/status_macros.h"

namespace firn {

PosixWritableFile::PosixWritableFile(UniqueFd fd, std::string path, PageCache cache)
    : fd_(std::move(fd)), path_(std::move(path)), cache_(cache) {}

Status PosixWritableFile::Append(Slice bytes) {
  FIRN_CHECK(fd_.valid());
  return WriteFully(fd_.get(), path_, bytes);
}

Status PosixWritableFile::SyncData() {
  FIRN_CHECK(fd_.valid());
  FIRN_RETURN_IF_ERROR(SyncFileData(fd_.get(), path_));
  // Now that they are clean, the pages can go. A refusal only costs memory of the OS.
  if (cache_ == PageCache::kBypass) (void)posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_DONTNEED);
  return Status();
}

Status PosixWritableFile::Close() { return fd_.Close(path_); }

PosixRandomAccessFile::PosixRandomAccessFile(UniqueFd fd, std::string path)
    : fd_(std::move(fd)), path_(std::move(path)) {}

Status PosixRandomAccessFile::ReadAt(std::uint64_t offset, std::span<char> into) const {
  return ReadFullyAt(fd_.get(), path_, offset, into);
}

Result<std::uint64_t> PosixRandomAccessFile::Size() const { return SizeOfFd(fd_.get(), path_); }

PosixDirectoryHandle::PosixDirectoryHandle(UniqueFd fd, std::string path)
    : fd_(std::move(fd)), path_(std::move(path)) {}

Status PosixDirectoryHandle::Sync() {
  if (fsync(fd_.get()) == 0) return Status();
  return PosixError("sync directory", path_, errno);
}

}  // namespace firn
