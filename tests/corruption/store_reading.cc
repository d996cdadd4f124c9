#include "corruption/store_reading.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace firn::testing {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

class Reader {
 public:
  Reader(Db& db, const Specimen& specimen) : db_(db), specimen_(specimen) {}

  StoreReading Read() {
    OpenKeyspaces();
    for (Part& part : parts_) part.forwards = Scan(part, true);
    if (!reading_.wrong) ChooseState();
    for (Part& part : parts_) {
      if (!reading_.wrong) CheckScan(part, part.forwards, true);
      if (!reading_.wrong) CheckScan(part, Scan(part, false), false);
      if (!reading_.wrong) CheckGets(part);
    }
    return std::move(reading_);
  }

 private:
  struct Scanned {
    Entries entries;
    bool whole = true;
  };
  struct Part {
    std::string name;
    Keyspace keyspace;
    Scanned forwards;
  };

  void Wrong(std::string what) {
    if (!reading_.wrong) reading_.wrong = std::move(what);
  }
  // True for an error a damaged file may lead to; any other one is wrong.
  bool Excused(const Status& status) {
    if (status.code() != StatusCode::kCorruption) Wrong("answers " + status.ToString());
    reading_.errors = true;
    return status.code() == StatusCode::kCorruption;
  }

  void OpenKeyspaces() {
    for (const std::string& name : db_.ListKeyspaces()) {
      auto keyspace = db_.OpenKeyspace(name);
      if (!keyspace.ok()) return Wrong("keyspace " + name + ": " + keyspace.status().ToString());
      parts_.push_back({name, std::move(keyspace).value(), {}});
    }
  }

  Scanned Scan(const Part& part, bool forwards) {
    IteratorOptions options;
    options.keyspace = part.keyspace;
    Iterator iterator = db_.NewIterator(options);
    Scanned scanned;
    forwards ? iterator.SeekToFirst() : iterator.SeekToLast();
    while (iterator.Valid()) {
      scanned.entries.emplace_back(iterator.key(), iterator.value());
      forwards ? iterator.Next() : iterator.Prev();
    }
    scanned.whole = iterator.status().ok();
    if (!scanned.whole) Excused(iterator.status());
    return scanned;
  }

  [[nodiscard]] bool ShowsState(const Contents& state) const {
    return state.size() == parts_.size() &&
           std::all_of(parts_.begin(), parts_.end(), [&](const Part& part) {
             const auto found = state.find(part.name);
             return found != state.end() &&
                    std::equal(found->second.begin(), found->second.end(),
                               part.forwards.entries.begin(), part.forwards.entries.end(),
                               [](const auto& a, const auto& b) {
                                 return a.first == b.first && a.second == b.second;
                               });
           });
  }

  // With every scan whole the store shows one state; otherwise it has to be the last.
  void ChooseState() {
    reading_.state = specimen_.states.size() - 1;
    if (reading_.errors) return;
    while (!ShowsState(specimen_.states[reading_.state])) {
      if (reading_.state-- == 0) return Wrong("the contents are those of no moment");
    }
  }

  [[nodiscard]] const std::map<std::string, std::string>* Expected(const Part& part) {
    const Contents& state = specimen_.states[reading_.state];
    const auto found = state.find(part.name);
    if (found == state.end()) {
      Wrong("keyspace " + part.name + " was never created");
      return nullptr;
    }
    return &found->second;
  }

  void CheckScan(const Part& part, const Scanned& scanned, bool forwards) {
    const auto* const expected = Expected(part);
    if (expected == nullptr) return;
    Entries right(expected->begin(), expected->end());
    if (!forwards) std::reverse(right.begin(), right.end());
    const bool prefix = scanned.entries.size() <= right.size() &&
                        std::equal(scanned.entries.begin(), scanned.entries.end(), right.begin());
    if (!prefix) Wrong("a scan of " + part.name + " shows what was not written");
    if (scanned.whole && scanned.entries.size() < right.size()) {
      Wrong("a scan of " + part.name + " ends early and says nothing");
    }
  }

  void CheckGets(const Part& part) {
    const auto* const expected = Expected(part);
    const auto keys = specimen_.keys.find(part.name);
    if (expected == nullptr || keys == specimen_.keys.end()) return;
    for (const std::string& key : keys->second) {
      const auto got = db_.Get(key, {.keyspace = part.keyspace});
      if (!got.ok()) {
        Excused(got.status());
        continue;
      }
      const auto right = expected->find(key);
      const bool same = right == expected->end() ? !got->has_value()
                                                 : got->has_value() && **got == right->second;
      if (!same) Wrong("get " + key + " answers " + got->value_or("absent"));
    }
  }

  Db& db_;
  const Specimen& specimen_;
  std::vector<Part> parts_;
  StoreReading reading_;
};

}  // namespace

StoreReading ReadEverything(Db& db, const Specimen& specimen) {
  return Reader(db, specimen).Read();
}

}  // namespace firn::testing
