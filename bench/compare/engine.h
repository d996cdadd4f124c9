// What firn_compare asks of an engine: a store, clients on it, and a cursor per client.
//
// Not here: workloads, which know no engine. One virtual call an operation and no allocation by an
// adapter for one, so that what is measured is the engine; where an engine offers several ways, its
// adapter takes the fastest public one.
// Threads: an Engine may be called from any; a Client and its cursor belong to one thread.
// Lifetime: clients and loaders die before their engine is closed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "firn/slice.h"
#include "firn/status.h"

namespace firn::compare {

// What an acknowledged write survives: kA a kill of the process, kS a loss of power.
enum class DurabilityClass : std::uint8_t { kA, kS };

struct Setup {
  std::string directory;  // exists
  DurabilityClass durability = DurabilityClass::kA;
  bool lz4 = false;
  bool direct_io = false;
  std::uint64_t budget_bytes = std::uint64_t{1} << 30;  // block cache and write buffers together
  // Of one write buffer, for engines that have the setting.
  std::uint64_t write_buffer_bytes = std::uint64_t{64} << 20;
};

// A position in key order. A move answers whether there is an entry; key() and value() then view it
// until the next move. Without one, status() tells the end from an error.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool SeekToFirst() = 0;
  virtual bool SeekToLast() = 0;
  virtual bool Seek(Slice target) = 0;         // to the first key >= target
  virtual bool SeekForPrev(Slice target) = 0;  // to the last key <= target
  virtual bool Next() = 0;
  virtual bool Prev() = 0;
  [[nodiscard]] virtual Status status() const = 0;
  [[nodiscard]] Slice key() const { return key_; }
  [[nodiscard]] Slice value() const { return value_; }

 protected:
  Slice key_;
  Slice value_;
};

struct Lookup {
  bool found = false;
  Slice value;
};

class Client {
 public:
  virtual ~Client() = default;
  virtual Status Put(Slice key, Slice value) = 0;
  virtual Status PutBatch(std::span<const KeyValue> entries) = 0;  // all or nothing
  virtual Status Delete(Slice key) = 0;
  // True when found; `value` then views it until the client's next call.
  [[nodiscard]] virtual Result<bool> Get(Slice key, Slice& value) = 0;
  // As many lookups as keys; the values are valid until the client's next call.
  virtual Status MultiGet(std::span<const Slice> keys, std::span<Lookup> lookups) = 0;
  // The client's one cursor, opened anew on the newest state; a write of the client ends its use.
  // A problem shows in its status().
  [[nodiscard]] virtual Cursor& FreshCursor() = 0;
};

// Fills an empty store with keys in ascending order.
class BulkLoader {
 public:
  virtual ~BulkLoader() = default;
  virtual Status Add(Slice key, Slice value) = 0;
  virtual Status Finish() = 0;
  [[nodiscard]] virtual std::string method() const = 0;  // how, in words
};

// How a wait or a compaction was done, and how much of its time only made sure.
struct CareReport {
  std::string method;
  double idle_seconds = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<Client>> NewClient() = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<BulkLoader>> NewBulkLoader() = 0;
  // Returns when no background work is running or due.
  [[nodiscard]] virtual Result<CareReport> Settle() = 0;
  // Brings the whole store into its final shape, where the engine has such a call.
  [[nodiscard]] virtual Result<CareReport> Compact() = 0;
  virtual Status Close() = 0;
};

// One engine compiled in.
struct EngineKind {
  std::string name;
  std::string version;
  std::string build;                                     // where the library comes from
  bool assertions = false;                               // compiled in
  std::vector<std::string> compressions;                 // of "none" and "lz4"
  bool direct_io = false;                                // offered
  std::string (*options)(const Setup& setup) = nullptr;  // what Open sets, in words
  Result<std::unique_ptr<Engine>> (*open)(const Setup& setup) = nullptr;
  // The same for a process that is going to die: everything it writes stays in the log. Null where
  // open does so with write buffers that are large enough.
  Result<std::unique_ptr<Engine>> (*open_unflushed)(const Setup& setup) = nullptr;
};

// firn first, then the peers found when this program was built.
[[nodiscard]] const std::vector<EngineKind>& EngineKinds();

[[nodiscard]] EngineKind FirnKind();
// EngineKind::open_unflushed of firn.
[[nodiscard]] Result<std::unique_ptr<Engine>> OpenFirnUnflushed(const Setup& setup);
[[nodiscard]] EngineKind RocksDbKind();
[[nodiscard]] EngineKind LevelDbKind();
[[nodiscard]] EngineKind LmdbKind();
[[nodiscard]] EngineKind WiredTigerKind();

}  // namespace firn::compare
