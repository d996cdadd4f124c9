#include "limits_tools.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <latch>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

#include "base/status_macros.h"

namespace firn::limits {
namespace {

constexpr std::uint64_t kHugePageBytes = 2 * kMiB;

}  // namespace

Status FromErrno(std::string_view what, const std::string& where) {
  const int reason = errno;
  const bool full = reason == ENOSPC || reason == EDQUOT || reason == ENOMEM;
  return {full ? StatusCode::kNoSpace : StatusCode::kIo,
          fmt::format("cannot {} {}: {}", what, where, std::strerror(reason))};
}

Result<Memory> Memory::Allocate(std::uint64_t bytes, Pages pages) {
  // Whole huge pages, so that the last one is no exception.
  bytes = (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return FromErrno("allocate", fmt::format("{} MiB", bytes / kMiB));
  // A kernel without huge pages refuses the advice; what was got is asked of it afterwards.
  ::madvise(data, bytes, pages == Pages::kHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  std::memset(data, 1, bytes);
  return Memory(static_cast<std::byte*>(data), bytes);
}

Memory::~Memory() {
  if (data_ != nullptr) ::munmap(data_, bytes_);
}

std::uint64_t HugePageBytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  std::string line;
  while (std::getline(rollup, line)) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t kilobytes = 0;
    if (words >> name >> kilobytes && name == "AnonHugePages:") return kilobytes * kKiB;
  }
  return 0;
}

Result<ScratchFile> ScratchFile::Create(const std::string& directory, int flags) {
  std::string path = directory + "/firn-limits-XXXXXX";
  const int descriptor = ::mkostemp(path.data(), flags | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == EINVAL && (flags & O_DIRECT) != 0) {
      return Status(StatusCode::kNotSupported,
                    fmt::format("the file system of {} has no direct I/O (a memory file system?): "
                                "name a directory on a disk",
                                directory));
    }
    return FromErrno("create a file in", directory);
  }
  ScratchFile file(descriptor, "a scratch file in " + directory);
  if (::unlink(path.c_str()) != 0) return FromErrno("remove", path);
  return file;
}

ScratchFile::~ScratchFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status ScratchFile::Write(const std::byte* data, std::uint64_t bytes, std::uint64_t offset) {
  const ssize_t done = ::pwrite(descriptor_, data, bytes, static_cast<off_t>(offset));
  if (done < 0) return FromErrno("write", where_);
  if (static_cast<std::uint64_t>(done) == bytes) return {};
  return {StatusCode::kNoSpace,
          fmt::format("{} took {} of {} bytes: is the disk full?", where_, done, bytes)};
}

Status ScratchFile::Read(std::byte* data, std::uint64_t bytes, std::uint64_t offset) {
  const ssize_t done = ::pread(descriptor_, data, bytes, static_cast<off_t>(offset));
  if (done < 0) return FromErrno("read", where_);
  if (static_cast<std::uint64_t>(done) == bytes) return {};
  return {StatusCode::kIo, fmt::format("{} gave {} of {} bytes", where_, done, bytes)};
}

Status ScratchFile::Sync() {
  return ::fdatasync(descriptor_) == 0 ? Status() : FromErrno("sync", where_);
}

Status ScratchFile::Fill(std::uint64_t bytes) {
  const std::vector<std::byte> zeros(kMiB);
  for (std::uint64_t offset = 0; offset < bytes; offset += kMiB) {
    FIRN_RETURN_IF_ERROR(Write(zeros.data(), std::min(kMiB, bytes - offset), offset));
  }
  return Sync();
}

Status ScratchFile::Reserve(std::uint64_t bytes) {
  if (::fallocate(descriptor_, 0, 0, static_cast<off_t>(bytes)) == 0) return {};
  if (errno != EOPNOTSUPP) return FromErrno("reserve space of", where_);
  return {StatusCode::kNotSupported,
          fmt::format("{}: its file system cannot reserve space; name another directory", where_)};
}

void ScratchFile::DropCache() {
  // Advice only: what stays makes the read that follows faster than the device, never slower.
  ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_DONTNEED);
}

double RunTogether(unsigned threads, const std::function<void(unsigned)>& body) {
  if (threads == 1) {
    const Stopwatch watch;
    body(0);
    return watch.seconds();
  }
  std::latch start(threads + 1);
  std::vector<std::jthread> running;
  running.reserve(threads);
  for (unsigned thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      start.arrive_and_wait();
      body(thread);
    });
  }
  start.arrive_and_wait();
  const Stopwatch watch;
  running.clear();
  return watch.seconds();
}

}  // namespace firn::limits
