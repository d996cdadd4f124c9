// Reading past the page cache (O_DIRECT): nothing of the file stays in the OS's memory.
//
// The device transfers whole blocks between aligned places of file and memory. Whatever else is
// asked for goes through a buffer of one read; a range that is aligned in both is read in place.
//
// Threads: all members concurrently.
#pragma once

#include <string>

#include "env/file_system.h"
#include "env/posix_io.h"

namespace firn {

class PosixDirectFile final : public RandomAccessFile {
 public:
  // kNotSupported when the file system of `path` has no direct I/O.
  static Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path);
  // For Open. `alignment` is what the device asks of offsets, lengths and memory.
  PosixDirectFile(UniqueFd fd, std::string path, std::size_t alignment);

  Status ReadAt(std::uint64_t offset, std::span<char> into) const override;
  [[nodiscard]] Result<std::uint64_t> Size() const override;

 private:
  // Bytes of the front of `into` that were read; 0: the file ends at or before `offset`.
  [[nodiscard]] Result<std::size_t> ReadInPlace(std::uint64_t offset, std::span<char> into) const;
  [[nodiscard]] Result<std::size_t> ReadThroughBuffer(std::uint64_t offset,
                                                      std::span<char> into) const;
  [[nodiscard]] Result<std::size_t> ReadOnce(std::uint64_t offset, std::span<char> into) const;
  [[nodiscard]] std::uint64_t RoundDown(std::uint64_t n) const { return n & ~(alignment_ - 1); }

  const UniqueFd fd_;
  const std::string path_;
  const std::uint64_t alignment_;
};

}  // namespace firn
