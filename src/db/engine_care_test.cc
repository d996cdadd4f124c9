// Looking, checking and caring on demand.

#include "db/store_fixture.h"
#include "table/table_settings.h"

namespace firn::testing {
namespace {

TEST(Care, StatsTellWhatHappened) {
  const Machine machine;
  auto db = machine.Open();
  const Keyspace keyspace = db->CreateKeyspace("k").value();
  ASSERT_TRUE(db->Put("key", "value", {.keyspace = keyspace}).ok());
  ASSERT_TRUE(db->Delete("gone").ok());
  Stats stats = db->GetStats();
  EXPECT_EQ(stats.health, "ok");
  EXPECT_EQ(stats.bytes_put, 3u + 5u + 4u);
  EXPECT_EQ(stats.last_sequence, 2u);
  EXPECT_GT(stats.log_bytes, 12u);
  ASSERT_EQ(stats.keyspaces.size(), 2u);
  EXPECT_EQ(stats.keyspaces[0].name, "default");
  EXPECT_EQ(stats.keyspaces[1].name, "k");
  EXPECT_EQ(stats.keyspaces[1].id, keyspace.id());
  EXPECT_EQ(stats.keyspaces[1].memtable_entries, 1u);

  ASSERT_TRUE(db->Flush().ok());
  stats = db->GetStats();
  EXPECT_EQ(stats.flushes, 2u);
  EXPECT_EQ(stats.keyspaces[1].memtable_entries, 0u);
  ASSERT_EQ(stats.keyspaces[1].runs.size(), 1u);
  EXPECT_EQ(stats.keyspaces[1].runs[0].entries, 1u);
  EXPECT_EQ(stats.table_file_bytes, stats.keyspaces[0].runs[0].file_bytes +
                                        stats.keyspaces[1].runs[0].file_bytes);
  EXPECT_EQ(stats.keyspaces[0].runs[0].tombstones, 1u);
}

// A manifest that had to be written anew was nobody's business: not the caller's, nor health's. A
// disk that begins to fail showed nowhere. Found by an error at every call (tests/crash).
TEST(Care, StatsCountTheFailuresThatWereOvercome) {
  const Machine machine;
  auto db = machine.Open();
  EXPECT_EQ(db->GetStats().manifest_failures, 0u);
  machine.files->InjectFault({.at_call = machine.files->calls() + 1});
  ASSERT_EQ(db->CreateKeyspace("k").status().ToString(), "ok");
  EXPECT_TRUE(machine.files->fault_place().starts_with("write to /store/MANIFEST-"));
  EXPECT_EQ(db->GetStats().manifest_failures, 1u);
  EXPECT_EQ(db->GetStats().health, "ok");
  ASSERT_TRUE(db->Close().ok());
  EXPECT_EQ(db->GetStats().manifest_failures, 1u);
}

TEST(Care, FlushAndCompactionOfNothingAreHarmless) {
  const Machine machine;
  auto db = machine.Open();
  EXPECT_TRUE(db->Flush().ok());
  EXPECT_TRUE(db->CompactRange().ok());
  EXPECT_TRUE(db->CompactRange("z", "a").ok()) << "an empty range";
  EXPECT_TRUE(db->WaitForIdle().ok());
  EXPECT_TRUE(db->Sync().ok());
  EXPECT_EQ(db->GetStats().flushes, 0u);
  const VerifyReport report = db->Verify();
  EXPECT_EQ(report.tables, 0u);
}

// A few entries in memory above a settled tree once made every seek half as fast again.
TEST(Care, IdleWorkTakesASmallMemtableAlongWhenItSettles) {
  const Machine machine;
  auto db = machine.Open();
  PutMany(*db, 20, {}, 'a');
  ASSERT_TRUE(db->Flush().ok());
  ASSERT_TRUE(db->Put(KeyOf(5), "newer").ok());
  ASSERT_TRUE(db->WaitForIdle().ok());
  const KeyspaceStats settled = db->GetStats().keyspaces[0];
  EXPECT_EQ(settled.memtable_entries, 0u);
  ASSERT_EQ(settled.runs.size(), 1u);
  EXPECT_EQ(settled.runs[0].entries, 20u) << "the overwritten one is gone";
  EXPECT_EQ(Got(*db, KeyOf(5)), "newer");

  ASSERT_TRUE(db->Put(KeyOf(5), "newest").ok());
  ASSERT_TRUE(db->WaitForIdle().ok());
  EXPECT_EQ(db->GetStats().keyspaces[0].memtable_entries, 1u)
      << "nothing else is to be settled: one entry is not worth a merge";
}

TEST(Care, CompactRangeDropsWhatIsOverwrittenButNotUnderASnapshot) {
  const Machine machine;
  auto db = machine.Open();
  PutMany(*db, 100, {}, 'a');
  Snapshot before = db->GetSnapshot();
  PutMany(*db, 100, {}, 'b');
  ASSERT_TRUE(db->DeleteRange(KeyOf(50), KeyOf(100)).ok());
  const auto entries = [&] {
    std::uint64_t sum = 0;
    const Stats stats = db->GetStats();
    for (const RunStats& run : stats.keyspaces[0].runs) sum += run.entries;
    return sum;
  };
  ASSERT_TRUE(db->CompactRange().ok());
  EXPECT_GE(entries(), 150u);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(Got(*db, KeyOf(i), {.snapshot = before}), std::string(200, 'a'));
    ASSERT_EQ(Got(*db, KeyOf(i)), i < 50 ? std::string(200, 'b') : "absent");
  }
  before = Snapshot();
  PutMany(*db, 100, {}, 'c');
  ASSERT_TRUE(db->CompactRange().ok());
  EXPECT_EQ(entries(), 100u) << "the versions only the snapshot needed go with the next merge";
}

}  // namespace
}  // namespace firn::testing
