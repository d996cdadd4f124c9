// Bounds the file descriptors that all tables of a store keep open.
//
// Not here: what is read through them.
// Threads: all members concurrently; no I/O under the mutex.
// Lifetime: a handle stays valid while it is held, also after the cache closed its own.
// O1  At most `files_max` files are kept open, besides those held by a call in progress.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "base/types.h"
#include "env/file_system.h"

namespace firn {

class OpenFiles {
 public:
  static constexpr std::size_t kFilesMax = 256;

  // Reads go through the page cache or past it, as `cache` says.
  explicit OpenFiles(FileSystem& file_system, std::size_t files_max = kFilesMax,
                     PageCache cache = PageCache::kUse);

  // The file, opened if it is not open.
  Result<std::shared_ptr<const RandomAccessFile>> Open(FileNumber number, const std::string& path)
      FIRN_EXCLUDES(mutex_);
  // Closes the file as soon as nobody holds it; call before removing it.
  void Close(FileNumber number) FIRN_EXCLUDES(mutex_);
  [[nodiscard]] PageCache cache() const { return cache_; }
  // Closes every file as soon as nobody holds it.
  void CloseAll() FIRN_EXCLUDES(mutex_);
  [[nodiscard]] std::size_t open() const FIRN_EXCLUDES(mutex_);

 private:
  struct OpenFile {
    FileNumber number;
    std::shared_ptr<const RandomAccessFile> file;
  };

  FileSystem& file_system_;
  const std::size_t files_max_;
  const PageCache cache_;
  mutable Mutex mutex_;
  std::list<OpenFile> files_ FIRN_GUARDED_BY(mutex_);  // used last first
  std::unordered_map<std::uint64_t, std::list<OpenFile>::iterator> places_ FIRN_GUARDED_BY(mutex_);
};

}  // namespace firn
