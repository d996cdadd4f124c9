// Plays a workload on a store, one step after the other on one thread, and keeps the ledger of it.
//
// Errors are no failure here: after one the player goes on as a stubborn client would, and judges
// only what it is promised then. What was wrong is in wrong().
// Threads: one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/types.h"
#include "crash/ledger.h"
#include "crash/reading.h"
#include "crash/steps.h"

namespace firn::testing {

class Player {
 public:
  Player(const Workload& workload, MemoryFileSystem& files, Ledger& ledger)
      : workload_(workload), files_(files), ledger_(ledger) {}

  // Opens, does every step and closes; `after` is called after each of these, and false from it
  // ends the play. Ends too when the store cannot be opened.
  void Play(const std::function<bool()>& after);
  // Called after every commit; set it before Play.
  void OnCommit(std::function<void()> committed) { committed_ = std::move(committed); }

  // The first broken promise; empty when none was.
  [[nodiscard]] const std::string& wrong() const { return wrong_; }
  // Answers that were errors, in words, since the last call.
  [[nodiscard]] std::vector<std::string> TakeErrors() { return std::exchange(errors_, {}); }
  // The failure counters of GetStats(), of all opens together.
  [[nodiscard]] std::uint64_t overcome() const;
  // Open, unless the last open or the end of the play says otherwise.
  [[nodiscard]] Db* db() { return store_.db.get(); }
  [[nodiscard]] ManualRuntime& manual() { return *store_.manual; }
  // Scans, gets and the held snapshot against the ledger. A read may fail; an answer may not be
  // wrong.
  void CheckReads();
  // Whether a durable write, a flush and idle work all succeed.
  [[nodiscard]] bool WorksAgain();
  void Wrong(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }

 private:
  struct Operation {
    EntryKind kind = EntryKind::kPut;
    std::string key;
    std::string value;  // of a range delete: the end
    std::string keyspace;
  };

  bool Open();
  void Reopen();
  // Leaves the store closed when it cannot be opened and read.
  void OpenAgain();
  bool Close();  // true: cleanly
  // After an open: from now on the store holds what it shows. False when it cannot be read.
  bool AdoptWhatIsThere();
  void Do(const Step& step);
  void DoToKeyspaces(const Step& step);
  void Fill(const Step& step);
  void Batch(const Step& step);
  void Conditional(const Step& step);
  void Pause(std::uint64_t milliseconds);
  void Checkpoint(const std::string& directory);
  void Repair(const std::string& directory);
  void Commit(const std::vector<Operation>& operations, Durability durability);
  // What a write answered, of a commit that was issued.
  void Answered(const Status& status, Durability durability);
  void Judge(const Status& status, Durability durability);
  // True when ok; keeps the error otherwise.
  bool Note(const Status& status);
  void RunSome();

  [[nodiscard]] Keyspace HandleOf(const std::string& keyspace) const;
  [[nodiscard]] Ledger::Contents After(const std::vector<Operation>& operations) const;
  [[nodiscard]] std::optional<std::string> Current(const std::string& keyspace,
                                                   const std::string& key) const;
  [[nodiscard]] std::string NewValue(std::uint32_t bytes);

  const Workload& workload_;
  MemoryFileSystem& files_;
  Ledger& ledger_;
  std::function<void()> committed_;
  std::uint64_t overcome_ = 0;  // of opens that have ended
  OpenedStore store_;
  std::map<std::string, Keyspace> keyspaces_;
  Snapshot snapshot_;
  Found at_snapshot_;
  std::uint64_t serial_ = 0;  // makes every value unlike all others
  std::uint64_t filled_ = 0;
  bool log_failed_ = false;  // a write was indeterminate: no later one may succeed
  std::string wrong_;
  std::vector<std::string> errors_;
};

}  // namespace firn::testing
