// Who was told of every injected fault: an answer, the store's health, a counter of its statistics,
// or nobody, which is only right for the calls listed in fault_account.cc.
//
// A fault is recognised by the mark that its error carries (sim/memory_file_system.h), or by the
// failure of the very call of the engine in which it struck.
// Threads: one (the simulation's).
// A1  A fault in a call of the engine that answered with an error is told, whatever the error says:
//     the first failure is reported, and what clean-up met after it is not.
// A2  A fault in background work is told by its mark, or it made one of the counters go up; a
//     counter tells of no more faults than it counts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "firn/stats.h"
#include "firn/status.h"
#include "sim/memory_file_system.h"
#include "sim/picker.h"

namespace firn::testing {

class FaultAccount {
 public:
  // A fault struck while `task` ran.
  void Struck(TaskId task, const StruckFault& fault) { faults_.push_back({fault, task}); }
  // What a call of the engine by `task` answered: it covers what struck there since the answer
  // before.
  void Answered(TaskId task, const Status& status);
  // The store's health in words.
  void Hear(std::string_view text);
  // The last statistics of a store that took part.
  void Count(const Stats& stats);

  // The proofs of harmlessness that the run carried out on what was left, with success.
  struct Checks {
    bool content = false;  // the next open found a legal state, and all of it reads
    bool orphans = false;  // and left no file that nothing refers to
    bool checkpoints = false;  // every checkpoint that was acknowledged was opened and compared
  };
  // Nullopt: every fault is accounted for.
  [[nodiscard]] std::optional<std::string> FirstUntold(Checks checks) const;
  [[nodiscard]] std::uint64_t told_by_nobody() const;

 private:
  struct Entry {
    StruckFault fault;
    TaskId task = 0;
    bool answered = false;  // by the call in which it struck
    bool failed = false;    // with an error
  };
  [[nodiscard]] bool Told(const Entry& entry) const;

  std::vector<Entry> faults_;
  std::set<std::uint64_t> heard_;
  std::uint64_t job_failures_ = 0;
  std::uint64_t manifest_failures_ = 0;
  std::uint64_t log_segment_failures_ = 0;
};

[[nodiscard]] std::string ToText(const StruckFault& fault);

}  // namespace firn::testing
