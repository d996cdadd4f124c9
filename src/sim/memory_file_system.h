// A file system in memory that can lose power and fail any call. Test-only.
//
// Every file has a durable image and pending (unsynced) changes; every directory durable names and
// pending operations. Mapped segments are part of the model: any sector of a mapping may or may not
// have reached the disk at a crash. Calls are counted, so a test can stop or fail the n-th.
// Cost: a crash image shares unchanged content; a mapped segment is compared in full for each image
// and each sync, so keep segments small in tests that take many.
// Threads: all members concurrently (a mutex inside); an image and its source count as one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "env/file_system.h"

namespace firn::testing {

// What a power loss keeps of what was never synced.
struct CrashKeep {
  enum class Data : std::uint8_t {
    kNothing,        // only synced bytes and synced names
    kEverything,     // as if all had been synced (kill -9: the page cache survives)
    kRandomSectors,  // each unsynced 512-byte sector with probability 1/2, sizes too
  };
  enum class Names : std::uint8_t { kNothing, kEverything, kRandomSubset, kRandomPrefix };
  Data data = Data::kNothing;
  Names names = Names::kNothing;
  std::uint64_t seed = 0;
};

// One thing that a power loss keeps or loses apart from all others.
struct UnsyncedUnit {
  enum class Kind : std::uint8_t { kName, kSize, kSector };
  Kind kind = Kind::kName;
  std::size_t file = 0;      // of kSize and kSector: equal numbers, the same file
  std::uint64_t sector = 0;  // of kSector: where in the file, in sectors
};

struct Fault {
  enum class Kind : std::uint8_t {
    kIo,
    kNoSpace,
    kShortWrite,
    kSyncDropsPages,    // afterwards the cache shows the new bytes and counts them as written
    kSyncRevertsPages,  // afterwards the cache shows the bytes of before
    kLook,              // kIo for a call that changes nothing
    kNoMapping,         // the address space or the memory for a mapped segment is refused
    kNameDoneAnyway,    // a rename or removal that happens and answers kIo all the same
  };
  // 1-based index among the counted calls (kLook: among looks(), kNoMapping: among mappings()); 0 =
  // never. A kind that cannot happen to that call waits for the first it can: a write
  // (kShortWrite), an allocation (kNoSpace), a file sync (kSyncDropsPages, kSyncRevertsPages), a
  // rename or removal (kNameDoneAnyway).
  std::uint64_t at_call = 0;
  Kind kind = Kind::kIo;
  // Every later call of the same file fails too (kNoSpace: every allocation; kNoMapping: every
  // mapping).
  bool sticky = false;
};

enum class CallKind : std::uint8_t {
  kWrite,     // bytes into a file that exists; allocates too
  kAllocate,  // a new file or directory
  kLink,      // a second name: allocates too
  kFileSync,
  kDirectorySync,
  kClose,
  kRename,
  kRemove,
  kRead,  // of a table's bytes; not counted
  kLock,
};

// A call that failed by a rate. The message of its error ends with FaultMark(number), so that
// whoever is told of it can be recognised.
struct StruckFault {
  std::uint64_t number = 0;  // from 1, in the order of the draws
  CallKind call = CallKind::kWrite;
  std::string path;
};
[[nodiscard]] inline std::string FaultMark(std::uint64_t number) {
  return " [fault " + std::to_string(number) + "]";
}

// Faults at random calls, beside the one at a chosen call. A rate of n fails one call in n of those
// it can happen to; 0: none.
struct FaultRates {
  std::uint64_t seed = 0;
  std::uint32_t io_one_in = 0;          // any counted call
  std::uint32_t read_one_in = 0;        // reads of table files, which are not counted
  std::uint32_t no_space_one_in = 0;    // allocations
  std::uint32_t short_write_one_in = 0;
  std::uint32_t sync_drop_one_in = 0;
  // Of the faults drawn only those with these numbers strike: a run can be repeated with fewer.
  std::uint64_t first = 1;
  std::uint64_t last = UINT64_MAX;
};

class MemoryFileSystem : public FileSystem {
 public:
  // With the root directory "/" only.
  static std::unique_ptr<MemoryFileSystem> Create();

  // Calls that change something or make it durable, so far: creations, writes, syncs, closes of
  // written files, locks and changes of names, whether they succeed or not. Reads are not counted.
  [[nodiscard]] virtual std::uint64_t calls() const = 0;
  // Calls that change nothing: opening, reading, listing, asking for sizes and free space.
  [[nodiscard]] virtual std::uint64_t looks() const = 0;
  // Segments mapped.
  [[nodiscard]] virtual std::uint64_t mappings() const = 0;
  // One at a time: replaces the fault before it, Fault() removes it.
  virtual void InjectFault(Fault fault) = 0;
  [[nodiscard]] virtual bool fault_fired() const = 0;
  // The call that the fault struck first, by the count its kind goes by; 0 before.
  [[nodiscard]] virtual std::uint64_t fault_call() const = 0;
  // The same in words; empty before.
  [[nodiscard]] virtual std::string fault_place() const = 0;
  virtual void SetFaultRates(const FaultRates& rates) = 0;
  // Calls that failed by a rate.
  [[nodiscard]] virtual std::uint64_t random_faults() const = 0;
  // Called at each of them, under the disk's mutex: must not call the disk. Set it before the first
  // call.
  virtual void ObserveFaults(std::function<void(const StruckFault&)> observer) = 0;
  // Called before each call that touches a file, its bytes or its name, without a lock: a simulated
  // runtime sleeps there. Set it before the first call.
  virtual void SetPause(std::function<void()> pause) = 0;
  // From call `at_call` on every counted call answers kIo and changes nothing: the moment of a
  // crash.
  virtual void StopAt(std::uint64_t at_call) = 0;
  // A new file system as a machine would find it after losing power now. This one stays usable.
  [[nodiscard]] virtual std::unique_ptr<MemoryFileSystem> CrashImage(
      const CrashKeep& keep) const = 0;
  // What a power loss now would decide on: changes of names in the order they were made, then the
  // size and sectors of one file after the other.
  [[nodiscard]] virtual std::vector<UnsyncedUnit> Unsynced() const = 0;
  // The image in which unit i of Unsynced() was kept if kept[i]. A kept sector behind the size that
  // was kept takes the file's size along. Requires: as many as there are units.
  [[nodiscard]] virtual std::unique_ptr<MemoryFileSystem> CrashImageOf(
      const std::vector<bool>& kept) const = 0;
  // This disk as it is now, unsynced changes included, without its handles, faults and limits: to
  // draw images of this moment later.
  [[nodiscard]] virtual std::unique_ptr<MemoryFileSystem> Freeze() const = 0;
  // Of the durable names and bytes: crash images with equal ones are the same to any program.
  [[nodiscard]] virtual std::uint64_t Fingerprint() const = 0;
  // Limits the bytes of all files; 0 = unlimited. Beyond: kNoSpace.
  virtual void SetCapacity(std::uint64_t bytes) = 0;
  // From now on opening a file to read past the page cache answers kNotSupported. Otherwise such
  // reads are like any other: no cache of this disk holds more than the disk does.
  virtual void RefuseDirectReads() = 0;
  // For corruption tests: direct access to a file's current bytes (both images).
  virtual Status Corrupt(const std::string& path,
                         const std::function<void(std::string&)>& change) = 0;
  // Handles still open: files, locks, directories. 0 when a store closed cleanly.
  [[nodiscard]] virtual std::uint64_t open_handles() const = 0;
};

}  // namespace firn::testing
