// Descriptors, whole transfers and errors of the POSIX implementation: what its files share.
//
// Threads: free functions concurrently; a UniqueFd belongs to one thread at a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "firn/slice.h"
#include "firn/status.h"

namespace firn {

// Owns a descriptor; -1 is none.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  // Gives up ownership.
  [[nodiscard]] int Disown() { return std::exchange(fd_, -1); }
  // Closes now and reports what the OS says. Ok when there is nothing to close.
  Status Close(const std::string& path);

 private:
  int fd_ = -1;
};

// The Status for `error` (an errno) of `action` ("open", "write 10 bytes at offset 4 of") on
// `path`.
Status PosixError(const std::string& action, const std::string& path, int error);

// Opens with `flags` plus O_CLOEXEC, never as descriptor 0, 1 or 2: a stray printf of the program
// must not land in a table.
Result<UniqueFd> OpenFd(const std::string& path, int flags);
// The same for a regular file that is no symbolic link; refuses anything else, and never blocks on
// a FIFO.
Result<UniqueFd> OpenRegularFile(const std::string& path, int flags);

// All bytes or an error; EINTR and short transfers are continued.
Status WriteFully(int fd, const std::string& path, Slice bytes);
Status WriteFullyAt(int fd, const std::string& path, std::uint64_t offset, Slice bytes);
Status ReadFullyAt(int fd, const std::string& path, std::uint64_t offset, std::span<char> into);
// The answer to a read of `asked_bytes` at `asked_offset` of a file that ends at or before
// `offset`.
Status EndsInside(const std::string& path, std::uint64_t offset, std::uint64_t asked_offset,
                  std::size_t asked_bytes);

// fdatasync, tried once (rule E1).
Status SyncFileData(int fd, const std::string& path);

Result<std::uint64_t> SizeOfFd(int fd, const std::string& path);

}  // namespace firn
