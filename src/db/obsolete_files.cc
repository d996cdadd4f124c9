#include "db/obsolete_files.h"

#include <iterator>
#include <utility>

namespace firn {

bool RemoveObsoleteFile(FileSystem& file_system, const ObsoleteFile& file) {
  const Status removed = file_system.Remove(file.path);
  return removed.ok() || removed.code() == StatusCode::kNotFound;
}

void ObsoleteFiles::RemoveSoon(std::vector<ObsoleteFile> files) {
  if (files.empty()) return;
  {
    MutexLock lock(state_.mutex);
    files_.assign(std::make_move_iterator(files.begin()), std::make_move_iterator(files.end()));
    ++state_.jobs_in_flight;
  }
  ScheduleNext();
}

// A file a task, so that a flush waits for one removal and not for all. Not behind merges: on a
// full disk a writer may be waiting for the space.
void ObsoleteFiles::ScheduleNext() {
  context_.runtime.executor->Schedule(Priority::kHigh, [this] { RemoveFirst(); });
}

void ObsoleteFiles::RemoveFirst() {
  ObsoleteFile first;
  {
    MutexLock lock(state_.mutex);
    first = files_.front();
  }
  if (!RemoveObsoleteFile(*context_.runtime.file_system, first)) {
    // The next open finds it again.
    state_.counters.cleanup_failures.fetch_add(1, std::memory_order_relaxed);
  }
  {
    MutexLock lock(state_.mutex);
    files_.pop_front();
    if (files_.empty()) {
      --state_.jobs_in_flight;
      state_.changed.NotifyAll();
      return;  // whoever waited may let go of this object now
    }
  }
  ScheduleNext();
}

std::set<FileNumber> ObsoleteFiles::Awaited() const {
  MutexLock lock(state_.mutex);
  std::set<FileNumber> numbers;
  for (const ObsoleteFile& file : files_) numbers.insert(file.number);
  return numbers;
}

}  // namespace firn
