// What the recorded processes do, as pure functions, so that the test knows the contents after any
// commit of any writer.
//
// A commit is one batch: a few changes of the writer's own keys, and its number under the writer's
// marker key.
// P1  No two writers share a key.
// Threads: pure functions and values.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "firn/options.h"

namespace firn::power {

// Keyspace name -> key -> value.
using Contents = std::map<std::string, std::map<std::string, std::string>>;

struct Workload {
  std::string name;
  std::uint64_t seed = 0;
  std::uint64_t commits = 250;  // of each writer
  std::size_t writers = 1;
  std::uint64_t sync_every = 7;  // one in so many commits is durable; 0: none
  std::uint64_t value_bytes = 300;
  std::uint64_t batch_max = 4;
  std::uint64_t reopen_every = 0;      // closes and opens again; 0: never
  std::uint64_t checkpoint_every = 0;  // 0: never
  // Commits until the keyspace beside the default one gives way to a new one, which is dropped half
  // a period later; 0: one keyspace, never dropped.
  std::uint64_t keyspace_period = 0;
  bool keyspaces = false;
  bool positioned_log = false;
  bool tiny = true;            // sizes of src/testing/tiny_store.h; else the smallest budget
  std::uint64_t fail_sync = 0;  // the sync of a file that fails; 0: none
};

[[nodiscard]] std::vector<Workload> AllWorkloads();
inline void PrintTo(const Workload& workload, std::ostream* out) { *out << workload.name; }

struct Operation {
  enum class Kind : std::uint8_t { kPut, kDelete, kDeleteRange };
  Kind kind = Kind::kPut;
  std::string keyspace;
  std::string key;
  std::string value;  // kDeleteRange: the end
};

// Commits count from 1; the last operation is the marker.
[[nodiscard]] std::vector<Operation> OperationsOf(const Workload& workload, std::size_t writer,
                                                  std::uint64_t commit);
[[nodiscard]] Durability DurabilityOf(const Workload& workload, std::uint64_t commit);
// The keyspace beside the default one that `commit` may write to; empty: none.
[[nodiscard]] std::string KeyspaceOf(const Workload& workload, std::uint64_t commit);

[[nodiscard]] std::string MarkerKey(std::size_t writer);
// What the first `commits` commits of `writer` make of an empty store.
[[nodiscard]] Contents ContentsAfter(const Workload& workload, std::size_t writer,
                                     std::uint64_t commits);

}  // namespace firn::power
