#include "crash/reading.h"

#include "testing/tiny_store.h"

namespace firn::testing {
namespace {

// Reads the copy in `directory`; one without CURRENT never came to be.
std::string LookAtCopy(const Workload& workload, MemoryFileSystem& files,
                       const std::string& directory, Sighting* sighting) {
  auto opened = OpenStore(workload, files, 7, directory, false);
  if (opened.status().code() == StatusCode::kNotFound) return "";
  if (!opened.ok()) return "open " + directory + ": " + opened.status().ToString();
  Found found;
  const std::string unreadable = Scan(*opened->db, Snapshot(), &found);
  sighting->copies[directory] = FingerprintOf(found);
  return unreadable;
}

}  // namespace

Options OptionsOf(const Workload& workload, const Runtime& runtime) {
  Options options;
  options.runtime = &runtime;
  options.compression = workload.compression;
  options.log_backend = workload.log;
  options.direct_reads = workload.direct_reads;
  return options;
}

Result<OpenedStore> OpenStore(const Workload& workload, MemoryFileSystem& files,
                              std::uint64_t seed, const std::string& directory, bool create) {
  OpenedStore store;
  store.manual = ManualRuntime::Create(files, seed);
  Options options = OptionsOf(workload, store.manual->runtime());
  options.create_if_missing = create;
  Tuning tuning = TinyTuning();
  tuning.memtable_bytes = workload.memtable_bytes;
  tuning.idle_flush_bytes = workload.memtable_bytes / 4;
  tuning.memtables_bytes_max = workload.memtable_bytes * 3;
  tuning.log_segment_bytes = workload.segment_bytes;
  tuning.log_recycled_max = workload.recycled_max;
  tuning.manifest_bytes_max = workload.manifest_bytes;
  auto db = OpenTiny(directory, options, tuning);
  if (!db.ok()) return std::move(db).status();
  store.db = std::move(db).value();
  return store;
}

std::string Scan(const Db& db, const Snapshot& snapshot, Found* found) {
  for (const std::string& name : db.ListKeyspaces()) {
    const auto keyspace = db.OpenKeyspace(name);
    if (!keyspace.ok()) return "keyspace " + name + ": " + keyspace.status().ToString();
    Table& table = (*found)[name];
    Iterator iterator = db.NewIterator({.keyspace = *keyspace, .snapshot = snapshot});
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
      table.emplace_hint(table.end(), iterator.key(), iterator.value());
    }
    if (!iterator.status().ok()) return "scan: " + iterator.status().ToString();
  }
  return "";
}

std::string CrossCheck(const Db& db, const Found& found) {
  for (const auto& [name, table] : found) {
    const auto keyspace = db.OpenKeyspace(name);
    if (!keyspace.ok()) return "keyspace " + name + ": " + keyspace.status().ToString();
    Iterator iterator = db.NewIterator({.keyspace = *keyspace});
    auto expected = table.rbegin();
    for (iterator.SeekToLast(); iterator.Valid(); iterator.Prev(), ++expected) {
      if (expected == table.rend() || iterator.key() != expected->first) {
        return "a backward scan differs at " + std::string(iterator.key());
      }
    }
    if (!iterator.status().ok()) return "backward scan: " + iterator.status().ToString();
    if (expected != table.rend()) return "a backward scan misses " + expected->first;
    for (const auto& [key, value] : table) {
      const auto got = db.Get(key, {.keyspace = *keyspace});
      if (!got.ok()) return "get: " + got.status().ToString();
      if (!got->has_value() || **got != value) return "get disagrees with the scan at " + key;
    }
  }
  const VerifyReport verified = db.Verify();
  if (!verified.ok()) return "verify: " + verified.status().ToString();
  if (!verified.orphan_files.empty()) return "orphan file " + verified.orphan_files.front();
  return "";
}

std::string LookAt(const Workload& workload, MemoryFileSystem& files, Care care,
                   Sighting* sighting, Found* found, const std::function<void()>& shown) {
  {
    auto opened = OpenStore(workload, files, 99);
    if (!opened.ok()) return "open: " + opened.status().ToString();
    if (std::string wrong = Scan(*opened->db, Snapshot(), found); !wrong.empty()) return wrong;
    sighting->store = FingerprintOf(*found);
    if (shown) shown();
    if (care == Care::kEverything) {
      if (std::string wrong = CrossCheck(*opened->db, *found); !wrong.empty()) return wrong;
    }
    if (const Status closed = opened->db->Close(); !closed.ok()) {
      return "close: " + closed.ToString();
    }
  }
  const auto names = files.List("/");
  if (!names.ok()) return names.status().ToString();
  for (const std::string& name : *names) {
    const std::string directory = "/" + name;
    if (directory == kStoreDirectory) continue;
    if (std::string wrong = LookAtCopy(workload, files, directory, sighting); !wrong.empty()) {
      return wrong;
    }
  }
  return "";
}

}  // namespace firn::testing
