#include "corruption/specimen.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "db/checkpoint.h"
#include "sim/manual_runtime.h"
#include "sim/seeded_random.h"
#include "table/table_settings.h"
#include "testing/fake_table.h"
#include "testing/tiny_store.h"

namespace firn::testing {
namespace {

constexpr std::uint64_t kFileBytesMax = 1 << 20;

// Everything of a few hundred bytes, so that a few KiB hold every structure there is.
Tuning SpecimenTuning() {
  Tuning tuning = TinyTuning();
  tuning.table_bytes = 6 << 10;
  tuning.log_segment_bytes = 4 << 10;
  tuning.log_window_bytes = 1 << 10;
  tuning.idle_flush_bytes = tuning.memtable_bytes;  // a pause leaves the log as it is
  return tuning;
}

Options SpecimenOptions(const Runtime& runtime) {
  Options options;
  options.runtime = &runtime;
  options.compression = Compression::kNone;
  return options;
}

std::vector<SpecimenFile> FilesOf(MemoryFileSystem& disk) {
  const auto names = disk.List(kSpecimenDirectory);
  FIRN_CHECK(names.ok());
  std::vector<SpecimenFile> files;
  for (const std::string& name : *names) {
    const auto file = ParseFileName(name);
    FIRN_CHECK(file.has_value());
    if (file->kind == FileKind::kLock) continue;
    auto bytes = disk.ReadFile(std::string(kSpecimenDirectory) + "/" + name, kFileBytesMax);
    FIRN_CHECK(bytes.ok());
    files.push_back({name, file->kind, std::move(bytes).value(), {}});
  }
  return files;
}

// A store being made. Every write is one commit, noted with what it leads to.
class Maker {
 public:
  Maker(std::uint64_t seed, Compression compression)
      : random_(seed * 2 + 1), disk_(MemoryFileSystem::Create()),
        manual_(ManualRuntime::Create(*disk_, seed)) {
    specimen_.states.push_back({{"default", {}}});
    Options options = SpecimenOptions(manual_->runtime());
    options.compression = compression;
    auto db = OpenTiny(kSpecimenDirectory, options, SpecimenTuning());
    FIRN_CHECK(db.ok());
    db_ = std::move(db).value();
  }

  [[nodiscard]] Db& db() { return *db_; }
  [[nodiscard]] Keyspace CreateKeyspace(const std::string& name) {
    auto created = db_->CreateKeyspace(name);
    FIRN_CHECK(created.ok());
    for (Contents& state : specimen_.states) state[name];
    return std::move(created).value();
  }
  // Changes the manifest, and nothing but it, as the last thing before the power goes.
  Specimen CreateKeyspaceAndLosePower(const std::string& name) {
    FIRN_CHECK(db_->CreateKeyspace(name).ok());
    Next()[name];
    specimen_.durable = specimen_.states.size() - 1;
    specimen_.only_in_last_edit = true;
    return LosePower();
  }

  void Put(int key, std::size_t value_bytes, const std::string& name = "default",
           const Keyspace& keyspace = {}) {
    const std::string text = KeyOf(key);
    const std::string value = Value(value_bytes);
    Must(db_->Put(text, value, {.durability = Durability::kPeriodic, .keyspace = keyspace}));
    Next()[name][text] = value;
  }
  void Delete(int key) {
    Must(db_->Delete(KeyOf(key)));
    Next()["default"].erase(KeyOf(key));
  }
  void DeleteRange(int begin, int end) {
    Must(db_->DeleteRange(KeyOf(begin), KeyOf(end)));
    auto& entries = Next()["default"];
    entries.erase(entries.lower_bound(KeyOf(begin)), entries.lower_bound(KeyOf(end)));
  }
  void Sync() {
    Must(db_->Sync());
    specimen_.durable = specimen_.states.size() - 1;
  }
  // Long enough for everything the store does when no writes come.
  void Pause() {
    for (int beat = 0; beat < 10; ++beat) {
      manual_->Advance(Options().sync_interval);
      manual_->RunUntilIdle();
    }
  }
  void Flush() { Must(db_->Flush()); }
  void Compact() { Must(db_->CompactRange()); }
  // What lost writes will leave in place of what comes later.
  void RememberFormerBytes() { former_ = FilesOf(*disk_); }

  Specimen Close() {
    Must(db_->Close());
    specimen_.durable = specimen_.states.size() - 1;
    return LosePower();
  }
  // The page cache survives: everything acknowledged is in the files, synced or not.
  Specimen LosePower() {
    specimen_.disk =
        disk_->CrashImage({CrashKeep::Data::kEverything, CrashKeep::Names::kEverything, 0});
    specimen_.files = FilesOf(*specimen_.disk);
    NoteManifest();
    for (SpecimenFile& file : specimen_.files) file.stale = StaleBytes(file);
    NoteKeys();
    db_.reset();
    return std::move(specimen_);
  }

 private:
  static std::string KeyOf(int key) { return "key" + std::to_string(1000 + key); }
  static void Must(const Status& status) { FIRN_CHECK(status.ok()); }

  // Half of it compressible.
  std::string Value(std::size_t bytes) {
    std::string value;
    while (value.size() < bytes) {
      value.append(std::to_string(random_.Next64() % 100000)).append("ffff");
    }
    value.resize(bytes);
    return value;
  }
  Contents& Next() {
    specimen_.states.push_back(specimen_.states.back());
    return specimen_.states.back();
  }
  std::string StaleBytes(const SpecimenFile& file) const {
    for (const SpecimenFile& former : former_) {
      if (former.name == file.name && former.bytes != file.bytes) return former.bytes;
    }
    for (const SpecimenFile& other : specimen_.files) {
      if (other.kind == file.kind && other.name != file.name) return other.bytes;
    }
    return {};
  }
  void NoteManifest() {
    auto manifest = ReadManifest(*specimen_.disk, kSpecimenDirectory,
                                 [](const DatabaseId&) -> TableMaker { return MakeFakeTable; });
    FIRN_CHECK(manifest.ok());
    specimen_.manifest = std::move(manifest).value();
    std::set<std::string> live;
    for (const auto& table : TablesOf(*specimen_.manifest.version)) {
      live.insert(TableFileName(table->metadata().number));
    }
    for (SpecimenFile& file : specimen_.files) {
      file.live = file.kind != FileKind::kTable || live.contains(file.name);
      if (file.kind == FileKind::kManifest) NoteLastEdit(file);
    }
  }
  void NoteLastEdit(const SpecimenFile& manifest) {
    const RecordSalt salt{specimen_.manifest.database, specimen_.manifest.manifest};
    for (std::size_t offset = kManifestHeaderBytes; offset < manifest.bytes.size();) {
      const ParsedRecord record = ParseRecord(manifest.bytes, offset, salt);
      FIRN_CHECK(record.state == RecordState::kValid);
      specimen_.last_edit = offset;
      offset += record.bytes;
    }
  }
  void NoteKeys() {
    for (const Contents& state : specimen_.states) {
      for (const auto& [name, entries] : state) {
        std::vector<std::string>& keys = specimen_.keys[name];
        for (const auto& [key, value] : entries) keys.push_back(key);
      }
    }
    for (auto& [name, keys] : specimen_.keys) {
      std::sort(keys.begin(), keys.end());
      keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
      for (const char* absent : {"", "key", "key1001x", "key10105", "key2", "zebra"}) {
        keys.emplace_back(absent);
      }
    }
  }

  SeededRandom random_;
  std::unique_ptr<MemoryFileSystem> disk_;
  std::unique_ptr<ManualRuntime> manual_;
  std::unique_ptr<Db> db_;
  std::vector<SpecimenFile> former_;
  Specimen specimen_;
};

// Keys of every other number, so that absent ones lie between.
void PutSome(Maker& maker, int first, int last, std::size_t value_bytes) {
  for (int key = first; key < last; key += 2) maker.Put(key, value_bytes);
}

// One table of the last level, its blocks as `compression` says; closed cleanly.
Specimen MakeLastLevel(std::uint64_t seed, Compression compression) {
  Maker maker(seed, compression);
  PutSome(maker, 0, 100, 90);
  maker.Flush();
  PutSome(maker, 60, 180, 90);
  maker.RememberFormerBytes();
  maker.Compact();
  return maker.Close();
}

Specimen MakePlainTable(std::uint64_t seed) { return MakeLastLevel(seed, Compression::kNone); }
Specimen MakeLz4Table(std::uint64_t seed) { return MakeLastLevel(seed, Compression::kLz4); }
Specimen MakeZstdTable(std::uint64_t seed) { return MakeLastLevel(seed, Compression::kZstd); }

// Two runs of level 0: values below, deletes and range deletes with a few values above.
Specimen MakeTombstones(std::uint64_t seed) {
  Maker maker(seed, Compression::kNone);
  PutSome(maker, 0, 120, 80);
  maker.Flush();
  maker.RememberFormerBytes();
  maker.DeleteRange(10, 20);
  maker.DeleteRange(15, 31);
  maker.Delete(50);
  maker.Delete(51);
  PutSome(maker, 18, 60, 90);
  maker.DeleteRange(100, 200);
  maker.Flush();
  return maker.Close();
}

// Two keyspaces, one flushed later than the other, a manifest with an edit a job, and then the
// machine stops.
Specimen MakeKeyspaces(std::uint64_t seed) {
  Maker maker(seed, Compression::kNone);
  const Keyspace second = maker.CreateKeyspace("second");
  PutSome(maker, 0, 60, 50);
  for (int key = 0; key < 30; ++key) maker.Put(key, 40, "second", second);
  maker.Flush();
  PutSome(maker, 10, 30, 50);
  maker.Flush();
  maker.Compact();
  maker.RememberFormerBytes();
  maker.Sync();
  for (int key = 5; key < 12; ++key) maker.Put(key, 40, "second", second);
  maker.Sync();
  maker.Put(1, 40);
  maker.Put(2, 40, "second", second);
  return maker.LosePower();
}

// Three segments of log and no table; closed cleanly.
Specimen MakeClosedLog(std::uint64_t seed) {
  Maker maker(seed, Compression::kNone);
  for (int i = 0; i < 60; ++i) {
    if (i == 30) maker.RememberFormerBytes();
    if (i % 9 == 4) {
      maker.Delete(i - 3);
    } else if (i % 17 == 16) {
      maker.DeleteRange(i - 6, i - 2);
    } else {
      maker.Put(i, 20 + static_cast<std::size_t>(i % 5) * 40);
    }
    if (i % 6 == 5) maker.Sync();
  }
  return maker.Close();
}

// The same kind of log, synced now and then; then the machine stops behind a few commits that
// nothing promised.
Specimen MakeCrashedLog(std::uint64_t seed) {
  Maker maker(seed, Compression::kNone);
  for (int i = 0; i < 60; ++i) {
    if (i == 30) maker.RememberFormerBytes();
    maker.Put(i % 25, 30 + static_cast<std::size_t>(i % 4) * 50);
    if (i % 7 == 3) maker.Sync();
  }
  return maker.LosePower();
}

// Ends with a sync: no record follows the last durable commits.
void PutUntilASync(Maker& maker) {
  for (int i = 0; i < 30; ++i) {
    if (i == 15) maker.RememberFormerBytes();
    maker.Put(i, 60);
    if (i % 4 == 3) maker.Sync();
  }
  maker.Sync();
}

Specimen MakeJustSyncedLog(std::uint64_t seed) {
  Maker maker(seed, Compression::kNone);
  PutUntilASync(maker);
  return maker.LosePower();
}

// The same after a pause, in which the manifest vouched for the log (decision 0014).
Specimen MakePausedLog(std::uint64_t seed) {
  Maker maker(seed, Compression::kNone);
  PutUntilASync(maker);
  maker.Pause();
  return maker.LosePower();
}

// All entries in tables, and one more keyspace that only the manifest knows.
Specimen MakeLateKeyspace(std::uint64_t seed) {
  Maker maker(seed, Compression::kNone);
  PutSome(maker, 0, 20, 40);
  maker.Flush();
  maker.RememberFormerBytes();
  return maker.CreateKeyspaceAndLosePower("late");
}

}  // namespace

const std::vector<SpecimenPlan>& AllSpecimens() {
  static const std::vector<SpecimenPlan> specimens = {
      {"PlainTable", MakePlainTable, 2},   {"Lz4Table", MakeLz4Table, 2},
      {"ZstdTable", MakeZstdTable, 2},     {"Tombstones", MakeTombstones, 2},
      {"Keyspaces", MakeKeyspaces, 4},     {"ClosedLog", MakeClosedLog, 4},
      {"CrashedLog", MakeCrashedLog, 4},   {"JustSyncedLog", MakeJustSyncedLog, 2},
      {"PausedLog", MakePausedLog, 2},     {"LateKeyspace", MakeLateKeyspace, 1},
  };
  return specimens;
}

Result<std::unique_ptr<Db>> OpenSpecimen(const Runtime& runtime) {
  Options options = SpecimenOptions(runtime);
  // A mapping a case costs more than all else.
  options.log_backend = LogBackend::kPositioned;
  return OpenTiny(kSpecimenDirectory, options, SpecimenTuning());
}

}  // namespace firn::testing
