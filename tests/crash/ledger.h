// What one client did to a store and was told, and so what the store may hold: now, and after a
// crash at any moment.
//
// A state is the contents after some first commits. Keyspaces change apart from commits, each
// change being durable when it returns; so what is found must be one of the legal states, seen
// through one of the legal sets of names.
// Threads: one.
// L1  Nothing is ever taken out: bounds that were taken earlier keep their meaning.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace firn::testing {

using Table = std::map<std::string, std::string>;
using Slot = std::uint32_t;                 // a keyspace of its own for each creation
using Names = std::map<std::string, Slot>;  // which keyspaces there are
using Found = std::map<std::string, Table>;  // what a reader sees: name -> contents

// Of the contents alone, so that thousands of images are compared by numbers.
[[nodiscard]] std::uint64_t FingerprintOf(const Found& found);

// What was seen of one disk.
struct Sighting {
  std::uint64_t store = 0;
  std::map<std::string, std::uint64_t> copies;  // by directory: checkpoints and salvaged stores

  bool operator==(const Sighting&) const = default;
};

// The states that are legal at one moment, by number.
struct Bounds {
  std::size_t survives_power = 0;
  std::size_t survives_kill = 0;
  std::size_t issued = 0;
  std::size_t names_done = 0;
  std::size_t names_issued = 0;
  std::size_t copies_done = 0;
  std::size_t copies_issued = 0;
  // An open has shown this: it is there to stay, whatever the numbers would allow.
  std::optional<Sighting> shown = std::nullopt;

  // The same, when the page cache survives.
  [[nodiscard]] Bounds AfterKill() const {
    Bounds bounds = *this;
    bounds.survives_power = survives_kill;
    return bounds;
  }
};

class Ledger {
 public:
  using Contents = std::map<Slot, Table>;

  Ledger();

  // A commit about to be issued, with what it makes of contents().
  void Issue(Contents after);
  void Acknowledge(bool durable);
  void Refuse();  // it failed for certain; one that did not is neither acknowledged nor refused
  void AllDurable() { durable_ = acknowledged_; }

  // A change of names; when it fails both sets stay legal.
  void IssueNames(Names after) { names_.push_back(std::move(after)); }
  void AcknowledgeNames() { names_done_ = names_.size() - 1; }
  [[nodiscard]] Slot NewSlot() { return ++last_slot_; }

  // A copy of what the store holds now, made in `directory`.
  void IssueCopy(const std::string& directory);
  void AcknowledgeCopy() { copies_.back().done_at = ++copies_done_; }
  // It says itself that it is not whole.
  void AcknowledgePartOfCopy() { copies_.back().partial = true; }
  [[nodiscard]] bool HasCopy(const std::string& directory) const;

  // An open showed `found`: from now on exactly that. False when it was not legal.
  [[nodiscard]] bool Adopt(const Found& found);

  [[nodiscard]] const Contents& contents() const { return states_[acknowledged_].contents; }
  [[nodiscard]] const Names& names() const { return names_[names_done_]; }
  // What every read must see.
  [[nodiscard]] Found Visible() const { return See(acknowledged_, names_done_); }
  [[nodiscard]] Bounds bounds() const;

  // Empty when the sighting is legal within the bounds.
  [[nodiscard]] std::string Judge(const Sighting& sighting, const Bounds& bounds) const;
  // How `found` differs from the states that would have been legal.
  [[nodiscard]] std::string Explain(const Found& found, const Bounds& bounds) const;

 private:
  struct State {
    Contents contents;
    std::map<Slot, std::uint64_t> fingerprints;
    bool refused = false;
  };
  struct Copy {
    std::string directory;
    std::uint64_t fingerprint = 0;
    std::size_t done_at = SIZE_MAX;  // how many were done when it was; a failed one never is
    bool partial = false;
  };

  [[nodiscard]] std::string JudgeCopies(const Sighting& sighting, const Bounds& bounds) const;
  [[nodiscard]] static State MakeState(Contents contents);
  [[nodiscard]] Found See(std::size_t state, std::size_t names) const;
  [[nodiscard]] std::uint64_t FingerprintAt(std::size_t state, std::size_t names) const;

  std::vector<State> states_;  // [k]: after k commits
  std::size_t acknowledged_ = 0;
  std::size_t durable_ = 0;
  std::vector<Names> names_;
  std::size_t names_done_ = 0;
  Slot last_slot_ = 0;
  std::vector<Copy> copies_;
  std::size_t copies_done_ = 0;
};

}  // namespace firn::testing
