#include "env/posix_segment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "base/status_macros.h"

namespace firn {
namespace {

// Linux 5.14; older C libraries do not name it.
#if defined(MADV_POPULATE_WRITE)
constexpr int kPopulateWrite = MADV_POPULATE_WRITE;
#else
constexpr int kPopulateWrite = 23;
#endif

// Large enough that the system call is lost beside the copy, small enough to stay in the cache.
constexpr std::size_t kZeroChunkBytes = std::size_t{256} << 10;

class PosixSegment final : public SegmentFile {
 public:
  PosixSegment(UniqueFd fd, std::string path, std::uint64_t size, char* mapping)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size), mapping_(mapping) {}
  PosixSegment(const PosixSegment&) = delete;
  PosixSegment& operator=(const PosixSegment&) = delete;
  ~PosixSegment() override { Unmap(); }

  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] char* mapping() override { return mapping_; }

  Status WriteAt(std::uint64_t offset, Slice bytes) override {
    FIRN_CHECK(fd_.valid());
    FIRN_CHECK(offset <= size_ && bytes.size() <= size_ - offset);
    return WriteFullyAt(fd_.get(), path_, offset, bytes);
  }
  Status SyncData() override {
    FIRN_CHECK(fd_.valid());
    return SyncFileData(fd_.get(), path_);
  }
  // Kernels that do not know the advice fault the pages in one by one later.
  void Populate(std::uint64_t offset, std::uint64_t length) override {
    Advise(offset, length, kPopulateWrite);
  }
  // On a shared file mapping this drops page table entries; the data stays in the page cache.
  void Release(std::uint64_t offset, std::uint64_t length) override {
    Advise(offset, length, MADV_DONTNEED);
  }
  Status Close() override {
    Unmap();
    return fd_.Close(path_);
  }

 private:
  void Advise(std::uint64_t offset, std::uint64_t length, int advice) {
    if (mapping_ == nullptr || offset >= size_) return;
    static const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const std::uint64_t begin = offset / page_bytes * page_bytes;
    const std::uint64_t end = offset + std::min(length, size_ - offset);
    // madvise rounds the length up to whole pages itself.
    (void)madvise(mapping_ + begin, end - begin, advice);
  }
  void Unmap() {
    if (mapping_ != nullptr) FIRN_CHECK(munmap(mapping_, size_) == 0);
    mapping_ = nullptr;
  }

  UniqueFd fd_;
  const std::string path_;
  const std::uint64_t size_;
  char* mapping_;
};

Status WriteZeros(int fd, const std::string& path, std::uint64_t bytes) {
  // Asks for one extent and for the space before anything is written. Not every file system can.
  const bool allocated = fallocate(fd, 0, 0, static_cast<off_t>(bytes)) == 0;
  if (!allocated && (errno == ENOSPC || errno == EDQUOT)) {
    return PosixError("allocate " + std::to_string(bytes) + " bytes for", path, errno);
  }
  const std::string zeros(std::min<std::uint64_t>(kZeroChunkBytes, bytes), '\0');
  for (std::uint64_t offset = 0; offset < bytes; offset += kZeroChunkBytes) {
    const std::size_t count = std::min<std::uint64_t>(kZeroChunkBytes, bytes - offset);
    FIRN_RETURN_IF_ERROR(WriteFullyAt(fd, path, offset, Slice(zeros.data(), count)));
  }
  return Status();
}

Result<std::unique_ptr<SegmentFile>> MakeSegment(UniqueFd fd, const std::string& path,
                                                 std::uint64_t bytes, SegmentBackend backend) {
  char* mapping = nullptr;
  if (backend == SegmentBackend::kMapped) {
    void* const pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (pages == MAP_FAILED) return PosixError("map", path, errno);
    mapping = static_cast<char*>(pages);
  }
  return std::unique_ptr<SegmentFile>(
      std::make_unique<PosixSegment>(std::move(fd), path, bytes, mapping));
}

}  // namespace

Result<std::unique_ptr<SegmentFile>> CreatePosixSegment(const std::string& path,
                                                        std::uint64_t bytes,
                                                        SegmentBackend backend) {
  if (bytes == 0) return Status(StatusCode::kInvalidArgument, path + ": a segment of 0 bytes");
  FIRN_ASSIGN_OR_RETURN(UniqueFd fd, OpenRegularFile(path, O_RDWR | O_CREAT | O_EXCL));
  const Status zeroed = WriteZeros(fd.get(), path, bytes);
  if (zeroed.ok()) {
    auto segment = MakeSegment(std::move(fd), path, bytes, backend);
    if (segment.ok()) return segment;
    (void)unlink(path.c_str());
    return segment;
  }
  // Half a segment is of no use to anyone, and a full disk needs the room.
  (void)unlink(path.c_str());
  return zeroed;
}

Result<std::unique_ptr<SegmentFile>> ReopenPosixSegment(const std::string& path,
                                                        SegmentBackend backend) {
  FIRN_ASSIGN_OR_RETURN(UniqueFd fd, OpenRegularFile(path, O_RDWR));
  FIRN_ASSIGN_OR_RETURN(const std::uint64_t bytes, SizeOfFd(fd.get(), path));
  if (bytes == 0) {
    return Status(StatusCode::kCorruption, path + ": is empty, so it cannot be a segment");
  }
  return MakeSegment(std::move(fd), path, bytes, backend);
}

}  // namespace firn
