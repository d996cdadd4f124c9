// firn: an embedded, ordered, persistent key-value store (a log-structured merge tree).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firn/export.h"
#include "firn/iterator.h"
#include "firn/options.h"
#include "firn/slice.h"
#include "firn/stats.h"
#include "firn/status.h"
#include "firn/verify.h"
#include "firn/write_batch.h"

namespace firn {

// A value where it lies, without a copy. Holds its block or memtable in memory until destroyed or
// Reset; may outlive the Db.
class FIRN_EXPORT PinnedValue {
 public:
  PinnedValue() = default;
  PinnedValue(PinnedValue&& other) noexcept;
  PinnedValue& operator=(PinnedValue&& other) noexcept;
  ~PinnedValue() { Reset(); }
  [[nodiscard]] Slice value() const { return value_; }
  void Reset();

 private:
  friend class PinnedValueAccess;
  void Release();  // the value, not the engine
  Slice value_;
  void* owner_ = nullptr;
  void (*release_)(void* owner) = nullptr;
  std::shared_ptr<const void> engine_;  // owns what the owner lives in
};

// A persistent ordered map from byte strings to byte strings, in named keyspaces.
//
// Keys 0 B to 64 KiB, values 0 B to 1 GiB, any bytes, unsigned bytewise order.
// Threads: every member may be called concurrently, Close included; calls that come after Close
// answer kClosed. Do not use a Db on both sides of a fork.
class FIRN_EXPORT Db {
 public:
  // Opens or creates the store in `directory` (its parent must exist) and replays its log.
  // Errors: kNotFound (missing and not to be created), kConflict (exists and must not), kBusy (open
  // elsewhere), kCorruption, kNotSupported (newer format), kInvalidArgument (options), kNoSpace,
  // kIo.
  [[nodiscard]] static Result<std::unique_ptr<Db>> Open(const std::string& directory,
                                                        const Options& options = {});
  // Deletes the store in `directory` and nothing else in it. kBusy when open; kNotFound when none.
  static Status Destroy(const std::string& directory, const Options& options = {});
  // Closes; an error is lost, so call Close first.
  ~Db();
  // For the library itself and its tests: Open is the way to make one.
  explicit Db(std::shared_ptr<class Engine> engine);
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  // --- Writing. Each is atomic, and ordered with every other write. A failed write is not visible,
  // now or after reopening; the one exception is kIndeterminate.
  // Errors: kInvalidArgument (limits), kNotFound (dropped keyspace), kNoSpace, kIo, kClosed,
  // kIndeterminate.
  Status Put(Slice key, Slice value, const WriteOptions& options = {});
  Status Delete(Slice key, const WriteOptions& options = {});
  // Deletes every key in [begin, end), in time independent of their number.
  Status DeleteRange(Slice begin, Slice end, const WriteOptions& options = {});
  Status Write(const WriteBatch& batch, const WriteOptions& options = {});
  // Stores the value only if the key has none; true when stored.
  [[nodiscard]] Result<bool> PutIfAbsent(Slice key, Slice value, const WriteOptions& options = {});
  // If the key's value equals `expected` (nullopt: the key is absent), stores `desired` (nullopt:
  // deletes the key); true when it did.
  [[nodiscard]] Result<bool> CompareAndSet(Slice key, std::optional<Slice> expected,
                                           std::optional<Slice> desired,
                                           const WriteOptions& options = {});
  // Returns once every write acknowledged before is durable.
  Status Sync();

  // --- Reading. A missing key is not an error. Errors: kCorruption, kIo, kNotFound (dropped
  // keyspace), kClosed.
  [[nodiscard]] Result<std::optional<std::string>> Get(Slice key,
                                                       const ReadOptions& options = {}) const;
  // True when found; then `value` shows the bytes in place.
  [[nodiscard]] Result<bool> Get(Slice key, PinnedValue& value,
                                 const ReadOptions& options = {}) const;
  // All keys at one moment; results in the order of the keys.
  [[nodiscard]] Result<std::vector<std::optional<std::string>>> MultiGet(
      std::span<const Slice> keys, const ReadOptions& options = {}) const;
  // Never fails here: a problem shows in Iterator::status().
  [[nodiscard]] Iterator NewIterator(const IteratorOptions& options = {}) const;
  [[nodiscard]] Snapshot GetSnapshot() const;

  // --- Keyspaces: cheap by the thousand. Names: 1 to 255 bytes, any but NUL.
  [[nodiscard]] Result<Keyspace> CreateKeyspace(std::string_view name);  // kConflict when it exists
  [[nodiscard]] Result<Keyspace> OpenKeyspace(std::string_view name) const;  // kNotFound
  [[nodiscard]] std::vector<std::string> ListKeyspaces() const;  // sorted; "default" is the default
  Status DropKeyspace(std::string_view name);  // its data is gone at once, also for open handles
  Status RenameKeyspace(std::string_view from, std::string_view to);

  // --- Care. All of it happens by itself; these are for those who want it now.
  Status Flush();  // memtables of all keyspaces to tables
  // Merges everything in [lower, upper) into the last level; unset bounds are open.
  Status CompactRange(std::optional<Slice> lower = {}, std::optional<Slice> upper = {},
                      const Keyspace& keyspace = {});
  // Returns when no flush or compaction is running or due, what an idle store does included.
  Status WaitForIdle();
  // A second store in `directory` (which must not exist) with the state of one moment, sharing
  // table files by hard link where the file system can.
  Status Checkpoint(const std::string& directory);
  // Reads every file and checks all there is to check (firn/verify.h), while the store is in use.
  // `stopped` of the report is kClosed when the store was closed before the end.
  [[nodiscard]] VerifyReport Verify(const VerifyProgress& progress = {}) const;
  [[nodiscard]] Stats GetStats() const;
  // Stops background work and makes every acknowledged write durable, kNone included. Idempotent.
  Status Close();

 private:
  std::shared_ptr<class Engine> engine_;
};

}  // namespace firn
