// One client of the simulated store: draws operations from its seed, and holds every answer against
// the history.
//
// Threads: one task.
#pragma once

#include <vector>

#include "torture/world.h"

namespace firn::testing {

class Client {
 public:
  Client(World& world, std::uint64_t number);
  void Run();
  // One durable write, outside the plan.
  Status Probe();

 private:
  struct Held {
    Snapshot snapshot;
    Index index;
  };

  void Begin(std::size_t operation);
  [[nodiscard]] Verb DrawVerb();
  void Apply(Verb verb);
  void Write(Verb verb);
  void Batch();
  void WriteIf(bool only_if_absent);
  void Get(const ReadOptions& options, std::optional<Index> at);
  void MultiGet();
  void Scan(const Snapshot& snapshot, std::optional<Index> at);
  void TakeSnapshot();
  void ReadSnapshot();
  void Sync();
  void Compact();
  void PassingKeyspace();
  void Checkpoint();

  // Announces, calls, and holds the outcome against what was logged.
  template <typename Call>
  Status Commit(testing::Commit commit, Durability durability, const Call& call);
  void Say(const std::string& what) { world_.Say("client " + std::to_string(number_), what); }
  [[nodiscard]] Window WindowSince(Index first) const { return {first, world_.history.logged()}; }
  void Expect(const std::optional<std::string>& wrong) {
    if (wrong.has_value()) world_.Fail(*wrong);
  }
  [[nodiscard]] std::string DrawKey();
  [[nodiscard]] std::string DrawValue();
  [[nodiscard]] std::size_t DrawSlot() { return random_.Below(kSlots); }
  [[nodiscard]] Durability DrawDurability();
  [[nodiscard]] Change DrawChange(Verb verb);

  World& world_;
  Db& db_;
  const std::uint64_t number_;
  const TaskId task_;
  SeededRandom random_;
  std::vector<Held> held_;
  std::string operation_;    // names it
  std::uint64_t drawn_ = 0;  // values and names of this operation, so that each is unique
};

}  // namespace firn::testing
