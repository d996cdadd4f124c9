// What the tasks of one simulation share: the store, its history, and the first thing that was
// wrong.
//
// Threads: one (the simulation's).
#pragma once

#include <array>
#include <memory>
#include <string>

#include "db/engine.h"
#include "firn/db.h"
#include "sim/history.h"
#include "sim/plan.h"
#include "sim/simulated_runtime.h"

namespace firn::testing {

inline constexpr const char* kStoreDirectory = "/store";
inline constexpr const char* kSlotNames[kSlots] = {"default", "second", "third"};
// Writes into keyspaces that come and go: in the history for their place in the order, in no state
// that is compared after a recovery.
inline constexpr std::size_t kPassingSlot = kSlots;

struct World {
  const Plan& plan;
  FiberScheduler& scheduler;
  MemoryFileSystem& files;
  SimulatedRuntime* simulated = nullptr;
  History history{};
  std::shared_ptr<Engine> engine{};  // of db: its books can be read after the close
  std::unique_ptr<Db> db{};
  std::array<Keyspace, kSlots> keyspaces{};
  bool power_lost = false;
  std::uint64_t operations = 0;
  std::uint64_t errors = 0;  // statuses that were not ok
  std::string failure{};

  void Fail(const std::string& what) {
    if (failure.empty() && !power_lost) {
      failure = "operation " + std::to_string(operations) + ", step " +
                std::to_string(scheduler.steps()) + ": " + what;
    }
  }
  [[nodiscard]] Result<std::shared_ptr<Engine>> Open(const std::string& directory);
  // Nothing more should be tried.
  [[nodiscard]] bool over() const { return power_lost || !failure.empty(); }
  // An error is only right where the disk had one, and says so.
  bool Check(const Status& status, const std::string& what) {
    if (status.ok()) return true;
    ++errors;
    const bool possible = files.random_faults() > 0 && status.code() != StatusCode::kCorruption &&
                          status.code() != StatusCode::kInvalidArgument;
    if (!possible) Fail(what + ": " + status.ToString());
    return false;
  }
};

// Reads one keyspace both ways.
[[nodiscard]] Result<Table> ReadTable(const Db& db, const IteratorOptions& options);
// All slots; a keyspace that is not there reads as empty.
[[nodiscard]] Result<Tables> ReadTables(const Db& db);

}  // namespace firn::testing
