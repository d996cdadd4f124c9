#include "power/timeline.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <sstream>

namespace firn::power {
namespace {

// The first difference of two maps, or nullopt.
std::optional<std::string> Difference(const std::map<std::string, std::string>& expected,
                                      const std::map<std::string, std::string>& found) {
  for (const auto& [key, value] : expected) {
    const auto at = found.find(key);
    if (at == found.end()) return key + " is missing";
    if (at->second != value) {
      return key + " is '" + at->second.substr(0, 20) + "', not '" + value.substr(0, 20) + "'";
    }
  }
  for (const auto& [key, value] : found) {
    if (!expected.contains(key)) return key + " is too much";
  }
  return std::nullopt;
}

void RaiseTo(Reached& reached, const Reached& least) {
  for (std::size_t i = 0; i < reached.size(); ++i) reached[i] = std::max(reached[i], least[i]);
}

}  // namespace

Timeline::Timeline(const Workload& workload)
    : workload_(workload),
      issued_(workload.writers),
      acknowledged_(workload.writers),
      durable_(workload.writers),
      before_(workload.writers) {}

void Timeline::Apply(const std::string& mark) {
  std::istringstream words(mark);
  std::string verb;
  words >> verb;
  if (verb == "issue" || verb == "refuse" || verb == "ack" || verb == "hardened") {
    std::size_t writer = 0;
    std::uint64_t commit = 0;
    std::string durability;
    words >> writer >> commit >> durability;
    if (verb == "issue") {
      issued_[writer] = commit;
      before_[writer].push_back(acknowledged_);
    } else if (verb == "refuse") {
      issued_[writer] = commit - 1;
    } else if (verb == "ack") {
      Acknowledge(writer, commit, durability == "sync");
    } else {
      durable_[writer] = std::max(durable_[writer], commit);
    }
    return;
  }
  std::string name;
  words >> name;
  if (verb == "creating") keyspaces_[name] = {};
  if (verb == "created") keyspaces_[name].created = true;
  if (verb == "dropping") keyspaces_[name].dropping = true;
  if (verb == "dropped") keyspaces_[name].dropped = true;
  if (verb == "checkpointing") words >> checkpoints_[name].commit;
  if (verb == "made" && checkpoints_.contains(name)) checkpoints_[name].made = true;
}

void Timeline::Acknowledge(std::size_t writer, std::uint64_t commit, bool durable) {
  acknowledged_[writer] = commit;
  if (!durable) return;
  durable_[writer] = commit;
  RaiseTo(durable_, before_[writer][commit - 1]);
}

void Timeline::Keep(const Reached& reached) { RaiseTo(durable_, reached); }

std::uint64_t Timeline::acknowledged() const {
  return std::accumulate(acknowledged_.begin(), acknowledged_.end(), std::uint64_t{0});
}

Reached Timeline::ReachedIn(const Contents& found) const {
  Reached reached(workload_.writers);
  const auto table = found.find("default");
  if (table == found.end()) return reached;
  for (std::size_t writer = 0; writer < workload_.writers; ++writer) {
    const auto marker = table->second.find(MarkerKey(writer));
    if (marker == table->second.end()) continue;
    reached[writer] = std::strtoull(marker->second.c_str(), nullptr, 10);
  }
  return reached;
}

std::optional<std::string> Timeline::CheckBounds(const Reached& reached, bool killed) const {
  const Reached& least = killed ? acknowledged_ : durable_;
  for (std::size_t writer = 0; writer < workload_.writers; ++writer) {
    const std::uint64_t last = reached[writer];
    const std::string who = "writer " + std::to_string(writer) + ": ";
    if (last < least[writer]) {
      return who + "commit " + std::to_string(least[writer]) +
             (killed ? " was acknowledged" : " was durable") + ", the store ends at " +
             std::to_string(last);
    }
    if (last > issued_[writer]) {
      return who + "the store holds commit " + std::to_string(last) + ", only " +
             std::to_string(issued_[writer]) + " were issued";
    }
    if (last == 0) continue;
    for (std::size_t other = 0; other < workload_.writers; ++other) {
      const std::uint64_t proved = before_[writer][last - 1][other];
      if (reached[other] >= proved) continue;
      return who + "commit " + std::to_string(last) + " is there, but not commit " +
             std::to_string(proved) + " of writer " + std::to_string(other) +
             ", which was acknowledged before it was issued";
    }
  }
  return std::nullopt;
}

std::optional<std::string> Timeline::CheckTables(const Contents& found,
                                                 const Reached& reached) const {
  Contents expected;
  for (std::size_t writer = 0; writer < workload_.writers; ++writer) {
    for (auto& [name, table] : ContentsAfter(workload_, writer, reached[writer])) {
      expected[name].insert(table.begin(), table.end());
    }
  }
  for (const auto& [name, table] : found) {
    if (name == "default") continue;
    const auto life = keyspaces_.find(name);
    if (life == keyspaces_.end()) return "keyspace " + name + " was never created";
    if (life->second.dropped) return "keyspace " + name + " was dropped and is back";
  }
  for (const auto& [name, life] : keyspaces_) {
    if (life.created && !life.dropping && !found.contains(name)) {
      return "keyspace " + name + " is missing";
    }
  }
  for (const auto& [name, table] : found) {
    if (auto wrong = Difference(expected[name], table)) return "keyspace " + name + ": " + *wrong;
  }
  return std::nullopt;
}

std::optional<std::string> Timeline::Check(const Contents& found, bool killed) const {
  const Reached reached = ReachedIn(found);
  auto wrong = CheckBounds(reached, killed);
  return wrong.has_value() ? wrong : CheckTables(found, reached);
}

std::optional<std::string> Timeline::CheckCheckpoint(const Contents& found,
                                                     std::uint64_t commit) const {
  const Contents expected = ContentsAfter(workload_, 0, commit);
  if (ReachedIn(found)[0] != commit) {
    return "it holds " + std::to_string(ReachedIn(found)[0]) + " commits, not " +
           std::to_string(commit);
  }
  for (const auto& [name, table] : expected) {
    const auto at = found.find(name);
    const bool empty = at == found.end();
    if (empty && table.empty()) continue;
    if (empty) return "keyspace " + name + " is missing";
    if (auto wrong = Difference(table, at->second)) return "keyspace " + name + ": " + *wrong;
  }
  return std::nullopt;
}

}  // namespace firn::power
