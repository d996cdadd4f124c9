#include "table/open_files.h"

#include <algorithm>

#include "base/status_macros.h"

namespace firn {

OpenFiles::OpenFiles(FileSystem& file_system, std::size_t files_max, PageCache cache)
    : file_system_(file_system),
      files_max_(std::max<std::size_t>(files_max, 1)),
      cache_(cache) {}

Result<std::shared_ptr<const RandomAccessFile>> OpenFiles::Open(FileNumber number,
                                                                const std::string& path) {
  {
    MutexLock lock(mutex_);
    const auto place = places_.find(number.value);
    if (place != places_.end()) {
      files_.splice(files_.begin(), files_, place->second);
      return place->second->file;
    }
  }
  FIRN_ASSIGN_OR_RETURN(std::unique_ptr<RandomAccessFile> opened,
                        file_system_.OpenFile(path, cache_));
  std::shared_ptr<const RandomAccessFile> file = std::move(opened);
  std::shared_ptr<const RandomAccessFile> closed;  // after the lock: closing is I/O
  MutexLock lock(mutex_);
  const auto place = places_.find(number.value);
  if (place != places_.end()) {
    closed.swap(file);
    return place->second->file;
  }
  if (files_.size() >= files_max_) {
    closed.swap(files_.back().file);
    places_.erase(files_.back().number.value);
    files_.pop_back();
  }
  files_.push_front({number, file});
  places_[number.value] = files_.begin();
  return file;
}

void OpenFiles::Close(FileNumber number) {
  std::shared_ptr<const RandomAccessFile> closed;
  MutexLock lock(mutex_);
  const auto place = places_.find(number.value);
  if (place == places_.end()) return;
  closed.swap(place->second->file);
  files_.erase(place->second);
  places_.erase(place);
}

void OpenFiles::CloseAll() {
  std::list<OpenFile> closed;
  MutexLock lock(mutex_);
  closed.swap(files_);
  places_.clear();
}

std::size_t OpenFiles::open() const {
  MutexLock lock(mutex_);
  return files_.size();
}

}  // namespace firn
