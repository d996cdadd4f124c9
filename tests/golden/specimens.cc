#include "golden/specimens.h"

#include "base/check.h"
#include "sim/manual_runtime.h"
#include "testing/tiny_store.h"

namespace firn::testing {
namespace {

// Applies each write to a store and to what is expected of it.
class Maker {
 public:
  explicit Maker(Compression compression)
      : disk_(MemoryFileSystem::Create()), manual_(ManualRuntime::Create(*disk_, 7)) {
    options_.runtime = &manual_->runtime();
    options_.compression = compression;
    Tuning tuning = TinyTuning();
    tuning.log_segment_bytes = 8 << 10;
    db_ = OpenTiny(kSpecimenDirectory, options_, tuning).value();
    contents_["default"];
  }

  Db& db() { return *db_; }
  void Create(const std::string& name) {
    Must(db_->CreateKeyspace(name).status());
    contents_[name];
  }
  void Put(const std::string& keyspace, const std::string& key, const std::string& value) {
    Must(db_->Put(key, value, {.keyspace = db_->OpenKeyspace(keyspace).value()}));
    contents_[keyspace][key] = value;
  }
  void Delete(const std::string& keyspace, const std::string& key) {
    Must(db_->Delete(key, {.keyspace = db_->OpenKeyspace(keyspace).value()}));
    contents_[keyspace].erase(key);
  }
  void DeleteRange(const std::string& keyspace, const std::string& begin, const std::string& end) {
    Must(db_->DeleteRange(begin, end, {.keyspace = db_->OpenKeyspace(keyspace).value()}));
    std::erase_if(contents_[keyspace], [&](const auto& entry) {
      return entry.first >= begin && entry.first < end;
    });
  }
  void Drop(const std::string& keyspace) {
    Must(db_->DropKeyspace(keyspace));
    contents_.erase(keyspace);
  }
  void Rename(const std::string& from, const std::string& to) {
    Must(db_->RenameKeyspace(from, to));
    contents_[to] = std::move(contents_[from]);
    contents_.erase(from);
  }
  static void Must(const Status& status) { FIRN_CHECK(status.ok()); }

  Specimen Closed(std::string name) {
    Must(db_->Close());
    return Take(std::move(name));
  }
  // As a killed process leaves it.
  Specimen Killed(std::string name) {
    Must(db_->Sync());
    return Take(std::move(name));
  }

 private:
  Specimen Take(std::string name) {
    auto image = disk_->CrashImage(
        {CrashKeep::Data::kEverything, CrashKeep::Names::kEverything, 1});
    return {std::move(name), std::move(image), contents_};
  }

  std::unique_ptr<MemoryFileSystem> disk_;
  std::unique_ptr<ManualRuntime> manual_;
  Options options_;
  std::unique_ptr<Db> db_;
  StoreContents contents_;
};

std::string Key(int n) { return "key" + std::to_string(1000 + n); }

// Several levels in several keyspaces: a settled last level, younger runs over it, deletes and
// range deletes of both, versions that only a snapshot kept.
Specimen Levels(std::string name, Compression compression) {
  Maker maker(compression);
  maker.Create("peaks");
  maker.Create("gone");
  maker.Create("old name");
  for (int i = 0; i < 90; ++i) {
    maker.Put("default", Key(i), "settled value of " + Key(i) + " " + std::string(20, 'v'));
    if (i % 3 == 0) maker.Put("peaks", Key(i), "m " + std::to_string(i));
    if (i % 9 == 0) maker.Put("gone", Key(i), "dropped");
    if (i % 5 == 0) maker.Put("old name", std::string(1, static_cast<char>(i)), "");
  }
  Maker::Must(maker.db().CompactRange());
  const Snapshot snapshot = maker.db().GetSnapshot();
  for (int i = 10; i < 40; ++i) maker.Put("default", Key(i), "younger " + std::to_string(i));
  maker.DeleteRange("default", Key(20), Key(30));
  for (int i = 0; i < 90; i += 7) maker.Delete("default", Key(i));
  maker.DeleteRange("peaks", "", Key(12));
  Maker::Must(maker.db().Flush());
  for (int i = 60; i < 70; ++i) maker.Put("default", Key(i), "");
  maker.Put("default", Key(25), "back in a deleted range");
  maker.Delete("peaks", Key(60));
  Maker::Must(maker.db().Flush());
  maker.Drop("gone");
  maker.Rename("old name", std::string("new\nname \xC3\xA9", 11));
  return maker.Closed(std::move(name));
}

// A store that was never flushed: batches over keyspaces, deletes, segments that are full.
Specimen Log() {
  Maker maker(Compression::kNone);
  maker.Create("side");
  for (int i = 0; i < 40; ++i) {
    maker.Put("default", Key(i), std::string(100, static_cast<char>('a' + i % 26)));
  }
  maker.DeleteRange("default", Key(5), Key(10));
  maker.Delete("default", Key(30));
  maker.Put("side", "", "the empty key");
  maker.Put("side", std::string("\0\xFF", 2), std::string("\0\x01", 2));
  maker.Put("side", "large", std::string(9000, 'L'));
  return maker.Killed("log");
}

// Values that need blocks of their own, beside keys that share long prefixes.
Specimen LargeValues() {
  Maker maker(Compression::kZstd);
  maker.Put("default", "large", std::string(12000, 'x'));
  maker.Put("default", "larger", std::string(15000, 'y'));
  for (int i = 0; i < 20; ++i) maker.Put("default", std::string(300, 'p') + Key(i), "tail");
  Maker::Must(maker.db().CompactRange());
  maker.Put("default", "large", "small now");
  Maker::Must(maker.db().Flush());
  return maker.Closed("large-values");
}

}  // namespace

std::vector<Specimen> MakeSpecimens() {
  std::vector<Specimen> specimens;
  specimens.push_back(Levels("levels-plain", Compression::kNone));
  specimens.push_back(Levels("levels-lz4", Compression::kLz4));
  specimens.push_back(Log());
  specimens.push_back(LargeValues());
  return specimens;
}

}  // namespace firn::testing
