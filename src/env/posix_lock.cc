#include "env/posix_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <set>
#include <utility>

#include "base/mutex.h"
#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "env/never_destroyed.h"
#include "env/posix_io.h"

namespace firn {
namespace {

using FileIdentity = std::pair<dev_t, ino_t>;

// flock alone would do between processes, but network file systems turn it into a lock per process,
// which the same process is granted twice.
class HeldLocks {
 public:
  static HeldLocks& Process() {
    static NeverDestroyed<HeldLocks> held;
    return held.value;
  }
  bool Add(const FileIdentity& file) {
    MutexLock lock(mutex_);
    return files_.insert(file).second;
  }
  void Remove(const FileIdentity& file) {
    MutexLock lock(mutex_);
    files_.erase(file);
  }

 private:
  Mutex mutex_;
  std::set<FileIdentity> files_ FIRN_GUARDED_BY(mutex_);
};

class PosixFileLock final : public FileLock {
 public:
  PosixFileLock(UniqueFd fd, FileIdentity file) : fd_(std::move(fd)), file_(file) {}
  PosixFileLock(const PosixFileLock&) = delete;
  PosixFileLock& operator=(const PosixFileLock&) = delete;
  // Unlocks before it leaves the registry: between the two another opener only waits longer.
  ~PosixFileLock() override {
    fd_ = UniqueFd();
    HeldLocks::Process().Remove(file_);
  }

 private:
  UniqueFd fd_;
  const FileIdentity file_;
};

Status Busy(const std::string& path, const char* holder) {
  return Status(StatusCode::kBusy,
                path + ": is locked by " + holder + "; close the store there first");
}

}  // namespace

Result<std::unique_ptr<FileLock>> LockPosixFile(const std::string& path) {
  FIRN_ASSIGN_OR_RETURN(UniqueFd fd, OpenRegularFile(path, O_RDWR | O_CREAT));
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return PosixError("stat", path, errno);
  const FileIdentity file{info.st_dev, info.st_ino};
  if (!HeldLocks::Process().Add(file)) return Busy(path, "this process");
  // From here on the destructor takes it out of the registry again.
  const int raw_fd = fd.get();
  auto lock = std::make_unique<PosixFileLock>(std::move(fd), file);
  const int kind = (BugIsOn(SeededBug::kLockShared) ? LOCK_SH : LOCK_EX) | LOCK_NB;
  int result = flock(raw_fd, kind);
  while (result != 0 && errno == EINTR) result = flock(raw_fd, kind);
  if (result != 0 && errno == EWOULDBLOCK) return Busy(path, "another process");
  if (result != 0) return PosixError("lock", path, errno);
  // Destroying a store takes its lock file with it. A lock on a file that lost its name meanwhile
  // would keep nobody out.
  struct stat named {};
  if (stat(path.c_str(), &named) != 0 || FileIdentity{named.st_dev, named.st_ino} != file) {
    return Status(StatusCode::kBusy, path + ": the store was just destroyed by another; try again");
  }
  return std::unique_ptr<FileLock>(std::move(lock));
}

}  // namespace firn
