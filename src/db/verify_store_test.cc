// Checking a store in use, and one that nobody has open: both find every damage and say where.

#include "firn/verify.h"

#include <atomic>
#include <thread>

#include "db/repair_fixture.h"
#include "db/store_verifier.h"
#include "table/table_settings.h"

namespace firn::testing {
namespace {

TEST(Verify, ReadsEverythingAndReportsItsProgress) {
  const Machine machine;
  auto db = machine.Open();
  PutMany(*db, 200);
  ASSERT_TRUE(db->CompactRange().ok());
  std::uint64_t last = 0;
  std::uint64_t total = 0;
  const auto report = db->Verify([&](std::uint64_t done, std::uint64_t all) {
    EXPECT_GE(done, last);
    EXPECT_LE(done, all);
    last = done;
    total = all;
  });
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report.entries, 200u);
  EXPECT_EQ(report.bytes, total);
  EXPECT_EQ(report.tables, machine.Names(".table").size());
  EXPECT_TRUE(report.orphan_files.empty());
}

TEST(Verify, OfARunningStoreNamesTheFileOfAFlippedByteAndOrphans) {
  const Machine machine;
  auto db = machine.Open();
  PutMany(*db, 200);
  ASSERT_TRUE(db->CompactRange().ok());
  const std::string victim = machine.Names(".table").back();
  const std::string orphan = TableFileName(FileNumber{999999});
  machine.Create(std::string(kStore) + "/" + orphan, "left over");
  EXPECT_EQ(db->Verify().orphan_files, std::vector<std::string>{orphan});
  ASSERT_TRUE(machine.files
                  ->Corrupt(std::string(kStore) + "/" + victim,
                            [](std::string& bytes) { bytes[bytes.size() / 2] ^= 1; })
                  .ok());
  const Status status = db->Verify().status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_NE(status.message().find(victim), std::string_view::npos) << status.ToString();
}

class VerifyLive : public StoreToRepair {
 protected:
  // The findings, one line each: file and offset.
  static std::string Places(const VerifyReport& report) {
    std::string text;
    for (const VerifyFinding& finding : report.findings) {
      text += finding.file + " " + (finding.offset ? std::to_string(*finding.offset) : "-") + "\n";
      EXPECT_FALSE(finding.what.empty());
      EXPECT_FALSE(finding.advice.empty());
    }
    return text;
  }
};

TEST_F(VerifyLive, GoesOnBehindTheFirstFinding) {
  auto db = machine_.Open();
  PutMany(*db, 200);
  ASSERT_TRUE(db->CompactRange().ok());
  const auto tables = machine_.Names(".table");
  ASSERT_GE(tables.size(), 2u);
  for (const std::string& name : tables) Flip(name, 100);
  const std::uint64_t size = machine_.files->FileSize(Path(tables[0])).value();
  Flip(tables[0], size / 2);
  const VerifyReport report = db->Verify();
  EXPECT_EQ(report.findings.size(), tables.size() + 1) << Places(report);
  EXPECT_EQ(report.tables, tables.size());
  EXPECT_NE(report.status().message().find("more findings"), std::string_view::npos);
}

TEST_F(VerifyLive, NamesAMissingFile) {
  auto db = machine_.Open();
  PutMany(*db, 200);
  ASSERT_TRUE(db->CompactRange().ok());
  const std::string name = machine_.Names(".table").front();
  Remove(name);
  EXPECT_EQ(Places(db->Verify()), name + " -\n");
}

TEST_F(VerifyLive, ReadsTheDurablePartOfTheLog) {
  auto db = machine_.Open();
  ASSERT_TRUE(db->Put("durable", std::string(100, 'd'), {.durability = Durability::kSync}).ok());
  ASSERT_TRUE(db->Put("not yet", std::string(100, 'n')).ok());
  std::string log;
  std::size_t durable = 0;
  std::size_t pending = 0;
  for (const std::string& name : machine_.Names(".log")) {
    const std::string bytes = machine_.files->ReadFile(Path(name), 1 << 30).value();
    const std::size_t at = bytes.find(std::string(100, 'd'));
    if (at == std::string::npos) continue;
    log = name;
    durable = at;
    pending = bytes.find(std::string(100, 'n'));
  }
  ASSERT_FALSE(log.empty());
  EXPECT_TRUE(db->Verify().ok());
  Flip(log, pending);
  EXPECT_TRUE(db->Verify().ok()) << "nobody was promised these bytes";
  Flip(log, pending);
  Flip(log, durable);
  const VerifyReport report = db->Verify();
  ASSERT_EQ(report.findings.size(), 1u) << Places(report);
  EXPECT_EQ(report.findings[0].file, log);
  EXPECT_LT(*report.findings[0].offset, durable);
  Flip(log, durable);
}

TEST_F(VerifyLive, ReadsManifestAndCurrentBack) {
  auto db = machine_.Open();
  ASSERT_TRUE(db->CreateKeyspace("k").ok());
  const std::uint64_t size = machine_.files->FileSize(Path(Manifest())).value();
  for (std::uint64_t offset = 0; offset < size; offset += 3) {
    Flip(Manifest(), offset);
    EXPECT_EQ(Places(db->Verify()), Manifest() + " -\n") << offset;
    Flip(Manifest(), offset);
  }
  Flip("CURRENT", 50);
  EXPECT_EQ(Places(db->Verify()), "CURRENT -\n");
  Flip("CURRENT", 50);
  EXPECT_TRUE(db->Verify().ok());
}

TEST_F(VerifyLive, ATableThatOnlyAnIteratorHoldsIsNoOrphan) {
  auto db = machine_.Open();
  PutMany(*db, 100);
  ASSERT_TRUE(db->Flush().ok());
  const std::size_t before = machine_.Names(".table").size();
  Iterator holds = db->NewIterator();
  holds.SeekToFirst();
  PutMany(*db, 100, {}, 'w');
  ASSERT_TRUE(db->CompactRange().ok());
  ASSERT_GT(machine_.Names(".table").size(), before);
  EXPECT_TRUE(db->Verify().orphan_files.empty());
}

// Files come and go under the check: segments are released and rewritten, tables replaced.
TEST(VerifyThreads, FindsNothingWhileFlushesAndMergesRun) {
  const auto disk = MemoryFileSystem::Create();
  const Runtime runtime = ThreadedRuntimeOver(*disk);
  Options options;
  options.runtime = &runtime;
  auto db = OpenTiny(kStore, options).value();
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 3000; ++i) {
      const Durability durability = i % 16 == 0 ? Durability::kSync : Durability::kPeriodic;
      const Status put =
          db->Put(KeyOf(i % 300), std::string(150, 'v'), {.durability = durability});
      EXPECT_EQ(put.ToString(), "ok");
    }
    done.store(true);
  });
  do {
    const VerifyReport report = db->Verify();
    EXPECT_EQ(report.status().ToString(), "ok");
    EXPECT_TRUE(report.orphan_files.empty()) << report.orphan_files.front();
  } while (!done.load());
  writer.join();
  EXPECT_GT(db->GetStats().flushes, 3u);
  EXPECT_TRUE(db->Verify().ok());
}

class VerifyClosed : public VerifyLive {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(Fill()); }
  [[nodiscard]] VerifyReport Verify() const {
    const auto before = Contents();
    VerifyReport report = VerifyStore(kStore, machine_.options);
    EXPECT_EQ(Contents(), before) << "a check changed the store";
    EXPECT_EQ(machine_.files->open_handles(), 0u);
    return report;
  }
};

TEST_F(VerifyClosed, AWholeStoreHasNoFindings) {
  std::uint64_t last = 0;
  std::uint64_t total = 0;
  const VerifyReport report =
      VerifyStore(kStore, machine_.options, [&](std::uint64_t done, std::uint64_t all) {
        EXPECT_GE(done, last);
        EXPECT_LE(done, all);
        last = done;
        total = all;
      });
  EXPECT_EQ(report.status().ToString(), "ok");
  EXPECT_EQ(report.tables, machine_.Names(".table").size());
  EXPECT_GT(report.log_records, 0u);
  EXPECT_GT(report.entries, 0u);
  EXPECT_EQ(last, total);
  EXPECT_EQ(last, report.bytes);
  EXPECT_TRUE(report.orphan_files.empty());
}

TEST_F(VerifyClosed, EveryFlippedByteIsFoundInItsFile) {
  for (const std::string& name : machine_.Names()) {
    if (!name.ends_with(".table") && name != "CURRENT") continue;
    const std::uint64_t size = machine_.files->FileSize(Path(name)).value();
    for (std::uint64_t offset = 0; offset < size; offset += 53) {
      Flip(name, offset);
      const VerifyReport report = Verify();
      Flip(name, offset);
      ASSERT_FALSE(report.ok()) << name << " offset " << offset;
      const auto names_it = [&](const VerifyFinding& finding) { return finding.file == name; };
      ASSERT_TRUE(std::ranges::any_of(report.findings, names_it))
          << name << " offset " << offset << ": " << report.status().ToString();
    }
  }
}

// Of the log only what an open needs belongs to the store: flushed records wait to be overwritten.
// A manifest's last edit may be torn (rule M7).
TEST_F(VerifyClosed, AFlippedByteOfLogOrManifestIsFoundOrNothingIsLost) {
  std::size_t found = 0;
  for (const std::string& name : machine_.Names()) {
    if (!name.ends_with(".log") && name != Manifest()) continue;
    const std::string bytes = machine_.files->ReadFile(Path(name), 1 << 30).value();
    const std::size_t size = bytes.find_last_not_of('\0') + 1;
    for (std::uint64_t offset = 0; offset < size; offset += 29) {
      Flip(name, offset);
      const VerifyReport report = Verify();
      if (report.ok()) {
        const Machine later(machine_.files->CrashImage(
            {CrashKeep::Data::kEverything, CrashKeep::Names::kEverything, 1}));
        ASSERT_EQ(Tables(*later.Open()), model_) << name << " offset " << offset;
      } else {
        ++found;
        ASSERT_NE(Places(report).find(name), std::string::npos) << offset << Places(report);
      }
      Flip(name, offset);
    }
  }
  EXPECT_GT(found, 0u);
}

TEST_F(VerifyClosed, ListsAllDamagedRecordsOfTheLog) {
  std::string log;
  for (const std::string& name : machine_.Names(".log")) {
    if (machine_.files->ReadFile(Path(name), 1 << 30).value().find("round 2") !=
        std::string::npos) {
      log = name;
      break;
    }
  }
  const std::string bytes = machine_.files->ReadFile(Path(log), 1 << 30).value();
  const std::size_t first = bytes.find("round 2");
  const std::size_t second = bytes.find("round 2", first + 500);
  ASSERT_NE(second, std::string::npos);
  Flip(log, first);
  Flip(log, second);
  const VerifyReport report = Verify();
  EXPECT_EQ(report.findings.size(), 3u) << Places(report) << "why an open refuses, and both places";
}

TEST_F(VerifyClosed, ATornEndOfTheLogIsNoFinding) {
  {
    auto db = machine_.Open();
    ASSERT_TRUE(db->Put("durable", "1", {.durability = Durability::kSync}).ok());
    ASSERT_TRUE(db->Put("torn", std::string(2000, 't')).ok());
    auto image = machine_.files->CrashImage(
        {CrashKeep::Data::kEverything, CrashKeep::Names::kEverything, 1});
    const Machine later(std::move(image));
    for (const std::string& name : later.Names(".log")) {
      ASSERT_TRUE(later.files
                      ->Corrupt(Path(name),
                                [](std::string& bytes) {
                                  const auto at = bytes.find(std::string(2000, 't'));
                                  if (at != std::string::npos) bytes[at + 700] ^= 1;
                                })
                      .ok());
    }
    const VerifyReport report = VerifyStore(kStore, later.options);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_GT(report.log_bytes_dropped, 2000u);
  }
}

TEST_F(VerifyClosed, WithoutManifestTablesAreStillChecked) {
  const std::string table = machine_.Names(".table").front();
  Flip(table, 200);
  RemoveManifest();
  EXPECT_EQ(Places(Verify()).substr(0, 10 + table.size()), "CURRENT -\n" + table);
}

TEST(VerifyReport, KeepsSoManyFindingsAndCountsTheRest) {
  const Machine machine;
  const VerifyProgress none;
  StoreVerifier verifier(*machine.files, kStore, none, nullptr);
  for (std::size_t i = 0; i < VerifyReport::kFindingsMax + 5; ++i) {
    verifier.Report({.file = "f", .offset = i + 1, .what = "w", .advice = "a"});
  }
  const VerifyReport& report = verifier.report();
  EXPECT_EQ(report.findings.size(), VerifyReport::kFindingsMax);
  EXPECT_EQ(report.findings_more, 5u);
  EXPECT_EQ(report.status().message(), "f at offset 1: w (and 1004 more findings); a");
}

TEST(VerifyStore, RefusesWhatItCannotCheck) {
  const Machine machine;
  EXPECT_EQ(VerifyStore("/none", machine.options).status().code(), StatusCode::kNotFound);
  auto db = machine.Open();
  EXPECT_EQ(VerifyStore(kStore, machine.options).status().code(), StatusCode::kBusy);
  EXPECT_TRUE(db->Close().ok());
  EXPECT_EQ(db->Verify().status().code(), StatusCode::kClosed);
  EXPECT_TRUE(VerifyStore(kStore, machine.options).ok());
}

}  // namespace
}  // namespace firn::testing
