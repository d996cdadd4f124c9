// The books of an open store balance: memory, files and handles go when the store does.

#include "db/engine.h"

#include "cache/epoch.h"
#include "db/store_fixture.h"

namespace firn::testing {
namespace {

constexpr MemoryClass kClasses[] = {MemoryClass::kMemtable, MemoryClass::kFrame,
                                    MemoryClass::kTable,    MemoryClass::kJob,
                                    MemoryClass::kIterator, MemoryClass::kLog};

class Books : public ::testing::Test {
 protected:
  void SetUp() override {
    engine_ = machine_.OpenEngine();
    db_ = std::make_unique<Db>(engine_);
    PutMany(*db_, 300);
    ASSERT_TRUE(db_->Flush().ok());
    for (int i = 0; i < 300; ++i) ASSERT_EQ(Got(*db_, KeyOf(i)), std::string(200, 'v'));
    PutMany(*db_, 20);
  }
  void ExpectNothingUsed() {
    for (int turn = 0; turn < 4; ++turn) EpochDomain::Process().Collect();
    for (const MemoryClass kind : kClasses) {
      // Frames and spare arenas belong to pools that end with the engine.
      if (kind == MemoryClass::kFrame || kind == MemoryClass::kMemtable) continue;
      // A positioned log keeps an empty string's own room on its books.
      EXPECT_LE(engine_->ledger().used(kind), kind == MemoryClass::kLog ? 64u : 0u)
          << "class " << static_cast<int>(kind);
    }
  }
  const Machine machine_;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<Db> db_;
};

TEST_F(Books, ShowWhatIsUsedForWhat) {
  const Stats stats = db_->GetStats();
  EXPECT_EQ(stats.memory_budget, machine_.tuning.ledger_bytes);
  EXPECT_GT(stats.memory_memtables, 0u);
  EXPECT_GT(stats.memory_frames, 0u);
  EXPECT_GT(stats.memory_tables, 0u);
  EXPECT_GT(stats.memory_log, 0u);
  EXPECT_EQ(stats.memory_used, stats.memory_memtables + stats.memory_frames +
                                   stats.memory_tables + stats.memory_jobs +
                                   stats.memory_iterators + stats.memory_log);
  EXPECT_LE(stats.memory_used, stats.memory_budget);
}

TEST_F(Books, AreEmptyAfterCloseOnceTheLastHandleIsGone) {
  {
    Iterator iterator = db_->NewIterator();
    iterator.SeekToFirst();
    PinnedValue pinned;
    ASSERT_TRUE(db_->Get(KeyOf(3), pinned).value());
    ASSERT_TRUE(db_->Close().ok());
    EXPECT_EQ(machine_.files->open_handles(), 0u) << "handles of files do not wait for iterators";
    EXPECT_EQ(pinned.value(), std::string(200, 'v'));
  }
  ExpectNothingUsed();
}

TEST_F(Books, StayWithinTheBudgetWhateverIsRead) {
  for (int round = 0; round < 3; ++round) {
    PutMany(*db_, 1500, {}, static_cast<char>('a' + round));
    ASSERT_TRUE(db_->CompactRange().ok());
    EXPECT_GT(Scanned(*db_).size(), 300000u);
    for (int i = 0; i < 1500; ++i) ASSERT_EQ(Got(*db_, KeyOf(i)).size(), 200u);
    EXPECT_LE(db_->GetStats().memory_used, machine_.tuning.ledger_bytes + (256u << 10));
  }
}

TEST_F(Books, SnapshotsAreCountedAndLetGo) {
  Snapshot first = db_->GetSnapshot();
  {
    const Snapshot second = db_->GetSnapshot();
    const Snapshot copy = second;
    EXPECT_EQ(db_->GetStats().snapshots, 2u);
  }
  EXPECT_EQ(db_->GetStats().snapshots, 1u);
  first = Snapshot();
  EXPECT_EQ(db_->GetStats().snapshots, 0u);
}

TEST_F(Books, ClosingInTheMiddleOfWorkLeavesNothingRunning) {
  PutMany(*db_, 200);
  ASSERT_TRUE(db_->Close().ok());
  EXPECT_FALSE(machine_.manual->runtime().executor->RunOne());
  EXPECT_EQ(machine_.files->open_handles(), 0u);
}

// An idle keyspace holds the log's oldest record; a busy one must not make the log endless.
TEST_F(Books, TheLogStaysBoundedBesideAnIdleKeyspace) {
  const Keyspace idle = db_->CreateKeyspace("idle").value();
  ASSERT_TRUE(db_->Put("quiet", "1", {.keyspace = idle}).ok());
  std::uint64_t most = 0;
  for (int round = 0; round < 40; ++round) {
    PutMany(*db_, 100);
    machine_.manual->RunUntilIdle();
    most = std::max(most, db_->GetStats().log_file_bytes);
  }
  const Tuning& tuning = machine_.tuning;
  EXPECT_GT(db_->GetStats().log_bytes, 8 * tuning.log_bytes_max) << "much was written";
  // Kept live, plus one segment at each end and the spare ones.
  EXPECT_LE(most, tuning.log_bytes_max + 8 * tuning.log_segment_bytes);
  EXPECT_LE(machine_.Names(".log").size(), most / tuning.log_segment_bytes + 4);
  EXPECT_EQ(Got(*db_, "quiet", {.keyspace = idle}), "1");
}

}  // namespace
}  // namespace firn::testing
