#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "firn/db.h"
#include "modes.h"
#include "process.h"
#include "shared_state.h"

namespace firn::kill {
namespace {

[[noreturn]] void Broken(const std::string& what) { ExitWith("store broken: " + what); }

void CheckOk(const char* what, const Status& status) {
  if (!status.ok()) Broken(fmt::format("{}: {}", what, status.ToString()));
}

// The number each stream reached, by its marker.
StreamNumbers ReadMarkers(const Db& db) {
  StreamNumbers numbers{};
  for (std::size_t stream = 0; stream < kStreams; ++stream) {
    const auto value = db.Get(MarkerKey(stream));
    CheckOk("read a marker", value.status());
    if (!value->has_value()) continue;
    numbers[stream] = ParseMarker(**value);
    if (numbers[stream] == 0) Broken(fmt::format("marker {} reads '{}'", stream, **value));
  }
  return numbers;
}

void CheckBounds(const SharedState& shared, const ChildSettings& settings,
                 const StreamNumbers& last) {
  for (std::size_t stream = 0; stream < kStreams; ++stream) {
    const StreamProgress& progress = shared.streams[stream];
    const std::uint64_t reached = shared.reached[settings.round][stream];
    const auto& survives = settings.loses_power ? progress.hardened : progress.durable;
    const std::uint64_t promised = std::max({survives.load(), progress.synced.load(), reached});
    const std::uint64_t started = std::max(progress.started.load(), reached);
    if (last[stream] < promised) {
      Broken(fmt::format("stream {}: commit {} was acknowledged, the store ends at {}", stream,
                         promised, last[stream]));
    }
    if (last[stream] > started) {
      Broken(fmt::format("stream {}: the store holds commit {}, only {} were begun", stream,
                         last[stream], started));
    }
  }
}

void ReportDifference(const char* where, const std::string& key, const std::string& expected,
                      Slice found) {
  constexpr std::size_t kShown = 60;
  Broken(fmt::format("{}: key {}: expected '{}' ({} bytes), found '{}' ({} bytes)", where, key,
                     expected.substr(0, kShown), expected.size(), found.substr(0, kShown),
                     found.size()));
}

// Walks the keyspace and `expected` side by side.
template <typename First, typename Last, typename Next>
void CompareWalk(const char* where, Iterator& iterator, First expected, Last end, Next next) {
  for (; iterator.Valid() && expected != end; ++expected, next(iterator)) {
    if (iterator.key() != expected->first) {
      ReportDifference(where, expected->first, "this key", iterator.key());
    }
    if (iterator.value() != expected->second) {
      ReportDifference(where, expected->first, expected->second, iterator.value());
    }
  }
  CheckOk(where, iterator.status());
  if (expected != end) Broken(fmt::format("{}: key {} is missing", where, expected->first));
  if (iterator.Valid()) Broken(fmt::format("{}: key {} is too much", where, iterator.key()));
}

void CompareKeyspace(const Db& db, const Keyspace& keyspace, const Contents& expected) {
  IteratorOptions options;
  options.keyspace = keyspace;
  Iterator iterator = db.NewIterator(options);
  iterator.SeekToFirst();
  CompareWalk("forward walk", iterator, expected.begin(), expected.end(),
              [](Iterator& it) { it.Next(); });
  iterator.SeekToLast();
  CompareWalk("backward walk", iterator, expected.rbegin(), expected.rend(),
              [](Iterator& it) { it.Prev(); });
  ReadOptions read;
  read.keyspace = keyspace;
  for (const auto& [key, value] : expected) {
    const auto found = db.Get(key, read);
    CheckOk("get", found.status());
    if (!found->has_value()) Broken(fmt::format("get: key {} is missing", key));
    if (**found != value) ReportDifference("get", key, value, **found);
    const auto absent = db.Get(key + "-", read);
    CheckOk("get of an absent key", absent.status());
    if (absent->has_value()) Broken(fmt::format("get: key {}- should not exist", key));
  }
}

void CompareStore(const Db& db, const StoreContents& expected) {
  CompareKeyspace(db, Keyspace(), expected.main);
  const Result<Keyspace> side = db.OpenKeyspace(kSideKeyspace);
  if (side.ok()) {
    CompareKeyspace(db, *side, expected.side);
  } else if (side.status().code() != StatusCode::kNotFound || !expected.side.empty()) {
    CheckOk("open the second keyspace", side.status());
  }
}

}  // namespace

void RunChecker(const ChildSettings& settings) {
  SharedState& shared = MapSharedState(settings.shared_path);
  Result<std::unique_ptr<Db>> db = Db::Open(settings.directory, StoreOptions(settings.seed));
  CheckOk("open", db.status());
  const StreamNumbers last = ReadMarkers(**db);
  CheckBounds(shared, settings, last);
  const auto round_end = static_cast<std::ptrdiff_t>(settings.round + 1);
  const History history(shared.reached.begin(), shared.reached.begin() + round_end);
  CompareStore(**db, ExpectedContents(settings.seed, history, last));
  Random random(settings.seed ^ (settings.round + 1));
  if (random.Below(4) == 0) {
    CheckOk("verify", (*db)->Verify().status());
  }
  shared.reached[settings.round + 1] = last;
  // Half of the time the store is left as after one more crash, half of the time closed.
  if (random.Below(2) == 0) CheckOk("close", (*db)->Close());
  ::_exit(0);
}

}  // namespace firn::kill
