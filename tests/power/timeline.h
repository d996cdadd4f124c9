// What a store must hold at a moment of the trace, from the marks up to it.
//
// L1  A commit acknowledged as durable hardens itself and every commit acknowledged before it was
//     issued; a Sync or Close what was acknowledged before it began.
// L2  A commit that is found proves every commit found that was acknowledged before it was issued:
//     there are no holes, also between writers.
// Not judged here: how old an acknowledgement kPeriodic may lose, as there are no clocks in a
// trace (tests/sim judges it).
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "power/workload.h"

namespace firn::power {

// The number of commits of each writer.
using Reached = std::vector<std::uint64_t>;

class Timeline {
 public:
  explicit Timeline(const Workload& workload);

  void Apply(const std::string& mark);

  // Nullopt when the contents of all keyspaces of a store may be what is left; otherwise what is
  // wrong. `killed`: the page cache survived, so nothing acknowledged may be missing.
  [[nodiscard]] std::optional<std::string> Check(const Contents& found, bool killed) const;
  // The store must not fall behind this any more.
  void Keep(const Reached& reached);

  struct Checkpoint {
    std::uint64_t commit = 0;
    bool made = false;
  };
  [[nodiscard]] const std::map<std::string, Checkpoint>& checkpoints() const {
    return checkpoints_;
  }
  // What a checkpoint of the state after `commit` holds.
  [[nodiscard]] std::optional<std::string> CheckCheckpoint(const Contents& found,
                                                           std::uint64_t commit) const;

  // By the markers; 0: none.
  [[nodiscard]] Reached ReachedIn(const Contents& found) const;
  [[nodiscard]] std::uint64_t acknowledged() const;

 private:
  struct Life {
    bool created = false;   // acknowledged
    bool dropping = false;
    bool dropped = false;   // acknowledged
  };

  void Acknowledge(std::size_t writer, std::uint64_t commit, bool durable);
  [[nodiscard]] std::optional<std::string> CheckBounds(const Reached& reached, bool killed) const;
  [[nodiscard]] std::optional<std::string> CheckTables(const Contents& found,
                                                       const Reached& reached) const;

  const Workload& workload_;
  Reached issued_;
  Reached acknowledged_;
  Reached durable_;
  // [writer][commit - 1]: what was acknowledged when the commit was issued.
  std::vector<std::vector<Reached>> before_;
  std::map<std::string, Life> keyspaces_;
  std::map<std::string, Checkpoint> checkpoints_;
};

}  // namespace firn::power
