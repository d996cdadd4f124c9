#include "torture/history.h"

#include <algorithm>

namespace firn::testing {
namespace {

std::string Range(Window window) {
  return "states " + std::to_string(window.first) + " to " + std::to_string(window.last);
}

std::string Quoted(const std::optional<std::string>& value) {
  return value.has_value() ? '"' + value->substr(0, 24) + '"' : "nothing";
}

}  // namespace

void History::Logged(TaskId task) {
  const auto found = announced_.find(task);
  if (found == announced_.end()) {
    failure_ = "a commit was logged that task " + std::to_string(task) + " did not announce";
    return;
  }
  const Commit& commit = found->second;
  if (commit.condition.has_value()) {
    const Condition& condition = *commit.condition;
    const auto before = ValueAt(condition.slot, condition.key, logged());
    if (before != condition.expected) {
      failure_ = "a conditional write of " + condition.key + " was logged over " +
                 Quoted(before) + ", not " + Quoted(condition.expected);
    }
  }
  if (!logged_.emplace(task, logged() + 1).second) failure_ = "a commit was logged twice";
  const std::uint64_t last = commits_.empty() ? 0 : commits_.back();
  commits_.push_back(last + commit.changes.size());
  for (const Change& change : commit.changes) Apply(change, logged());
}

void History::Apply(const Change& change, Index index) {
  Versions& versions = slots_[change.slot];
  const auto set = [&](std::vector<Version>& of, std::optional<std::string> value) {
    of.push_back({index, std::move(value)});
  };
  switch (change.kind) {
    case Change::Kind::kPut: return set(versions[change.key], change.value);
    case Change::Kind::kDelete: return set(versions[change.key], std::nullopt);
    case Change::Kind::kDeleteRange:
      for (auto at = versions.lower_bound(change.key);
           at != versions.end() && at->first < change.value; ++at) {
        set(at->second, std::nullopt);
      }
      return;
  }
}

std::optional<Index> History::Withdraw(TaskId task) {
  announced_.erase(task);
  const auto logged = logged_.extract(task);
  return logged.empty() ? std::nullopt : std::optional<Index>(logged.mapped());
}

void History::Acknowledge(Index commit, Durability durability, Micros now) {
  acknowledged_ = std::max(acknowledged_, commit);
  if (durability != Durability::kNone) {
    survives_kill_ = std::max(survives_kill_, commit);
    if (bounded_.empty() || bounded_.back().upto < commit) bounded_.push_back({now, commit});
  }
  if (durability == Durability::kSync) durable_ = std::max(durable_, commit);
}

void History::Synced(Index upto) {
  survives_kill_ = std::max(survives_kill_, upto);
  durable_ = std::max(durable_, upto);
}

Index History::AcknowledgedBy(Micros time) const {
  const auto behind = std::upper_bound(
      bounded_.begin(), bounded_.end(), time,
      [](Micros wanted, const Acknowledgement& each) { return wanted < each.time; });
  return behind == bounded_.begin() ? 0 : std::prev(behind)->upto;
}

std::optional<Index> History::IndexOf(std::uint64_t sequence) const {
  if (sequence == 0) return 0;
  const auto found = std::lower_bound(commits_.begin(), commits_.end(), sequence);
  if (found == commits_.end() || *found != sequence) return std::nullopt;
  return static_cast<Index>(found - commits_.begin()) + 1;
}

std::optional<std::string> History::ValueAt(std::size_t slot, const std::string& key,
                                            Index index) const {
  const auto found = slots_[slot].find(key);
  if (found == slots_[slot].end()) return std::nullopt;
  const std::vector<Version>& versions = found->second;
  for (auto at = versions.rbegin(); at != versions.rend(); ++at) {
    if (at->since <= index) return at->value;
  }
  return std::nullopt;
}

Table History::TableAt(std::size_t slot, Index index) const {
  Table table;
  for (const auto& [key, versions] : slots_[slot]) {
    if (auto value = ValueAt(slot, key, index)) table.emplace(key, std::move(*value));
  }
  return table;
}

std::optional<std::string> History::CheckGet(std::size_t slot, const std::string& key,
                                             const std::optional<std::string>& found,
                                             Window window) const {
  for (Index index = window.first; index <= window.last; ++index) {
    if (ValueAt(slot, key, index) == found) return std::nullopt;
  }
  return "get of " + key + " in keyspace " + std::to_string(slot) + " found " + Quoted(found) +
         ", " + Range(window) + " begin with " + Quoted(ValueAt(slot, key, window.first)) +
         " and end with " + Quoted(ValueAt(slot, key, window.last));
}

std::optional<std::string> History::CheckScan(std::size_t slot, const Table& found,
                                              const std::string& lower, const std::string& upper,
                                              Window window) const {
  for (Index index = window.first; index <= window.last; ++index) {
    const Table table = TableAt(slot, index);
    const auto begin = table.lower_bound(lower);
    const auto end = table.lower_bound(upper);
    if (std::equal(begin, end, found.begin(), found.end())) return std::nullopt;
  }
  return "scan of keyspace " + std::to_string(slot) + " found " + std::to_string(found.size()) +
         " entries that are none of " + Range(window);
}

std::optional<std::string> History::CheckRefused(const Condition& condition,
                                                 Window window) const {
  for (Index index = window.first; index <= window.last; ++index) {
    if (ValueAt(condition.slot, condition.key, index) != condition.expected) return std::nullopt;
  }
  return "a conditional write of " + condition.key + " was refused, though " + Range(window) +
         " all have " + Quoted(condition.expected);
}

std::optional<std::string> History::CheckRecovered(const Tables& found, Window window) const {
  for (Index index = window.first; index <= window.last; ++index) {
    bool equal = true;
    for (std::size_t slot = 0; slot < kSlots && equal; ++slot) {
      equal = TableAt(slot, index) == found[slot];
    }
    if (equal) return std::nullopt;
  }
  for (Index index = 0; index <= logged(); ++index) {
    bool equal = true;
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
      equal = equal && TableAt(slot, index) == found[slot];
    }
    if (equal) {
      return "recovered state " + std::to_string(index) + ", legal are " + Range(window);
    }
  }
  return "recovered what equals no state, legal are " + Range(window);
}

}  // namespace firn::testing
