#include "env/posix_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/check.h"
#include "base/status_macros.h"

namespace firn {
namespace {

constexpr int kLowestFd = 3;
constexpr mode_t kFileMode = 0600;

template <typename Call>
auto RetryInterrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

// What the user can do about it, or nothing.
std::string Advice(int error) {
  switch (error) {
    case ENOSPC: return "; free space on this disk";
    case EDQUOT: return "; raise the disk quota or free space";
    case EROFS: return "; mount the file system writable";
    case EACCES:
    case EPERM: return "; give this user read and write permission";
    case ELOOP: return "; symbolic links are not followed for files";
    case EMFILE: return "; raise the limit of open files of this process (ulimit -n)";
    case ENFILE: return "; raise the system's limit of open files (fs.file-max)";
    default: return "";
  }
}

StatusCode CodeOf(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT: return StatusCode::kNoSpace;
    case ENOENT: return StatusCode::kNotFound;
    case EEXIST: return StatusCode::kConflict;
    default: return StatusCode::kIo;
  }
}

std::string At(std::uint64_t offset) { return " at offset " + std::to_string(offset) + " of"; }

}  // namespace

Status PosixError(const std::string& action, const std::string& path, int error) {
  const bool refuses_writes = error == EROFS || error == EACCES;
  return Status(CodeOf(error), (refuses_writes ? "read-only directory: cannot " : "cannot ") +
                                   action + " " + path + ": " +
                                   std::generic_category().message(error) + Advice(error));
}

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) (void)close(fd_);
}

Status UniqueFd::Close(const std::string& path) {
  if (fd_ < 0) return Status();
  // Never retried: after EINTR Linux has closed the descriptor, and another thread may own its
  // number by now.
  if (close(std::exchange(fd_, -1)) == 0 || errno == EINTR) return Status();
  return PosixError("close", path, errno);
}

Result<UniqueFd> OpenFd(const std::string& path, int flags) {
  const int fd =
      RetryInterrupted([&] { return open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, kFileMode); });
  if (fd < 0) return PosixError((flags & O_CREAT) != 0 ? "create" : "open", path, errno);
  UniqueFd owner(fd);
  if (fd >= kLowestFd) return owner;
  UniqueFd moved(fcntl(fd, F_DUPFD_CLOEXEC, kLowestFd));
  if (!moved.valid()) return PosixError("open", path, errno);
  return moved;
}

Result<UniqueFd> OpenRegularFile(const std::string& path, int flags) {
  FIRN_ASSIGN_OR_RETURN(UniqueFd fd, OpenFd(path, flags | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return PosixError("stat", path, errno);
  if (!S_ISREG(info.st_mode)) return Status(StatusCode::kIo, path + ": is not a regular file");
  return fd;
}

Status WriteFully(int fd, const std::string& path, Slice bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        RetryInterrupted([&] { return write(fd, bytes.data(), bytes.size()); });
    if (written < 0) return PosixError("append to", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return Status();
}

Status WriteFullyAt(int fd, const std::string& path, std::uint64_t offset, Slice bytes) {
  while (!bytes.empty()) {
    const ssize_t written = RetryInterrupted(
        [&] { return pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
    if (written < 0) {
      return PosixError("write " + std::to_string(bytes.size()) + " bytes" + At(offset), path,
                        errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return Status();
}

Status ReadFullyAt(int fd, const std::string& path, std::uint64_t offset, std::span<char> into) {
  const std::uint64_t asked_offset = offset;
  const std::size_t asked_bytes = into.size();
  while (!into.empty()) {
    const ssize_t read = RetryInterrupted(
        [&] { return pread(fd, into.data(), into.size(), static_cast<off_t>(offset)); });
    if (read < 0) {
      return PosixError("read " + std::to_string(into.size()) + " bytes" + At(offset), path, errno);
    }
    if (read == 0) return EndsInside(path, offset, asked_offset, asked_bytes);
    into = into.subspan(static_cast<std::size_t>(read));
    offset += static_cast<std::uint64_t>(read);
  }
  return Status();
}

Status EndsInside(const std::string& path, std::uint64_t offset, std::uint64_t asked_offset,
                  std::size_t asked_bytes) {
  return Status(StatusCode::kCorruption,
                path + ": ends at or before offset " + std::to_string(offset) +
                    ", inside a read of " + std::to_string(asked_bytes) + " bytes at offset " +
                    std::to_string(asked_offset));
}

Status SyncFileData(int fd, const std::string& path) {
  if (fdatasync(fd) == 0) return Status();
  return PosixError("sync", path, errno);
}

Result<std::uint64_t> SizeOfFd(int fd, const std::string& path) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return PosixError("stat", path, errno);
  FIRN_CHECK(info.st_size >= 0);
  return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace firn
