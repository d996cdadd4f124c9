// The words in which small workloads are written down: a workload is a name, a geometry and a list
// of steps, so that what is crashed and what is failed can be read at a glance.
//
// Not here: doing the steps (player.h), the list of workloads (workloads.cc).
// Threads: plain values.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "firn/options.h"

namespace firn::testing {

enum class Verb : std::uint8_t {
  kPut,            // name: the key, bytes: of the value
  kDelete,         // name: the key
  kDeleteRange,    // [name, other)
  kPutIfAbsent,    // as kPut
  kCompareAndSet,  // as kPut, expecting what the key has
  kFill,           // count commits of one put each, over kFillKeys keys
  kBatch,          // one commit of count puts and deletes, spread over all keyspaces
  kSync,
  kFlush,
  kCompact,  // [name, other); both empty: everything
  kIdle,     // waits until nothing is due, idle merges included
  kPause,    // count milliseconds pass; what becomes due runs
  kCreate,   // name: a keyspace
  kDrop,
  kRename,      // to other
  kSnapshot,    // takes the one snapshot a client holds
  kLetGo,       // checks and releases it
  kCheckpoint,  // name: a directory
  kReopen,
  kRepair,    // closes, salvages into the directory name, opens again
  kFailSync,  // the next sync of a file fails and drops its pages
};

inline constexpr std::uint64_t kFillKeys = 31;
[[nodiscard]] inline std::string FillKey(std::uint64_t n) {
  return "key" + std::to_string(100 + n % kFillKeys);
}

struct Step {
  Verb verb = Verb::kSync;
  std::string name = {};
  std::string other = {};
  std::uint64_t count = 0;
  std::uint32_t bytes = 0;
  std::string keyspace = "default";
  Durability durability = Durability::kPeriodic;

  [[nodiscard]] Step In(std::string which) const {
    Step step = *this;
    step.keyspace = std::move(which);
    return step;
  }
  [[nodiscard]] Step Durable() const { return With(Durability::kSync); }
  [[nodiscard]] Step With(Durability level) const {
    Step step = *this;
    step.durability = level;
    return step;
  }
};

struct Workload {
  std::string name;
  std::vector<Step> steps;
  LogBackend log = LogBackend::kMapped;
  Compression compression = Compression::kNone;
  bool direct_reads = false;
  std::uint64_t memtable_bytes = 4 << 10;
  std::uint64_t segment_bytes = 8 << 10;
  std::uint64_t recycled_max = 2;
  std::uint64_t manifest_bytes = 8 << 10;  // above it a fresh one is written
};
inline void PrintTo(const Workload& workload, std::ostream* out) { *out << workload.name; }

// Forty-three of them, each with its own reason to exist.
[[nodiscard]] const std::vector<Workload>& AllWorkloads();

namespace steps {

inline Step Put(std::string key, std::uint32_t bytes) {
  return {.verb = Verb::kPut, .name = std::move(key), .bytes = bytes};
}
inline Step Delete(std::string key) { return {.verb = Verb::kDelete, .name = std::move(key)}; }
inline Step DeleteRange(std::string begin, std::string end) {
  return {.verb = Verb::kDeleteRange, .name = std::move(begin), .other = std::move(end)};
}
inline Step PutIfAbsent(std::string key, std::uint32_t bytes) {
  return {.verb = Verb::kPutIfAbsent, .name = std::move(key), .bytes = bytes};
}
inline Step CompareAndSet(std::string key, std::uint32_t bytes) {
  return {.verb = Verb::kCompareAndSet, .name = std::move(key), .bytes = bytes};
}
inline Step Fill(std::uint64_t commits, std::uint32_t bytes) {
  return {.verb = Verb::kFill, .count = commits, .bytes = bytes};
}
inline Step Batch(std::uint64_t operations, std::uint32_t bytes) {
  return {.verb = Verb::kBatch, .count = operations, .bytes = bytes};
}
inline Step Sync() { return {.verb = Verb::kSync}; }
inline Step Flush() { return {.verb = Verb::kFlush}; }
inline Step Compact(std::string begin = {}, std::string end = {}) {
  return {.verb = Verb::kCompact, .name = std::move(begin), .other = std::move(end)};
}
inline Step Idle() { return {.verb = Verb::kIdle}; }
inline Step Pause(std::uint64_t milliseconds) {
  return {.verb = Verb::kPause, .count = milliseconds};
}
inline Step Create(std::string name) { return {.verb = Verb::kCreate, .name = std::move(name)}; }
inline Step Drop(std::string name) { return {.verb = Verb::kDrop, .name = std::move(name)}; }
inline Step Rename(std::string from, std::string to) {
  return {.verb = Verb::kRename, .name = std::move(from), .other = std::move(to)};
}
inline Step TakeSnapshot() { return {.verb = Verb::kSnapshot}; }
inline Step LetGo() { return {.verb = Verb::kLetGo}; }
inline Step Checkpoint(std::string directory) {
  return {.verb = Verb::kCheckpoint, .name = std::move(directory)};
}
inline Step Reopen() { return {.verb = Verb::kReopen}; }
inline Step Repair(std::string directory) {
  return {.verb = Verb::kRepair, .name = std::move(directory)};
}
inline Step FailSync() { return {.verb = Verb::kFailSync}; }

}  // namespace steps
}  // namespace firn::testing
