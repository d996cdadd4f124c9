// What a simulated store must hold: every commit in the order the engine gave it, so that any read
// and any recovery can be held against the state after some first k of them.
//
// A commit enters the history when the engine passes "commit: logged", under its commit lock: the
// order here is the log's. Threads: one (the simulation's).
// H1  State k is what the first k commits make of an empty store.
// H2  acknowledged() never exceeds logged(): what was acknowledged is a prefix, as commits become
//     visible in their order.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "env/runtime.h"
#include "firn/options.h"
#include "sim/picker.h"

namespace firn::testing {

inline constexpr std::size_t kSlots = 3;  // keyspaces; 0 is the default one
using Table = std::map<std::string, std::string>;
using Tables = std::vector<Table>;  // by slot
// A number of commits, and the state after them.
using Index = std::size_t;

struct Change {
  enum class Kind : std::uint8_t { kPut, kDelete, kDeleteRange };
  Kind kind = Kind::kPut;
  std::size_t slot = 0;
  std::string key;
  std::string value;  // kDeleteRange: the end
};

// What a conditional write requires of its key.
struct Condition {
  std::size_t slot = 0;
  std::string key;
  std::optional<std::string> expected;
};

struct Commit {
  std::vector<Change> changes;
  std::optional<Condition> condition;
};

// The states that a read may have seen.
struct Window {
  Index first = 0;
  Index last = 0;
};

class History {
 public:
  // What `task` is about to commit; Withdraw when the call has returned.
  void Announce(TaskId task, Commit commit) { announced_[task] = std::move(commit); }
  // The index that the announced commit got, if the engine logged it.
  std::optional<Index> Withdraw(TaskId task);
  // `task` passed "commit: logged".
  void Logged(TaskId task);

  void Acknowledge(Index commit, Durability durability, Micros now);
  // A sync that was asked for when `upto` commits were acknowledged has returned.
  void Synced(Index upto);

  [[nodiscard]] Index logged() const { return commits_.size(); }
  [[nodiscard]] Index acknowledged() const { return acknowledged_; }
  [[nodiscard]] Index survives_kill() const { return survives_kill_; }
  [[nodiscard]] Index durable() const { return durable_; }
  // All that was acknowledged at that time or before, at a durability that promises a bound.
  [[nodiscard]] Index AcknowledgedBy(Micros time) const;

  // The commits up to this sequence number, which counts from the open. Nullopt: the number lies
  // inside a batch, or beyond the last commit.
  [[nodiscard]] std::optional<Index> IndexOf(std::uint64_t sequence) const;

  [[nodiscard]] std::optional<std::string> ValueAt(std::size_t slot, const std::string& key,
                                                   Index index) const;
  [[nodiscard]] Table TableAt(std::size_t slot, Index index) const;

  // Nullopt when some state of the window explains the answer; otherwise what is wrong.
  [[nodiscard]] std::optional<std::string> CheckGet(std::size_t slot, const std::string& key,
                                                    const std::optional<std::string>& found,
                                                    Window window) const;
  // `found` is all that lies in [lower, upper).
  [[nodiscard]] std::optional<std::string> CheckScan(std::size_t slot, const Table& found,
                                                     const std::string& lower,
                                                     const std::string& upper,
                                                     Window window) const;
  // The condition must have failed in some state of the window.
  [[nodiscard]] std::optional<std::string> CheckRefused(const Condition& condition,
                                                        Window window) const;
  // All slots must equal one state of the window.
  [[nodiscard]] std::optional<std::string> CheckRecovered(const Tables& found,
                                                          Window window) const;
  // The first thing that went wrong in a commit itself, empty if none.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  struct Version {
    Index since = 0;
    std::optional<std::string> value;
  };
  using Versions = std::map<std::string, std::vector<Version>>;

  void Apply(const Change& change, Index index);

  std::map<TaskId, Commit> announced_;
  std::map<TaskId, Index> logged_;  // of announced commits
  std::vector<std::uint64_t> commits_;  // [k]: the last sequence of commit k + 1
  std::vector<Versions> slots_{kSlots + 1};  // the last: what is compared with nothing
  Index acknowledged_ = 0;
  Index survives_kill_ = 0;
  Index durable_ = 0;
  struct Acknowledgement {
    Micros time;
    Index upto = 0;
  };
  std::vector<Acknowledgement> bounded_;  // ascending in both
  std::string failure_;
};

}  // namespace firn::testing
