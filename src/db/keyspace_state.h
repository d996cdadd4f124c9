// One keyspace inside the engine: its memtables, its tree, and the view readers use.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compaction/running_jobs.h"
#include "db/dead_range.h"
#include "db/read_view.h"
#include "wal/log_format.h"

namespace firn::internal {

// One open of one store, never reused within the process, never 0.
using StoreToken = std::uint64_t;
[[nodiscard]] StoreToken NewStoreToken();

// A memtable that takes no more writes and waits for its flush.
struct FrozenMemtable {
  std::shared_ptr<Memtable> memtable;
  LogPosition log_begin = 0;  // of the first record with an entry in it
  LogPosition log_end = 0;    // behind the last one
};

// Threads: as the comment above each group says.
class KeyspaceState {
 public:
  KeyspaceState(StoreToken store, KeyspaceId keyspace_id, std::string keyspace_name)
      : owner(store), id(keyspace_id), name(std::move(keyspace_name)) {}

  // Constant.
  const StoreToken owner;  // a handle given to another store is told apart by it
  const KeyspaceId id;

  // Stored under the state mutex (release), loaded by readers under an epoch guard (acquire).
  // Null after Close.
  std::atomic<ReadView*> view{nullptr};
  // Stored under the commit lock, loaded by anyone.
  std::atomic<bool> dropped{false};
  DeadRange dead_range;  // as its header says

  // Changed under the commit lock and the state mutex together, so either is enough to read.
  std::shared_ptr<Memtable> active;
  LogPosition active_log_begin = 0;

  // Guarded by the state mutex.
  std::string name;
  std::vector<FrozenMemtable> frozen;  // oldest first
  std::shared_ptr<const Tree> tree;
  RunningJobs merging;  // what the keyspace's running merges work on
  bool flushing = false;
  bool compaction_due = false;  // the tree changed since the picker last found nothing to do
  bool settle_due = false;      // the same for idle work

  // Builds the view of the current parts and publishes it. Requires: the state mutex.
  void PublishView();
  // Lets go of everything; readers see null. Requires: the state mutex.
  void Retract();
};

}  // namespace firn::internal
