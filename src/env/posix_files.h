// Plain files and directories of the POSIX implementation: append, positioned read, directory sync.
//
// Not here: log segments (posix_segment.h), reads past the page cache (posix_direct_file.h), locks
// (posix_lock.h), names (posix_file_system.cc).
// Threads: as env/file_system.h says.
#pragma once

#include <string>

#include "env/file_system.h"
#include "env/posix_io.h"

namespace firn {

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(UniqueFd fd, std::string path, PageCache cache);
  Status Append(Slice bytes) override;
  Status SyncData() override;
  Status Close() override;

 private:
  UniqueFd fd_;
  const std::string path_;
  const PageCache cache_;
};

class PosixRandomAccessFile final : public RandomAccessFile {
 public:
  PosixRandomAccessFile(UniqueFd fd, std::string path);
  Status ReadAt(std::uint64_t offset, std::span<char> into) const override;
  [[nodiscard]] Result<std::uint64_t> Size() const override;

 private:
  const UniqueFd fd_;
  const std::string path_;
};

class PosixDirectoryHandle final : public DirectoryHandle {
 public:
  PosixDirectoryHandle(UniqueFd fd, std::string path);
  Status Sync() override;

 private:
  const UniqueFd fd_;
  const std::string path_;
};

}  // namespace firn
