#include "crash/workload.h"

#include <algorithm>
#include <cstdlib>
#include <random>

#include "sim/manual_runtime.h"
#include "testing/tiny_store.h"

namespace firn::testing {
namespace {

constexpr const char* kDirectory = "/store";
constexpr const char* kSecond = "second";

struct OpenedStore {
  std::unique_ptr<ManualRuntime> manual;
  Runtime runtime;
  std::unique_ptr<Db> db;
};

Result<OpenedStore> Open(MemoryFileSystem& files, bool positioned_log, std::uint64_t seed) {
  OpenedStore store;
  store.manual = ManualRuntime::Create(files, seed);
  Options options;
  options.runtime = &store.manual->runtime();
  options.compression = Compression::kNone;
  options.log_backend = positioned_log ? LogBackend::kPositioned : LogBackend::kMapped;
  auto db = OpenTiny(kDirectory, options);
  if (!db.ok()) return std::move(db).status();
  store.db = std::move(db).value();
  return store;
}

// One commit: a batch of puts, deletes and range deletes, and what it makes of the contents.
Contents Draw(std::mt19937_64& random, const Workload& workload, const Contents& before,
              const Keyspace& second, WriteBatch* batch) {
  Contents after = before;
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const std::uint64_t count = 1 + below(static_cast<std::uint64_t>(workload.batch_max));
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool in_second = workload.keyspaces && below(2) == 0;
    const Keyspace keyspace = in_second ? second : Keyspace();
    auto& table = after[in_second ? kSecond : "default"];
    const std::string key = "key" + std::to_string(100 + below(40));
    const std::uint64_t verb = below(12);
    if (verb == 0) {
      batch->Delete(key, keyspace);
      table.erase(key);
    } else if (verb == 1) {
      const std::string end = "key" + std::to_string(100 + below(40));
      batch->DeleteRange(key, end, keyspace);
      if (key < end) table.erase(table.lower_bound(key), table.lower_bound(end));
    } else {
      const std::string value = std::to_string(random()) +
                                std::string(below(workload.value_bytes), static_cast<char>(i));
      batch->Put(key, value, keyspace);
      table[key] = value;
    }
  }
  return after;
}

}  // namespace

std::optional<std::string> History::CheckPrefix(const Contents& found,
                                                std::size_t at_least) const {
  for (std::size_t k = at_least; k < states_.size(); ++k) {
    Contents expected = states_[k];
    Contents actual = found;
    // A keyspace without entries and one that does not exist look alike here.
    std::erase_if(expected, [](const auto& entry) { return entry.second.empty(); });
    std::erase_if(actual, [](const auto& entry) { return entry.second.empty(); });
    if (expected == actual) return std::nullopt;
  }
  return "contents equal no state between commit " + std::to_string(at_least) + " and " +
         std::to_string(states_.size() - 1);
}

std::vector<Workload> AllWorkloads() {
  std::vector<Workload> workloads = {
      {.name = "mostly_periodic", .seed = 1},
      {.name = "all_durable", .seed = 2, .commits = 40, .sync_every = 1},
      {.name = "never_durable", .seed = 3, .sync_every = 0},
      {.name = "two_keyspaces", .seed = 4, .keyspaces = true},
      {.name = "reopened_often", .seed = 5, .commits = 40, .reopen_every = 9, .keyspaces = true},
      {.name = "positioned_log", .seed = 6, .keyspaces = true, .positioned_log = true},
      {.name = "large_values", .seed = 7, .commits = 24, .value_bytes = 6000},
      {.name = "large_batches", .seed = 8, .commits = 20, .batch_max = 40, .keyspaces = true},
  };
  const char* const fresh = std::getenv("FIRN_CRASH_SEED");
  for (Workload& workload : workloads) {
    if (fresh != nullptr) workload.seed += std::strtoull(fresh, nullptr, 10) * workloads.size();
  }
  return workloads;
}

void RunWorkload(const Workload& workload, MemoryFileSystem& files, History* history) {
  std::mt19937_64 random(workload.seed * 7919 + 17);
  auto opened = Open(files, workload.positioned_log, workload.seed);
  if (!opened.ok()) return;
  OpenedStore store = std::move(opened).value();
  Keyspace second;
  if (workload.keyspaces) {
    auto created = store.db->CreateKeyspace(kSecond);
    if (!created.ok()) return;
    second = *created;
  }
  for (int i = 1; i <= workload.commits; ++i) {
    WriteBatch batch;
    Contents after = Draw(random, workload, history->latest(), second, &batch);
    const bool durable = workload.sync_every > 0 && i % workload.sync_every == 0;
    history->Issue(std::move(after));
    WriteOptions options;
    options.durability = durable ? Durability::kSync : Durability::kPeriodic;
    if (!store.db->Write(batch, options).ok()) return;
    history->Acknowledge(durable);
    for (int turn = 0; turn < 3; ++turn) store.manual->runtime().executor->RunOne();
    if (i % 13 == 0) {
      store.manual->Advance(Micros(200000));  // the periodic sync becomes due
    }
    if (i % 17 == 0 && store.db->Sync().ok()) history->AllDurable();
    if (i % 20 == 0 && store.db->WaitForIdle().ok() == false) return;
    if (workload.reopen_every > 0 && i % workload.reopen_every == 0) {
      second = Keyspace();
      if (!store.db->Close().ok()) return;
      history->AllDurable();
      store.db.reset();
      auto again = Open(files, workload.positioned_log, workload.seed);
      if (!again.ok()) return;
      store = std::move(again).value();
      if (workload.keyspaces) {
        auto reopened = store.db->OpenKeyspace(kSecond);
        if (!reopened.ok()) return;
        second = *reopened;
      }
    }
  }
  second = Keyspace();
  if (store.db->Close().ok()) history->AllDurable();
}

std::optional<std::string> ReadAll(MemoryFileSystem& files, bool positioned_log,
                                   Contents* contents) {
  auto opened = Open(files, positioned_log, 99);
  if (!opened.ok()) return "open: " + opened.status().ToString();
  OpenedStore store = std::move(opened).value();
  for (const std::string& name : store.db->ListKeyspaces()) {
    auto keyspace = store.db->OpenKeyspace(name);
    if (!keyspace.ok()) return "keyspace: " + keyspace.status().ToString();
    auto& table = (*contents)[name];
    IteratorOptions options;
    options.keyspace = *keyspace;
    Iterator iterator = store.db->NewIterator(options);
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
      table.emplace(std::string(iterator.key()), std::string(iterator.value()));
    }
    if (!iterator.status().ok()) return "scan: " + iterator.status().ToString();
    std::size_t backwards = 0;
    for (iterator.SeekToLast(); iterator.Valid(); iterator.Prev()) ++backwards;
    if (backwards != table.size()) return "a backward scan finds another number of entries";
    for (const auto& [key, value] : table) {
      auto got = store.db->Get(key, {.keyspace = *keyspace});
      if (!got.ok()) return "get: " + got.status().ToString();
      if (!got->has_value() || **got != value) return "get disagrees with the scan at " + key;
    }
  }
  auto verified = store.db->Verify();
  if (!verified.ok()) return "verify: " + verified.status().ToString();
  if (!verified.orphan_files.empty()) return "orphan file " + verified.orphan_files.front();
  if (Status closed = store.db->Close(); !closed.ok()) return "close: " + closed.ToString();
  return std::nullopt;
}

}  // namespace firn::testing
