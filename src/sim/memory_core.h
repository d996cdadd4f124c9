// What the simulated disk and its handles share: the tree, the plan of faults, the space, the
// locks.
//
// Threads: one mutex guards everything; functions that need it say so.
// Lifetime: shared by the file system and every handle, so neither order of destruction matters.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/mutex.h"
#include "sim/call_plan.h"
#include "sim/memory_directory.h"

namespace firn::testing {

struct MemoryCore {
  mutable Mutex mutex;
  MemoryTree tree FIRN_GUARDED_BY(mutex);
  CallPlan plan FIRN_GUARDED_BY(mutex);
  std::uint64_t capacity FIRN_GUARDED_BY(mutex) = 0;  // 0: unlimited
  std::set<const MemoryFile*> locked FIRN_GUARDED_BY(mutex);
  std::atomic<std::uint64_t> open_handles = 0;
  std::function<void()> pause;  // set before the first call

  // Counts a call that can only succeed or fail as a whole.
  Status Begin(CallKind kind, const std::string& path) FIRN_REQUIRES(mutex);
  // A rename or removal: whether it happens, and what is told of it if nothing else is wrong.
  Status BeginNameChange(CallKind kind, const std::string& path, bool* happens)
      FIRN_REQUIRES(mutex);
  // A call that changes nothing is counted apart, and may fail too.
  Status BeginLook(const std::string& path) FIRN_REQUIRES(mutex);
  // A look that fails by the rate of reads as well.
  Status BeginRead(const std::string& path) FIRN_REQUIRES(mutex);
  // Writes as much as faults and space allow.
  Status Write(MemoryFile& file, const std::string& path, std::uint64_t offset, Slice bytes)
      FIRN_REQUIRES(mutex);
  Status Sync(MemoryFile& file, const std::string& path) FIRN_REQUIRES(mutex);
  // Files that were unlinked while open count as free.
  [[nodiscard]] std::uint64_t FreeBytes() const FIRN_REQUIRES(mutex);
};

// One call of the disk: takes its time, then the mutex.
class FIRN_SCOPED_CAPABILITY DiskCall {
 public:
  explicit DiskCall(MemoryCore& core) FIRN_ACQUIRE(core.mutex) : core_(core) {
    if (core.pause) core.pause();
    core.mutex.Lock();
  }
  ~DiskCall() FIRN_RELEASE() { core_.mutex.Unlock(); }
  DiskCall(const DiskCall&) = delete;
  DiskCall& operator=(const DiskCall&) = delete;

 private:
  MemoryCore& core_;
};

// Counts one open handle until Close or destruction.
class HandleCount {
 public:
  explicit HandleCount(std::shared_ptr<MemoryCore> core) : core_(std::move(core)) {
    ++core_->open_handles;
  }
  HandleCount(const HandleCount&) = delete;
  HandleCount& operator=(const HandleCount&) = delete;
  ~HandleCount() { Close(); }

  [[nodiscard]] MemoryCore& core() const { return *core_; }
  [[nodiscard]] bool open() const { return open_; }
  void Close() {
    if (open_) --core_->open_handles;
    open_ = false;
  }

 private:
  const std::shared_ptr<MemoryCore> core_;
  bool open_ = true;
};

}  // namespace firn::testing
