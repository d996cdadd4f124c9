// What the tasks of one simulation share: the store, its history, and the first thing that was
// wrong.
//
// Threads: one (the simulation's).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "db/engine.h"
#include "firn/db.h"
#include "sim/simulated_runtime.h"
#include "torture/fault_account.h"
#include "torture/history.h"
#include "torture/plan.h"

namespace firn::testing {

inline constexpr const char* kStoreDirectory = "/store";
inline constexpr const char* kSlotNames[kSlots] = {"default", "second", "third"};
// Writes into keyspaces that come and go: in the history for their place in the order, in no state
// that is compared after a recovery.
inline constexpr std::size_t kPassingSlot = kSlots;

// A checkpoint that was acknowledged, and the states it may have.
struct CheckpointMade {
  std::string directory;
  Window window;
  bool compared = false;
};

struct World {
  const Plan& plan;
  FiberScheduler& scheduler;
  MemoryFileSystem& files;
  SimulatedRuntime* simulated = nullptr;
  History history{};
  std::shared_ptr<Engine> engine{};  // of db: its books can be read after the close
  std::unique_ptr<Db> db{};
  std::array<Keyspace, kSlots> keyspaces{};
  FaultAccount account{};
  std::vector<CheckpointMade> checkpoints{};
  bool power_lost = false;
  bool healed = false;  // the disk: no fault strikes any more
  std::uint64_t operations = 0;
  std::uint64_t errors = 0;  // statuses that were not ok
  std::string failure{};
  std::vector<std::string> told{};  // where the plan says narrate

  void Fail(const std::string& what) {
    if (failure.empty() && !power_lost) {
      failure = "operation " + std::to_string(operations) + ", step " +
                std::to_string(scheduler.steps()) + ": " + what;
    }
  }
  [[nodiscard]] Result<std::shared_ptr<Engine>> Open(const std::string& directory);
  // Opens it, compares it, closes it; faults may prevent that.
  void CompareCheckpoint(std::size_t index);
  // Hears what the store has to say first.
  [[nodiscard]] Status Close(Db& store);
  void Say(const std::string& who, const std::string& what) {
    if (plan.narrate) told.push_back(who + ": " + what);
  }
  // Without the jumps of the clock: time in which somebody could have done something.
  [[nodiscard]] Micros Worked() const { return scheduler.Now() - scheduler.jumped(); }
  // Nothing more should be tried.
  [[nodiscard]] bool over() const { return power_lost || !failure.empty(); }
  // Judges what one call of the engine by the running task answered. An error is only right where
  // the disk had one, and says so.
  bool Check(const Status& status, const std::string& what);
};

// Reads one keyspace both ways.
[[nodiscard]] Result<Table> ReadTable(const Db& db, const IteratorOptions& options);
// All slots; a keyspace that is not there reads as empty.
[[nodiscard]] Result<Tables> ReadTables(const Db& db);

}  // namespace firn::testing
