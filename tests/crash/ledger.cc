#include "crash/ledger.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "sim/seeded_random.h"

namespace firn::testing {
namespace {

std::uint64_t Mix(std::uint64_t a, std::uint64_t b) { return SeededRandom(a ^ b).Next64(); }

std::uint64_t TableFingerprint(const Table& table) {
  std::uint64_t mixed = table.size();
  for (const auto& [key, value] : table) mixed = Mix(Mix(mixed, KeyHash(key)), KeyHash(value));
  return mixed;
}

std::uint64_t Fold(std::uint64_t mixed, const std::string& name, std::uint64_t table) {
  return Mix(Mix(mixed, KeyHash(name)), table);
}

// The first difference, in words.
std::string Difference(const Found& found, const Found& legal) {
  for (const auto& [name, table] : legal) {
    const auto there = found.find(name);
    if (there == found.end()) return "keyspace '" + name + "' is missing";
    for (const auto& [key, value] : table) {
      const auto entry = there->second.find(key);
      if (entry == there->second.end()) return name + "/" + key + " is missing";
      if (entry->second != value) {
        return name + "/" + key + " has " + entry->second.substr(0, 12) + " instead of " +
               value.substr(0, 12);
      }
    }
    for (const auto& [key, value] : there->second) {
      if (!table.contains(key)) return name + "/" + key + " should not be there";
    }
  }
  return found.size() > legal.size() ? "there are more keyspaces" : "none";
}

}  // namespace

std::uint64_t FingerprintOf(const Found& found) {
  std::uint64_t mixed = 0;
  for (const auto& [name, table] : found) mixed = Fold(mixed, name, TableFingerprint(table));
  return mixed;
}

Ledger::Ledger() : states_{MakeState({{0, Table()}})}, names_{{{"default", 0}}} {}

Ledger::State Ledger::MakeState(Contents contents) {
  State state;
  for (const auto& [slot, table] : contents) {
    state.fingerprints[slot] = TableFingerprint(table);
  }
  state.contents = std::move(contents);
  return state;
}

void Ledger::Issue(Contents after) { states_.push_back(MakeState(std::move(after))); }

void Ledger::Acknowledge(bool durable) {
  acknowledged_ = states_.size() - 1;
  if (durable) durable_ = acknowledged_;
}

void Ledger::Refuse() { states_.back().refused = true; }

void Ledger::IssueCopy(const std::string& directory) {
  copies_.push_back({directory, FingerprintAt(acknowledged_, names_done_), SIZE_MAX, false});
}

bool Ledger::HasCopy(const std::string& directory) const {
  return std::any_of(copies_.begin(), copies_.end(), [&](const Copy& copy) {
    return copy.directory == directory && copy.done_at != SIZE_MAX;
  });
}

// Each copy that there is was one of those attempted, and each that was finished is there.
std::string Ledger::JudgeCopies(const Sighting& sighting, const Bounds& bounds) const {
  const auto issued_end = copies_.begin() + static_cast<std::ptrdiff_t>(bounds.copies_issued);
  for (const auto& [directory, fingerprint] : sighting.copies) {
    const bool legal = std::any_of(copies_.begin(), issued_end, [&](const Copy& copy) {
      return copy.directory == directory && (copy.partial || copy.fingerprint == fingerprint);
    });
    if (!legal) return directory + " is neither whole nor absent";
  }
  for (auto copy = copies_.begin(); copy != issued_end; ++copy) {
    if (copy->done_at <= bounds.copies_done && !sighting.copies.contains(copy->directory)) {
      return copy->directory + " was finished and is gone";
    }
  }
  return "";
}

bool Ledger::Adopt(const Found& found) {
  const std::uint64_t fingerprint = FingerprintOf(found);
  for (std::size_t names = names_done_; names < names_.size(); ++names) {
    for (std::size_t state = durable_; state < states_.size(); ++state) {
      if (states_[state].refused || FingerprintAt(state, names) != fingerprint) continue;
      State shown = states_[state];
      states_.push_back(std::move(shown));
      acknowledged_ = durable_ = states_.size() - 1;
      Names shown_names = names_[names];
      names_.push_back(std::move(shown_names));
      names_done_ = names_.size() - 1;
      return true;
    }
  }
  return false;
}

Bounds Ledger::bounds() const {
  return {.survives_power = durable_,
          .survives_kill = acknowledged_,
          .issued = states_.size() - 1,
          .names_done = names_done_,
          .names_issued = names_.size() - 1,
          .copies_done = copies_done_,
          .copies_issued = copies_.size()};
}

Found Ledger::See(std::size_t state, std::size_t names) const {
  Found found;
  for (const auto& [name, slot] : names_[names]) {
    const auto table = states_[state].contents.find(slot);
    found[name] = table == states_[state].contents.end() ? Table() : table->second;
  }
  return found;
}

std::uint64_t Ledger::FingerprintAt(std::size_t state, std::size_t names) const {
  static const std::uint64_t empty = TableFingerprint(Table());
  const auto& tables = states_[state].fingerprints;
  std::uint64_t mixed = 0;
  for (const auto& [name, slot] : names_[names]) {
    const auto table = tables.find(slot);
    mixed = Fold(mixed, name, table == tables.end() ? empty : table->second);
  }
  return mixed;
}

std::string Ledger::Judge(const Sighting& sighting, const Bounds& bounds) const {
  if (bounds.shown) {
    return sighting == *bounds.shown ? "" : "what an open showed was lost by a later crash";
  }
  if (std::string wrong = JudgeCopies(sighting, bounds); !wrong.empty()) return wrong;
  for (std::size_t names = bounds.names_done; names <= bounds.names_issued; ++names) {
    for (std::size_t state = bounds.survives_power; state <= bounds.issued; ++state) {
      if (!states_[state].refused && FingerprintAt(state, names) == sighting.store) return "";
    }
  }
  return "the contents equal no state from commit " + std::to_string(bounds.survives_power) +
         " to " + std::to_string(bounds.issued);
}

std::string Ledger::Explain(const Found& found, const Bounds& bounds) const {
  const std::uint64_t fingerprint = FingerprintOf(found);
  std::string text = "from the oldest legal state: " +
                     Difference(found, See(bounds.survives_power, bounds.names_done)) +
                     "; from the newest: " +
                     Difference(found, See(bounds.issued, bounds.names_issued));
  for (std::size_t names = 0; names < names_.size(); ++names) {
    for (std::size_t state = 0; state < states_.size(); ++state) {
      if (FingerprintAt(state, names) != fingerprint) continue;
      text += "; it is the state after commit " + std::to_string(state) +
              (states_[state].refused ? ", which had failed" : "");
    }
  }
  return text;
}

}  // namespace firn::testing
