// Removes what an open found and its new manifest does not need, after the open has returned: a
// large log takes the file system longer to free than a user of an open store cares to wait.
//
// Nothing depends on when that happens or whether (docs/recovery.md, "Open"): numbers are never
// given twice (rule F1), so no name here becomes another file's, and every open removes what it
// finds. It is a job of the store all the same: Close and WaitForIdle wait for it, so a closed
// store holds nothing that it does not need.
// Threads: all members concurrently.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "db/store_context.h"
#include "db/store_state.h"

namespace firn {

struct ObsoleteFile {
  FileNumber number;
  std::string path;
};

// True when the file is gone, or was.
[[nodiscard]] bool RemoveObsoleteFile(FileSystem& file_system, const ObsoleteFile& file);

class ObsoleteFiles {
 public:
  ObsoleteFiles(StoreContext& context, StoreState& state) : context_(context), state_(state) {}

  // Has `files` removed soon, in this order. Once. The edit that dropped them is durable (rule F2).
  void RemoveSoon(std::vector<ObsoleteFile> files);
  // Those that may still be there and are going to be removed.
  [[nodiscard]] std::set<FileNumber> Awaited() const;

 private:
  void ScheduleNext();
  void RemoveFirst();

  StoreContext& context_;
  StoreState& state_;
  std::deque<ObsoleteFile> files_ FIRN_GUARDED_BY(state_.mutex);
};

}  // namespace firn
