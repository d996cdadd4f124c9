#include "env/posix_direct_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/aligned_buffer.h"
#include "base/status_macros.h"

namespace firn {
namespace {

// Of the buffer of one read; longer reads take turns.
constexpr std::size_t kBufferBytesMax = std::size_t{256} << 10;

Status Refused(const std::string& path) {
  return Status(StatusCode::kNotSupported,
                "cannot read " + path + " past the page cache: its file system has no direct I/O");
}

// What the file's offsets and the memory must be multiples of; 0: it has no direct I/O. Where the
// kernel does not say, the size of a page does for every device in use.
std::size_t AlignmentOf(int fd) {
  std::size_t alignment = kDirectAlignment;
#ifdef STATX_DIOALIGN
  struct statx info {};
  if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &info) == 0 &&
      (info.stx_mask & STATX_DIOALIGN) != 0) {
    if (info.stx_dio_offset_align == 0) return 0;
    const std::size_t asked = std::max(info.stx_dio_offset_align, info.stx_dio_mem_align);
    alignment = std::max(alignment, asked);
  }
#endif
  return alignment;
}

}  // namespace

PosixDirectFile::PosixDirectFile(UniqueFd fd, std::string path, std::size_t alignment)
    : fd_(std::move(fd)), path_(std::move(path)), alignment_(alignment) {}

Result<std::unique_ptr<RandomAccessFile>> PosixDirectFile::Open(const std::string& path) {
  FIRN_ASSIGN_OR_RETURN(UniqueFd fd, OpenRegularFile(path, O_RDONLY));
  const std::size_t alignment = AlignmentOf(fd.get());
  if (alignment == 0) return Refused(path);
  // Apart from the open, so that an EINVAL can only mean this.
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0 || fcntl(fd.get(), F_SETFL, flags | O_DIRECT) != 0) {
    return errno == EINVAL ? Refused(path) : PosixError("open", path, errno);
  }
  return std::unique_ptr<RandomAccessFile>(
      std::make_unique<PosixDirectFile>(std::move(fd), path, alignment));
}

Result<std::size_t> PosixDirectFile::ReadOnce(std::uint64_t offset, std::span<char> into) const {
  ssize_t read = -1;
  do {
    read = pread(fd_.get(), into.data(), into.size(), static_cast<off_t>(offset));
  } while (read < 0 && errno == EINTR);
  if (read >= 0) return static_cast<std::size_t>(read);
  return PosixError("read " + std::to_string(into.size()) + " bytes at offset " +
                        std::to_string(offset) + " of",
                    path_, errno);
}

Result<std::size_t> PosixDirectFile::ReadInPlace(std::uint64_t offset,
                                                 std::span<char> into) const {
  return ReadOnce(offset, into.first(static_cast<std::size_t>(RoundDown(into.size()))));
}

Result<std::size_t> PosixDirectFile::ReadThroughBuffer(std::uint64_t offset,
                                                       std::span<char> into) const {
  const std::uint64_t begin = RoundDown(offset);
  const auto skipped = static_cast<std::size_t>(offset - begin);
  const AlignedBuffer buffer(
      std::min(skipped + into.size(), std::max<std::size_t>(kBufferBytesMax, alignment_)),
      alignment_);
  // A short read goes on at the last whole block; one that brings nothing new is the file's end.
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const auto whole = static_cast<std::size_t>(RoundDown(filled));
    FIRN_ASSIGN_OR_RETURN(
        const std::size_t read,
        ReadOnce(begin + whole, {buffer.data() + whole, buffer.size() - whole}));
    if (whole + read <= filled) break;
    filled = whole + read;
  }
  if (filled <= skipped) return std::size_t{0};
  const std::size_t bytes = std::min(filled - skipped, into.size());
  std::memcpy(into.data(), buffer.data() + skipped, bytes);
  return bytes;
}

Status PosixDirectFile::ReadAt(std::uint64_t offset, std::span<char> into) const {
  const std::uint64_t asked_offset = offset;
  const std::size_t asked_bytes = into.size();
  while (!into.empty()) {
    const auto address = reinterpret_cast<std::uintptr_t>(into.data());
    const bool aligned = RoundDown(offset | address) == (offset | address);
    const bool in_place = aligned && into.size() >= alignment_;
    FIRN_ASSIGN_OR_RETURN(const std::size_t read, in_place ? ReadInPlace(offset, into)
                                                           : ReadThroughBuffer(offset, into));
    if (read == 0) return EndsInside(path_, offset, asked_offset, asked_bytes);
    into = into.subspan(read);
    offset += read;
  }
  return Status();
}

Result<std::uint64_t> PosixDirectFile::Size() const { return SizeOfFd(fd_.get(), path_); }

}  // namespace firn
