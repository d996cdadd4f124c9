// How a store is opened and how single calls behave. Few fields on purpose: a memory budget and a
// durability choice; the engine derives the rest and explains itself in GetStats.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "firn/export.h"
#include "firn/slice.h"

namespace firn {

struct Runtime;
namespace internal {
class KeyspaceState;
class SnapshotState;
}  // namespace internal

// What an acknowledged write survives.
enum class Durability : std::uint8_t {
  // The process may lose the last writes when it is killed (at most 64 KiB or 5 ms of them), the
  // machine everything since the last sync.
  kNone = 0,
  // Survives kill -9 of the process. A crash of the machine may lose what was acknowledged in the
  // last Options::sync_interval plus one sync in flight; writers wait rather than let it become
  // more than twice the interval.
  kPeriodic = 1,
  // Survives power loss from the moment the call returns.
  kSync = 2,
};

enum class Compression : std::uint8_t { kNone = 0, kLz4 = 1, kZstd = 2 };

// How the log reaches the OS; the promises are the same.
enum class LogBackend : std::uint8_t {
  kMapped = 0,      // stores into a shared mapping of preallocated segments: no system call a write
  kPositioned = 1,  // one positioned write a commit
};

struct Options {
  // Bytes of memory for everything the engine allocates: memtables, resident blocks, filters,
  // iterators, jobs, log windows. Range: 8 MiB and more.
  std::uint64_t memory_budget = std::uint64_t{512} << 20;
  // For writes that do not say otherwise.
  Durability durability = Durability::kPeriodic;
  // T of Durability::kPeriodic. Range: 1 ms to 1 h.
  std::chrono::milliseconds sync_interval{100};
  // Of blocks in the last level; newer tables are always stored plain. Readable whatever is set.
  Compression compression = Compression::kLz4;
  LogBackend log_backend = LogBackend::kMapped;
  // Tables are read past the page cache of the OS, and leave it once they are written: then
  // `memory_budget` is all the memory that the store's data takes, in a container as well. What is
  // not in the budget comes from the disk each time, so give it what the machine can spare. The
  // log, the manifest and RepairStore keep to the page cache. A file system without direct I/O
  // makes Open answer kNotSupported.
  bool direct_reads = false;
  bool create_if_missing = true;
  bool error_if_exists = false;
  // The world underneath; null means the operating system. Must outlive the store.
  const Runtime* runtime = nullptr;
};

// Names a keyspace of one open store; cheap to copy. Default-constructed: the default keyspace.
// A handle of a dropped keyspace is harmless: calls answer kNotFound.
class FIRN_EXPORT Keyspace {
 public:
  Keyspace() = default;
  explicit Keyspace(std::shared_ptr<internal::KeyspaceState> state) : state_(std::move(state)) {}
  // Never reused within a store; 0 is the default keyspace.
  [[nodiscard]] std::uint32_t id() const;
  [[nodiscard]] const std::shared_ptr<internal::KeyspaceState>& state() const { return state_; }

 private:
  std::shared_ptr<internal::KeyspaceState> state_;
};

// The exact state at one moment; reads through it see nothing newer. Holding one keeps overwritten
// versions on disk. Copies share the moment; the last one lets go of it. May outlive the Db.
class FIRN_EXPORT Snapshot {
 public:
  Snapshot() = default;
  explicit Snapshot(std::shared_ptr<const internal::SnapshotState> state)
      : state_(std::move(state)) {}
  [[nodiscard]] bool valid() const { return state_ != nullptr; }
  [[nodiscard]] std::uint64_t sequence() const;  // 0 when not valid
  [[nodiscard]] const std::shared_ptr<const internal::SnapshotState>& state() const {
    return state_;
  }

 private:
  std::shared_ptr<const internal::SnapshotState> state_;
};

struct WriteOptions {
  std::optional<Durability> durability = {};  // unset: Options::durability
  Keyspace keyspace = {};  // ignored by Write: a batch names its keyspaces itself
};

struct ReadOptions {
  Keyspace keyspace = {};
  Snapshot snapshot = {};  // not valid: the newest state
};

struct IteratorOptions {
  std::optional<Slice> lower = {};  // inclusive; copied
  std::optional<Slice> upper = {};  // exclusive; copied
  Keyspace keyspace = {};
  Snapshot snapshot = {};  // not valid: the state at creation
};

}  // namespace firn
