// What open finds in a directory, and what it makes of files that are wrong, missing or not its
// own.

#include "db/recovery.h"

#include "db/store_fixture.h"

namespace firn::testing {
namespace {

constexpr const char* kCurrent = "/store/CURRENT";

class Damaged : public ::testing::Test {
 protected:
  // Tables and a log with records, closed.
  void SetUp() override {
    auto db = machine_.Open();
    PutMany(*db, 120);
    ASSERT_TRUE(db->Flush().ok());
    ASSERT_TRUE(db->Put("last", "1").ok());
    ASSERT_TRUE(db->Close().ok());
    tables_ = machine_.Names(".table");
    ASSERT_FALSE(tables_.empty());
  }
  [[nodiscard]] std::string Table() const { return std::string(kStore) + "/" + tables_.front(); }
  void Change(const std::string& path, const std::function<void(std::string&)>& change) const {
    ASSERT_TRUE(machine_.files->Corrupt(path, change).ok());
  }
  // Opening fails, says so with this code and names the file, and changes nothing on disk.
  void ExpectRefused(StatusCode code, const std::string& named) const {
    const auto before = machine_.Names();
    const Status status = machine_.TryOpen().status();
    EXPECT_EQ(status.code(), code) << status.ToString();
    EXPECT_NE(status.message().find(named), std::string_view::npos) << status.ToString();
    EXPECT_EQ(machine_.Names(), before);
    EXPECT_EQ(machine_.files->open_handles(), 0u);
  }

  const Machine machine_;
  std::vector<std::string> tables_;
};

TEST_F(Damaged, ATruncatedTableIsFoundAtOpen) {
  Change(Table(), [](std::string& bytes) { bytes.resize(bytes.size() - 1); });
  ExpectRefused(StatusCode::kCorruption, tables_.front());
}

TEST_F(Damaged, ALongerTableIsFoundAtOpen) {
  Change(Table(), [](std::string& bytes) { bytes += "x"; });
  ExpectRefused(StatusCode::kCorruption, tables_.front());
}

TEST_F(Damaged, AMissingTableIsFoundAtOpen) {
  ASSERT_TRUE(machine_.files->Rename(Table(), "/elsewhere").ok());
  ExpectRefused(StatusCode::kCorruption, tables_.front());
  ASSERT_TRUE(machine_.files->Rename("/elsewhere", Table()).ok());
  EXPECT_EQ(Got(*machine_.Open(), "last"), "1") << "restoring the file is enough";
}

TEST_F(Damaged, AFlippedByteOfATableNeverBecomesAnAnswer) {
  const std::uint64_t size = machine_.files->FileSize(Table()).value();
  for (std::uint64_t offset = 0; offset < size; offset += 41) {
    const auto flip = [offset](std::string& bytes) {
      bytes[offset] = static_cast<char>(bytes[offset] ^ 0x10);
    };
    Change(Table(), flip);
    auto db = machine_.TryOpen();
    if (db.ok()) {
      for (int i = 0; i < 120; ++i) {
        const auto got = (*db)->Get(KeyOf(i));
        if (got.ok()) {
          ASSERT_EQ(got->value_or("absent"), std::string(200, 'v')) << "offset " << offset;
        } else {
          ASSERT_EQ(got.status().code(), StatusCode::kCorruption);
        }
      }
      const Status verified = (*db)->Verify().status();
      ASSERT_EQ(verified.code(), StatusCode::kCorruption) << "offset " << offset;
      ASSERT_NE(verified.message().find(tables_.front()), std::string_view::npos)
          << verified.ToString();
      ASSERT_TRUE((*db)->Close().ok());
    } else {
      ASSERT_EQ(db.status().code(), StatusCode::kCorruption);
    }
    Change(Table(), flip);
  }
}

TEST_F(Damaged, WithoutCurrentNothingIsOverwritten) {
  ASSERT_TRUE(machine_.files->Rename(kCurrent, "/kept").ok());
  ExpectRefused(StatusCode::kCorruption, "CURRENT");
  for (const std::string& name : tables_) {
    ASSERT_TRUE(machine_.files->Remove(std::string(kStore) + "/" + name).ok());
  }
  ExpectRefused(StatusCode::kCorruption, "CURRENT");
}

TEST_F(Damaged, ACurrentThatNamesNothingOrIsGarbageIsCorruption) {
  const std::string good = machine_.files->ReadFile(kCurrent, 1000).value();
  const std::string garbage[] = {"", "x", "MANIFEST-000001\n", good + "x",
                                 good.substr(0, good.size() - 1), std::string(5000, '\0')};
  for (const std::string& content : garbage) {
    Change(kCurrent, [&](std::string& bytes) { bytes = content; });
    EXPECT_EQ(machine_.TryOpen().status().code(), StatusCode::kCorruption) << content.size();
  }
  Change(kCurrent, [&](std::string& bytes) { bytes = good; });
  const auto manifests = machine_.Names();
  for (const std::string& name : manifests) {
    if (!name.starts_with("MANIFEST-")) continue;
    ASSERT_TRUE(machine_.files->Rename(std::string(kStore) + "/" + name, "/manifest").ok());
    EXPECT_EQ(machine_.TryOpen().status().code(), StatusCode::kCorruption);
    ASSERT_TRUE(machine_.files->Rename("/manifest", std::string(kStore) + "/" + name).ok());
  }
  EXPECT_EQ(Got(*machine_.Open(), "last"), "1");
}

TEST_F(Damaged, EveryFlippedByteOfTheManifestIsNoticed) {
  std::string manifest;
  for (const std::string& name : machine_.Names()) {
    if (name.starts_with("MANIFEST-")) manifest = std::string(kStore) + "/" + name;
  }
  const std::string good = machine_.files->ReadFile(manifest, 1 << 20).value();
  for (std::size_t offset = 0; offset < good.size(); offset += 13) {
    auto image = machine_.files->CrashImage({CrashKeep::Data::kEverything,
                                             CrashKeep::Names::kEverything, 1});
    ASSERT_TRUE(image->Corrupt(manifest, [&](std::string& bytes) { bytes[offset] ^= 4; }).ok());
    const Machine later(std::move(image));
    auto db = later.TryOpen();
    // Only the torn tail of a manifest may be dropped, and then the log still has the rest.
    if (db.ok()) {
      ASSERT_EQ(Got(**db, "last"), "1") << offset;
      ASSERT_EQ(Got(**db, KeyOf(3)), std::string(200, 'v')) << offset;
    } else {
      ASSERT_EQ(db.status().code(), StatusCode::kCorruption) << db.status().ToString();
    }
  }
}

TEST_F(Damaged, FilesOfOtherNamesAreNeverTouched) {
  const std::string foreign[] = {"notes.txt", "000001.sst", "MANIFEST", "CURRENT.old", "7.table",
                                 "x.log", "LOCK.lck"};
  for (const std::string& name : foreign) {
    machine_.Create(std::string(kStore) + "/" + name, "mine: " + name);
  }
  for (int round = 0; round < 3; ++round) {
    auto db = machine_.Open();
    PutMany(*db, 60);
    ASSERT_TRUE(db->CompactRange().ok());
  }
  for (const std::string& name : foreign) {
    EXPECT_EQ(machine_.files->ReadFile(std::string(kStore) + "/" + name, 100).value(),
              "mine: " + name);
  }
}

TEST(Recovery, ALogOfAnotherStoreIsNeverReplayed) {
  const Machine machine;
  {
    auto db = machine.Open("/other");
    ASSERT_TRUE(db->Put("stranger", "1").ok());
  }
  ASSERT_TRUE(machine.Open()->Put("own", "1").ok());
  for (const std::string& name : machine.Names(".log", "/other")) {
    const std::string number = "000900";
    ASSERT_TRUE(machine.files
                    ->Link("/other/" + name,
                           std::string(kStore) + "/" + number + name.substr(number.size()))
                    .ok());
  }
  auto db = machine.TryOpen();
  if (db.ok()) {
    EXPECT_EQ(Got(**db, "stranger"), "absent");
    EXPECT_EQ(Got(**db, "own"), "1");
  } else {
    EXPECT_EQ(db.status().code(), StatusCode::kCorruption) << db.status().ToString();
  }
}

TEST(Recovery, SaysWhatItDid) {
  const Machine machine;
  {
    auto db = machine.Open();
    EXPECT_EQ(db->GetStats().recovered_records, 0u);
    WriteBatch batch;
    batch.Put("a", "1");
    batch.Put("b", "2");
    ASSERT_TRUE(db->Write(batch).ok());
    ASSERT_TRUE(db->Put("c", "3", {.durability = Durability::kNone}).ok());
  }
  auto db = machine.Open();
  EXPECT_EQ(db->GetStats().recovered_records, 2u);
  EXPECT_EQ(db->GetStats().recovered_entries, 3u);
  EXPECT_EQ(db->GetStats().recovery_bytes_dropped, 0u);
  EXPECT_EQ(Scanned(*db), "a=1 b=2 c=3 ");
}

TEST(Recovery, ATornTailIsDroppedAndCounted) {
  const Machine machine;
  auto db = machine.Open();
  ASSERT_TRUE(db->Put("durable", "1", {.durability = Durability::kSync}).ok());
  ASSERT_TRUE(db->Put("torn", std::string(2000, 't')).ok());
  const std::string log = std::string(kStore) + "/" + machine.Names(".log").front();
  auto image = machine.files->CrashImage(
      {CrashKeep::Data::kEverything, CrashKeep::Names::kEverything, 1});
  ASSERT_TRUE(image
                  ->Corrupt(log,
                            [](std::string& bytes) {
                              const auto at = bytes.find(std::string(2000, 't'));
                              ASSERT_NE(at, std::string::npos);
                              bytes.replace(at + 512, 512, 512, '\0');
                            })
                  .ok());
  const Machine later(std::move(image));
  auto recovered = later.Open();
  EXPECT_EQ(Scanned(*recovered), "durable=1 ");
  EXPECT_GT(recovered->GetStats().recovery_bytes_dropped, 2000u);
}

TEST(Recovery, OpeningAgainAndAgainLeavesNoMoreFiles) {
  const Machine machine;
  {
    auto db = machine.Open();
    PutMany(*db, 50);
  }
  ASSERT_TRUE(machine.Open()->WaitForIdle().ok());
  const auto tables = machine.Names(".table");
  const std::size_t files = machine.Names().size();
  for (int round = 0; round < 20; ++round) {
    auto db = machine.Open();
    ASSERT_EQ(Got(*db, KeyOf(7)), std::string(200, 'v'));
    ASSERT_TRUE(db->Close().ok());
    EXPECT_EQ(machine.Names(".table"), tables);
    EXPECT_LE(machine.Names().size(), files);
  }
}

TEST(Recovery, TheParentOfADirectoryIsFoundWhateverItsSpelling) {
  EXPECT_EQ(ParentDirectory("/a/b"), "/a");
  EXPECT_EQ(ParentDirectory("/a/b//"), "/a");
  EXPECT_EQ(ParentDirectory("/a"), "/");
  EXPECT_EQ(ParentDirectory("a"), ".");
  EXPECT_EQ(ParentDirectory("a/"), ".");
  EXPECT_EQ(ParentDirectory("a/b"), "a");
}

}  // namespace
}  // namespace firn::testing
