// A replay yields what the writes did, wherever its chunks end and whoever writes them.

#include "db/log_replay.h"

#include <map>

#include "db/store_fixture.h"
#include "sim/seeded_random.h"
#include "testing/seeds.h"

namespace firn::testing {
namespace {

constexpr CrashKeep kKilled{CrashKeep::Data::kEverything, CrashKeep::Names::kEverything, 1};

using Table = std::map<std::string, std::string>;

// Writes at random to a store that never flushes, and knows what it must hold.
class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {
    machine_.tuning.memtable_bytes = std::uint64_t{1} << 30;
    machine_.tuning.memtables_bytes_max = std::uint64_t{3} << 30;
    machine_.tuning.log_bytes_max = std::uint64_t{1} << 30;
    db_ = machine_.Open();
    for (const char* name : {"first", "second", "dropped"}) {
      keyspaces_.push_back(db_->CreateKeyspace(name).value());
      names_.emplace_back(name);
    }
    keyspaces_.emplace_back();
    names_.emplace_back();
    tables_.resize(keyspaces_.size());
  }

  void Write(std::uint64_t commits) {
    for (std::uint64_t i = 0; i < commits; ++i) {
      WriteBatch batch;
      for (std::uint64_t operations = 1 + random_.Below(4); operations > 0; --operations) {
        Add(batch);
      }
      ASSERT_EQ(db_->Write(batch).ToString(), "ok");
      if (random_.Below(200) == 0) {
        ASSERT_TRUE(db_->Flush().ok());  // what is flushed must not come back
      }
    }
    ASSERT_TRUE(db_->DropKeyspace("dropped").ok());
    tables_[2].clear();
  }

  [[nodiscard]] std::unique_ptr<MemoryFileSystem> Kill() const {
    return machine_.files->CrashImage(kKilled);
  }
  void ExpectIn(const Db& db) const {
    EXPECT_EQ(db.ListKeyspaces().size() + 1, keyspaces_.size());
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      if (names_[i] == "dropped") continue;
      const Keyspace keyspace =
          names_[i].empty() ? Keyspace() : db.OpenKeyspace(names_[i]).value();
      std::string wanted;
      for (const auto& [key, value] : tables_[i]) wanted += key + "=" + value + " ";
      ASSERT_EQ(Scanned(db, {.keyspace = keyspace}), wanted) << "keyspace '" << names_[i] << "'";
    }
  }

 private:
  std::string Key() {
    static const std::string kStems[] = {"", "k", "key", "shared/prefix/of/many/"};
    const std::string& stem = kStems[random_.Below(4)];
    return random_.Below(10) == 0 ? stem : stem + std::to_string(random_.Below(60));
  }
  void Add(WriteBatch& batch) {
    const std::size_t at = random_.Below(keyspaces_.size());
    Table& table = tables_[at];
    std::string key = Key();
    const std::uint64_t what = random_.Below(12);
    if (what == 0) {
      std::string end = Key();
      batch.DeleteRange(key, end, keyspaces_[at]);
      if (key < end) table.erase(table.lower_bound(key), table.lower_bound(end));
    } else if (what < 3) {
      batch.Delete(key, keyspaces_[at]);
      table.erase(key);
    } else {
      std::string value = std::to_string(random_.Next64());
      value.append(random_.Below(60), '.');
      batch.Put(key, value, keyspaces_[at]);
      table[key] = value;
    }
  }

  SeededRandom random_;
  Machine machine_;
  std::unique_ptr<Db> db_;
  std::vector<Keyspace> keyspaces_;
  std::vector<std::string> names_;
  std::vector<Table> tables_;
};

TEST(LogReplay, YieldsTheWritesWhereverAChunkEnds) {
  for (std::uint64_t seed = 0; seed < SeedCount(20); ++seed) {
    Writer writer(seed);
    writer.Write(150);
    for (std::uint64_t bytes = 1; bytes < 40000; bytes += 1 + bytes / 4) {
      Machine later(writer.Kill());
      later.tuning.memtable_bytes = bytes;
      later.tuning.memtables_bytes_max = bytes * (1 + seed % 4);
      const auto db = later.Open();
      ASSERT_NO_FATAL_FAILURE(writer.ExpectIn(*db)) << "seed " << seed << ", chunks of " << bytes;
    }
  }
}

TEST(LogReplay, YieldsTheWritesWhenThreadsWriteTheChunks) {
  for (std::uint64_t seed = 0; seed < SeedCount(20); ++seed) {
    Writer writer(1000 + seed);
    writer.Write(600);
    Machine later(writer.Kill());
    const Runtime threads = ThreadedRuntimeOver(*later.files);
    later.options.runtime = &threads;
    later.tuning.memtable_bytes = 1000 + 500 * (seed % 5);
    later.tuning.memtables_bytes_max = 3 * later.tuning.memtable_bytes;
    const auto db = later.Open();
    ASSERT_NO_FATAL_FAILURE(writer.ExpectIn(*db)) << "seed " << seed;
    ASSERT_TRUE(db->Close().ok());
  }
}

// A log of some hundred records, its middle damaged although it had been durable.
class DamagedLog : public ::testing::Test {
 protected:
  void SetUp() override {
    machine_.tuning.memtable_bytes = std::uint64_t{1} << 30;
    machine_.tuning.memtables_bytes_max = std::uint64_t{3} << 30;
    machine_.tuning.log_segment_bytes = 1 << 20;
    machine_.tuning.log_bytes_max = std::uint64_t{1} << 30;
    db_ = machine_.Open();
    PutMany(*db_, 400);
    ASSERT_TRUE(db_->Put("last", "1", {.durability = Durability::kSync}).ok());
    ASSERT_TRUE(db_->Put("witness", "1").ok());
    later_ = std::make_unique<Machine>(machine_.files->CrashImage(kKilled));
    for (const std::string& name : later_->Names(".log")) {
      const std::string path = std::string(kStore) + "/" + name;
      ASSERT_TRUE(later_->files
                      ->Corrupt(path,
                                [&](std::string& bytes) {
                                  const auto at = bytes.find(KeyOf(300));
                                  if (at == std::string::npos) return;
                                  bytes[at + 50] ^= 1;
                                  damaged_ = path;
                                })
                      .ok());
    }
    ASSERT_FALSE(damaged_.empty());
  }

  Machine machine_;
  std::unique_ptr<Db> db_;
  std::unique_ptr<Machine> later_;
  std::string damaged_;
};

TEST_F(DamagedLog, IsRefusedWithItsFileAndOffset) {
  const Status refused = later_->TryOpen().status();
  EXPECT_EQ(refused.code(), StatusCode::kCorruption);
  EXPECT_NE(refused.message().find(damaged_ + " at offset "), std::string_view::npos)
      << refused.ToString();
}

// Chunks are written beside the reading, but what goes wrong first in the log is what is told.
TEST_F(DamagedLog, AFullDiskBeforeTheDamageIsWhatOpenReports) {
  for (const std::uint64_t chunk_bytes : {5000u, 50000u}) {  // long before it, and not yet noticed
    later_->tuning.memtable_bytes = chunk_bytes;
    later_->tuning.memtables_bytes_max = 3 * chunk_bytes;
    later_->files->InjectFault({1, Fault::Kind::kNoSpace, true});
    EXPECT_EQ(later_->TryOpen().status().code(), StatusCode::kNoSpace);
    later_->files->InjectFault(Fault());
    EXPECT_EQ(later_->TryOpen().status().code(), StatusCode::kCorruption);
  }
}

TEST(LogReplay, AChunkBecomesOneRunAndLeavesNoMemoryBehind) {
  Machine machine;
  machine.tuning.memtable_bytes = std::uint64_t{1} << 30;
  machine.tuning.memtables_bytes_max = std::uint64_t{3} << 30;
  const auto db = machine.Open();
  PutMany(*db, 400);
  for (const std::size_t chunks : {1u, 4u, 8u}) {
    Machine later(machine.files->CrashImage(kKilled));
    later.tuning.memtable_bytes = 110000 / chunks;
    later.tuning.memtables_bytes_max = 2 * later.tuning.memtable_bytes;
    const auto engine = later.OpenEngine();
    {
      MutexLock lock(engine->state().mutex);
      EXPECT_EQ(engine->state().by_id.at(kDefaultKeyspace)->tree->levels[0].size(), chunks);
    }
    EXPECT_LE(engine->ledger().used(MemoryClass::kMemtable), later.tuning.memtable_bytes)
        << "spare chunks of the arenas";
    EXPECT_EQ(engine->ledger().used(MemoryClass::kJob), 0u);
    ASSERT_TRUE(engine->Close().ok());
  }
}

}  // namespace
}  // namespace firn::testing
