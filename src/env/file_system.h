// The only way firn touches a disk. One virtual call per I/O, never per record.
//
// Every verb returns a Status whose message names the path. A missing name is kNotFound, a taken
// one kConflict; ENOSPC and EDQUOT become kNoSpace, everything else the OS refuses kIo. None
// retries a failed sync (rule E1). EINTR and short transfers are handled inside; a failed Append
// may have stored a part. Files are opened with O_CLOEXEC and O_NOFOLLOW, mode 0600; directories
// are made with mode 0700; descriptors below 3 are never used. Closing twice is harmless.
// Threads: FileSystem and RandomAccessFile members may be called concurrently; the writing files
// and the mapped segment belong to one thread at a time, except where a member says otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "firn/slice.h"
#include "firn/status.h"

namespace firn {

// Whether a file's bytes may stay in the OS's page cache. With kBypass reads go past it, and what
// was written leaves it once it is synced; the promises are the same. Where there is no such cache,
// it changes nothing.
enum class PageCache : std::uint8_t { kUse, kBypass };

// Reads past the page cache whose offset, length and memory are multiples of this are not copied.
inline constexpr std::size_t kDirectAlignment = 4096;

// Appends to a new file, buffered by the OS only.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status Append(Slice bytes) = 0;
  virtual Status SyncData() = 0;
  virtual Status Close() = 0;  // the destructor closes too, but loses the error
};

class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  // Reads exactly `into.size()` bytes; a file that ends before is kCorruption naming the offset.
  virtual Status ReadAt(std::uint64_t offset, std::span<char> into) const = 0;
  [[nodiscard]] virtual Result<std::uint64_t> Size() const = 0;
};

// A log segment: a file of fixed size, all of whose bytes exist on disk beforehand (written zeros
// or an older segment's bytes, so that a data sync commits no file-system metadata).
class SegmentFile {
 public:
  virtual ~SegmentFile() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // The whole file as writable shared memory, or nullptr for the positioned-write backend. A store
  // into it survives the death of the process; only SyncData makes it survive the machine's.
  [[nodiscard]] virtual char* mapping() = 0;
  // Positioned write; also legal on a mapped segment (for the header).
  virtual Status WriteAt(std::uint64_t offset, Slice bytes) = 0;
  // Makes all bytes stored before the call durable. May run beside stores and WriteAt of another
  // thread; what they add during the call may or may not be covered.
  virtual Status SyncData() = 0;
  // Hints for the mapping, no-ops elsewhere; may be called by another thread than the writer.
  // Populate makes the range's pages present and writable, Release gives them back to the page
  // cache, so that a 64 MiB segment does not count as 64 MiB of this process.
  virtual void Populate(std::uint64_t offset, std::uint64_t length) = 0;
  virtual void Release(std::uint64_t offset, std::uint64_t length) = 0;
  virtual Status Close() = 0;
};

class DirectoryHandle {
 public:
  virtual ~DirectoryHandle() = default;
  virtual Status Sync() = 0;  // makes creations, renames and removals in it durable
};

// Held while it lives; released by the destructor. The file stays; only destroying the store, which
// holds the lock, removes it (rule F4).
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class SegmentBackend : std::uint8_t { kMapped, kPositioned };

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Creates `path`; kConflict when it exists.
  virtual Result<std::unique_ptr<WritableFile>> CreateFile(const std::string& path,
                                                           PageCache cache) = 0;
  Result<std::unique_ptr<WritableFile>> CreateFile(const std::string& path) {
    return CreateFile(path, PageCache::kUse);
  }
  // kNotSupported when the cache is to be bypassed and cannot be.
  virtual Result<std::unique_ptr<RandomAccessFile>> OpenFile(const std::string& path,
                                                             PageCache cache) = 0;
  Result<std::unique_ptr<RandomAccessFile>> OpenFile(const std::string& path) {
    return OpenFile(path, PageCache::kUse);
  }
  // The whole content; kCorruption when it is longer than `bytes_max`.
  virtual Result<std::string> ReadFile(const std::string& path, std::uint64_t bytes_max) = 0;

  // Creates `path` with `bytes` > 0 written zeros (kConflict when it exists), not synced. On
  // failure no file is left.
  virtual Result<std::unique_ptr<SegmentFile>> CreateSegment(const std::string& path,
                                                             std::uint64_t bytes,
                                                             SegmentBackend backend) = 0;
  // Opens an existing file of any content for rewriting (recycling); its size stays. kCorruption
  // when it is empty.
  virtual Result<std::unique_ptr<SegmentFile>> ReopenSegment(const std::string& path,
                                                             SegmentBackend backend) = 0;

  virtual Result<std::unique_ptr<DirectoryHandle>> OpenDirectory(const std::string& path) = 0;
  // Creates one directory; ok when it exists already. Does not sync the parent (rule D3: the
  // caller does).
  virtual Status CreateDirectory(const std::string& path) = 0;
  virtual Status RemoveDirectory(const std::string& path) = 0;
  // Names without "." and "..", sorted.
  virtual Result<std::vector<std::string>> List(const std::string& directory) = 0;
  virtual Result<std::uint64_t> FileSize(const std::string& path) = 0;  // kNotFound when missing
  virtual Status Rename(const std::string& from, const std::string& to) = 0;  // replaces `to`
  virtual Status Remove(const std::string& path) = 0;  // kNotFound when missing
  virtual Status Link(const std::string& from, const std::string& to) = 0;  // hard link
  // Exclusive, against other processes and this one; kBusy when held. Creates the file.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
  virtual Result<std::uint64_t> FreeSpace(const std::string& directory) = 0;  // bytes
};

}  // namespace firn
