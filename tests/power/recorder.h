// The inside of the preloaded library: performs each call on the recorded folder itself, one at a
// time, and writes down what it did.
//
// Calls the recorder does not know how to record abort the process when they concern the folder:
// a trace is complete, or there is none. What bypasses libc shows when the test compares the model
// with the real folder.
// Environment, read once:
//   FIRN_RECORDER_ROOT        the folder, an absolute path without links; unset: nothing is touched
//   FIRN_RECORDER_TRACE       file to write the events to; unset: calls are only counted
//   FIRN_RECORDER_KILL        [before|after]:<kind>:<n>: SIGKILL at the n-th call of this kind
//                             (call, create, write, resize, sync, directory-sync, rename, link,
//                             unlink, close)
//   FIRN_RECORDER_FAIL_SYNC   <n>: the n-th sync of a file does nothing and answers EIO
// Threads: all members concurrently. Every call but a sync is performed under the one mutex, so
// the order of the trace is the order of effects.
// R1  A sync's kSyncBegin is written before it, its kSyncEnd after it; what the mapped file said at
//     both moments is in the trace.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "power/trace.h"

namespace firn::power {

class Recorder {
 public:
  // The one of the process.
  static Recorder& Process();

  int Open(int directory, const char* path, int flags, mode_t mode);
  int Close(int fd);
  ssize_t Write(int fd, const void* bytes, std::size_t count);
  ssize_t WriteAt(int fd, const void* bytes, std::size_t count, off_t offset);
  int Allocate(int fd, int mode, off_t offset, off_t length);
  int Truncate(int fd, off_t size);
  void* Map(void* address, std::size_t length, int protection, int flags, int fd, off_t offset);
  int Unmap(void* address, std::size_t length);
  int Sync(int fd, long system_call);
  int Rename(const char* from, const char* to);
  int Link(const char* from, const char* to);
  int Unlink(const char* path);
  int MakeDirectory(const char* path, mode_t mode);
  int RemoveDirectory(const char* path);
  int Control(int fd, int command, void* argument);
  void Mark(const char* text);

  // For calls that are not recorded: abort when what they concern belongs to the folder.
  void RefuseFd(int fd, const char* call);
  void RefuseMapping(const void* address, const char* call);
  void RefusePath(const char* path, const char* call);

 private:
  // What kill points name.
  enum class Kind : std::uint8_t {
    kCall, kCreate, kWrite, kResize, kSync, kDirectorySync, kRename, kLink, kUnlink, kClose,
  };
  struct OpenFile {
    FileId file = 0;
    bool is_directory = false;
  };
  struct Mapping {
    char* memory = nullptr;
    std::size_t bytes = 0;
    FileId file = 0;
    std::string seen;  // what the trace says the file holds
  };
  struct KillPoint {
    bool armed = false;
    bool after = false;
    Kind kind = Kind::kCall;
    std::uint64_t number = 0;
    std::uint64_t passed = 0;
  };
  using Lock = std::unique_lock<std::mutex>;

  Recorder();
  void ParseKillPoint(const char* text);

  [[nodiscard]] bool active() const { return !root_.empty(); }
  // Whether the path lies in the folder; then `relative` is set.
  [[nodiscard]] bool Inside(const char* path, std::string* relative) const;
  [[nodiscard]] const OpenFile* Find(int fd) const;

  // Counts a call of `kind`; true when the process is to die behind it.
  bool Passes(Kind kind);
  static void DieIf(bool now);
  void Emit(Event event);
  void TakeStores(Mapping& mapping);
  void TakeStoresOf(FileId file);
  // Two-name and one-name calls: performed, recorded, possibly the last.
  int NameCall(Kind kind, Event event, long result);
  ssize_t Written(const OpenFile& open, std::uint64_t offset, const void* bytes, ssize_t count);
  int Resized(const OpenFile& open, std::uint64_t size, long result);

  std::string root_;
  int trace_ = -1;
  std::uint64_t failing_sync_ = 0;

  std::mutex mutex_;
  // Below: guarded by mutex_.
  KillPoint kill_;
  std::uint64_t file_syncs_ = 0;
  std::uint64_t last_order_ = 0;
  FileId last_file_ = 0;
  std::map<int, OpenFile> open_;
  std::map<std::pair<dev_t, ino_t>, FileId> files_;
  std::vector<Mapping> mappings_;
};

}  // namespace firn::power
