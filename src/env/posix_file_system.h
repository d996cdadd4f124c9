// The file system of the OS behind env/file_system.h (Linux; names and metadata here, content in
// posix_files.h and posix_segment.h).
//
// Threads: all members concurrently; it has no state.
// Files are never opened through a symbolic link; directories may be, since the store's own
// directory often is one.
#pragma once

#include "env/file_system.h"

namespace firn {

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> CreateFile(const std::string& path,
                                                   PageCache cache) override;
  Result<std::unique_ptr<RandomAccessFile>> OpenFile(const std::string& path,
                                                     PageCache cache) override;
  Result<std::string> ReadFile(const std::string& path, std::uint64_t bytes_max) override;
  Result<std::unique_ptr<SegmentFile>> CreateSegment(const std::string& path, std::uint64_t bytes,
                                                     SegmentBackend backend) override;
  Result<std::unique_ptr<SegmentFile>> ReopenSegment(const std::string& path,
                                                     SegmentBackend backend) override;
  Result<std::unique_ptr<DirectoryHandle>> OpenDirectory(const std::string& path) override;
  Status CreateDirectory(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Result<std::uint64_t> FileSize(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status Link(const std::string& from, const std::string& to) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  Result<std::uint64_t> FreeSpace(const std::string& directory) override;
};

}  // namespace firn
