#include "env/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/status_macros.h"
#include "env/posix_direct_file.h"
#include "env/posix_files.h"
#include "env/posix_lock.h"
#include "env/posix_segment.h"

namespace firn {
namespace {

constexpr mode_t kDirectoryMode = 0700;

// `result` of a call that answers 0 or -1 and errno.
Status StatusOf(int result, const std::string& action, const std::string& path) {
  return result == 0 ? Status() : PosixError(action, path, errno);
}

struct CloseDirectory {
  void operator()(DIR* directory) const { (void)closedir(directory); }
};

}  // namespace

Result<std::unique_ptr<WritableFile>> PosixFileSystem::CreateFile(const std::string& path,
                                                                 PageCache cache) {
  FIRN_ASSIGN_OR_RETURN(UniqueFd fd, OpenRegularFile(path, O_WRONLY | O_CREAT | O_EXCL));
  return std::unique_ptr<WritableFile>(
      std::make_unique<PosixWritableFile>(std::move(fd), path, cache));
}

Result<std::unique_ptr<RandomAccessFile>> PosixFileSystem::OpenFile(const std::string& path,
                                                                    PageCache cache) {
  if (cache == PageCache::kBypass) return PosixDirectFile::Open(path);
  FIRN_ASSIGN_OR_RETURN(UniqueFd fd, OpenRegularFile(path, O_RDONLY));
  return std::unique_ptr<RandomAccessFile>(
      std::make_unique<PosixRandomAccessFile>(std::move(fd), path));
}

Result<std::string> PosixFileSystem::ReadFile(const std::string& path, std::uint64_t bytes_max) {
  FIRN_ASSIGN_OR_RETURN(const UniqueFd fd, OpenRegularFile(path, O_RDONLY));
  FIRN_ASSIGN_OR_RETURN(const std::uint64_t bytes, SizeOfFd(fd.get(), path));
  if (bytes > bytes_max) {
    return Status(StatusCode::kCorruption, path + ": is " + std::to_string(bytes) +
                                               " bytes long, more than the " +
                                               std::to_string(bytes_max) + " it may have");
  }
  std::string content(bytes, '\0');
  FIRN_RETURN_IF_ERROR(ReadFullyAt(fd.get(), path, 0, content));
  return content;
}

Result<std::unique_ptr<SegmentFile>> PosixFileSystem::CreateSegment(const std::string& path,
                                                                    std::uint64_t bytes,
                                                                    SegmentBackend backend) {
  return CreatePosixSegment(path, bytes, backend);
}

Result<std::unique_ptr<SegmentFile>> PosixFileSystem::ReopenSegment(const std::string& path,
                                                                    SegmentBackend backend) {
  return ReopenPosixSegment(path, backend);
}

Result<std::unique_ptr<DirectoryHandle>> PosixFileSystem::OpenDirectory(const std::string& path) {
  FIRN_ASSIGN_OR_RETURN(UniqueFd fd, OpenFd(path, O_RDONLY | O_DIRECTORY));
  return std::unique_ptr<DirectoryHandle>(
      std::make_unique<PosixDirectoryHandle>(std::move(fd), path));
}

Status PosixFileSystem::CreateDirectory(const std::string& path) {
  if (mkdir(path.c_str(), kDirectoryMode) == 0) return Status();
  const int error = errno;
  struct stat info {};
  if (error == EEXIST && stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return Status();
  return PosixError("create directory", path, error);
}

Status PosixFileSystem::RemoveDirectory(const std::string& path) {
  // ENOTEMPTY may be spelled EEXIST, which elsewhere means kConflict.
  const int result = rmdir(path.c_str());
  if (result != 0 && errno == EEXIST) errno = ENOTEMPTY;
  return StatusOf(result, "remove directory", path);
}

Result<std::vector<std::string>> PosixFileSystem::List(const std::string& directory) {
  FIRN_ASSIGN_OR_RETURN(UniqueFd fd, OpenFd(directory, O_RDONLY | O_DIRECTORY));
  const std::unique_ptr<DIR, CloseDirectory> stream(fdopendir(fd.get()));
  if (stream == nullptr) return PosixError("list", directory, errno);
  (void)fd.Disown();  // the stream closes it
  std::vector<std::string> names;
  while (true) {
    errno = 0;  // the only way to tell the end from an error
    const dirent* const entry = readdir(stream.get());
    if (entry == nullptr) break;
    std::string name(entry->d_name);
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  if (errno != 0) return PosixError("list", directory, errno);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::uint64_t> PosixFileSystem::FileSize(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return PosixError("stat", path, errno);
  if (!S_ISREG(info.st_mode)) return Status(StatusCode::kIo, path + ": is not a regular file");
  return static_cast<std::uint64_t>(info.st_size);
}

Status PosixFileSystem::Rename(const std::string& from, const std::string& to) {
  return StatusOf(rename(from.c_str(), to.c_str()), "rename to " + to + " the file", from);
}

Status PosixFileSystem::Remove(const std::string& path) {
  return StatusOf(unlink(path.c_str()), "remove", path);
}

Status PosixFileSystem::Link(const std::string& from, const std::string& to) {
  return StatusOf(link(from.c_str(), to.c_str()), "link as " + to + " the file", from);
}

Result<std::unique_ptr<FileLock>> PosixFileSystem::Lock(const std::string& path) {
  return LockPosixFile(path);
}

Result<std::uint64_t> PosixFileSystem::FreeSpace(const std::string& directory) {
  struct statvfs info {};
  if (statvfs(directory.c_str(), &info) != 0) {
    return PosixError("ask for the free space of", directory, errno);
  }
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

}  // namespace firn
