// A full disk: memory takes what it can, then writes say so, reads go on, and space heals it.

#include "db/background_work.h"

#include "db/store_fixture.h"

namespace firn::testing {
namespace {

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    db_ = machine_.Open();
    PutMany(*db_, 20, {}, 'a');
    ASSERT_TRUE(db_->Flush().ok());
    ASSERT_TRUE(db_->WaitForIdle().ok());
  }
  // The disk takes not one byte more than it holds now.
  void Fill() { machine_.files->SetCapacity(1); }
  // Puts until one is refused; how many were taken.
  int PutUntilRefused(Status* refusal) {
    for (int i = 0; i < 10000; ++i) {
      *refusal = db_->Put(KeyOf(taken_), std::string(200, 'b'));
      if (!refusal->ok()) return i;
      ++taken_;
      machine_.manual->RunUntilIdle();
    }
    return -1;
  }

  Machine machine_;
  std::unique_ptr<Db> db_;
  int taken_ = 0;
};

TEST_F(FullDisk, WritesGoOnWhileMemoryHasRoomAndThenSayNoSpace) {
  Fill();
  Status refusal;
  const int taken = PutUntilRefused(&refusal);
  EXPECT_GT(taken, 10);
  EXPECT_EQ(refusal.code(), StatusCode::kNoSpace) << refusal.ToString();
  for (int i = 0; i < taken; ++i) ASSERT_EQ(Got(*db_, KeyOf(i)), std::string(200, 'b')) << i;
  EXPECT_EQ(Got(*db_, KeyOf(taken)), taken < 20 ? std::string(200, 'a') : "absent");
  EXPECT_EQ(db_->Put("again", "x").code(), StatusCode::kNoSpace) << "refused, not stuck";
}

TEST_F(FullDisk, HealsByItselfOnceThereIsSpace) {
  Fill();
  Status refusal;
  const int taken = PutUntilRefused(&refusal);
  ASSERT_EQ(refusal.code(), StatusCode::kNoSpace);
  for (int second = 0; second < 3; ++second) {
    machine_.manual->Advance(std::chrono::seconds(1));
    machine_.manual->RunUntilIdle();
    EXPECT_EQ(db_->Put("while full", "x").code(), StatusCode::kNoSpace);
  }
  machine_.files->SetCapacity(0);
  machine_.manual->Advance(std::chrono::seconds(2));
  machine_.manual->RunUntilIdle();
  EXPECT_EQ(db_->GetStats().health, "ok");
  EXPECT_EQ(db_->Put("healed", "1").ToString(), "ok");
  EXPECT_EQ(db_->Flush().ToString(), "ok");
  ASSERT_TRUE(db_->Close().ok());
  db_ = machine_.Open();
  EXPECT_EQ(Got(*db_, "healed"), "1");
  EXPECT_EQ(Got(*db_, "while full"), "absent");
  for (int i = 0; i < taken; ++i) ASSERT_EQ(Got(*db_, KeyOf(i)), std::string(200, 'b')) << i;
  EXPECT_TRUE(db_->Verify().orphan_files.empty());
}

// The beats of the periodic syncer wake background work too; here there are none.
TEST_F(FullDisk, HealsWithoutAnyBeat) {
  db_ = nullptr;
  machine_.options.sync_interval = std::chrono::hours(1);
  db_ = machine_.Open();
  Fill();
  Status refusal;
  PutUntilRefused(&refusal);
  ASSERT_EQ(refusal.code(), StatusCode::kNoSpace);
  machine_.files->SetCapacity(0);
  machine_.manual->Advance(std::chrono::seconds(2));
  machine_.manual->RunUntilIdle();
  EXPECT_EQ(db_->GetStats().health, "ok");
}

TEST_F(FullDisk, RetriesDoNotFillItFurther) {
  // Room for tables but not for the manifest edit that names them, or for a part of either.
  Status refusal;
  const std::size_t before = machine_.Names(".table").size();
  machine_.files->InjectFault(
      {.at_call = machine_.files->calls() + 1, .kind = Fault::Kind::kNoSpace, .sticky = true});
  PutUntilRefused(&refusal);
  for (int second = 0; second < 30; ++second) {
    machine_.manual->Advance(std::chrono::seconds(1));
    machine_.manual->RunUntilIdle();
  }
  EXPECT_LE(machine_.Names(".table").size(), before + 1);
}

// The lack of space that an idle merge met was forgotten only by the next job that succeeded. When
// nothing was left to do there was none: health said "no space" and Flush refused for ever, on a
// disk with room. Found by an error at every call (tests/crash).
TEST_F(FullDisk, IsForgottenWhenNothingIsLeftToDoButTheSpaceIsBack) {
  PutMany(*db_, 20, {}, 'b');
  ASSERT_TRUE(db_->Flush().ok());
  machine_.files->InjectFault(
      {.at_call = machine_.files->calls() + 1, .kind = Fault::Kind::kNoSpace});
  EXPECT_EQ(db_->WaitForIdle().code(), StatusCode::kNoSpace);
  ASSERT_TRUE(machine_.files->fault_fired());
  EXPECT_NE(db_->GetStats().health, "ok");
  machine_.manual->Advance(std::chrono::seconds(2));
  machine_.manual->RunUntilIdle();
  EXPECT_EQ(db_->GetStats().health, "ok");
  EXPECT_EQ(db_->Flush().ToString(), "ok");
  EXPECT_EQ(db_->WaitForIdle().ToString(), "ok");
}

TEST_F(FullDisk, CanBeClosedAndReopenedWithoutLoss) {
  Fill();
  Status refusal;
  const int taken = PutUntilRefused(&refusal);
  EXPECT_EQ(db_->Close().ToString(), "ok");
  db_.reset();
  EXPECT_EQ(machine_.TryOpen().status().code(), StatusCode::kNoSpace);
  machine_.files->SetCapacity(0);
  db_ = machine_.Open();
  for (int i = 0; i < taken; ++i) ASSERT_EQ(Got(*db_, KeyOf(i)), std::string(200, 'b')) << i;
}

TEST(BackgroundFailure, StopsWritesAndSaysWhyWhileReadsGoOn) {
  Machine machine;
  auto db = machine.Open();
  PutMany(*db, 10);
  machine.files->InjectFault(
      {.at_call = machine.files->calls() + 1, .kind = Fault::Kind::kIo, .sticky = false});
  EXPECT_FALSE(db->Flush().ok());
  EXPECT_TRUE(machine.files->fault_fired());
  EXPECT_NE(db->GetStats().health, "ok");
  const Status refused = db->Put("a", "1");
  EXPECT_EQ(refused.code(), StatusCode::kClosed);
  EXPECT_NE(refused.message().find("reopen"), std::string_view::npos);
  EXPECT_EQ(Got(*db, KeyOf(3)), std::string(200, 'v'));
  db.reset();
  db = machine.Open();
  EXPECT_EQ(Got(*db, KeyOf(3)), std::string(200, 'v'));
  EXPECT_EQ(Got(*db, "a"), "absent");
}

// Rule M3, with the second failure that tempts: the edit fails and is on disk all the same, and the
// manifest that was to replace the uncertain one finds no space. Whatever call fails, and whenever
// the space ends behind it, a process that dies then must leave what opens.
TEST(BackgroundFailure, AnEditThatFailedButIsOnDiskKeepsItsTables) {
  constexpr std::uint64_t kCalls = 16;
  constexpr std::uint64_t kAllocations = 6;
  std::uint64_t failed = 0;
  for (std::uint64_t call = 1; call <= kCalls; ++call) {
    for (std::uint64_t allocation = 1; allocation <= kAllocations; ++allocation) {
      Machine machine;
      auto db = machine.Open();
      PutMany(*db, 10);
      machine.files->SetFaultRates({.no_space_one_in = 1, .first = allocation});
      machine.files->InjectFault(
          {.at_call = machine.files->calls() + call, .kind = Fault::Kind::kIo});
      failed += db->Flush().ok() ? 0 : 1;
      const Machine later(machine.files->CrashImage(
          {CrashKeep::Data::kEverything, CrashKeep::Names::kEverything, 1}));
      const auto opened = later.TryOpen();
      ASSERT_TRUE(opened.ok()) << "call " << call << ", space ends at allocation " << allocation
                               << ": " << opened.status().ToString();
      EXPECT_EQ(Got(**opened, KeyOf(3)), std::string(200, 'v'));
    }
  }
  EXPECT_GT(failed, kCalls);
}

// The write whose sync failed is in a memtable, never becomes visible and so can never be flushed.
TEST(BackgroundFailure, NobodyWaitsForAFlushThatALogFailureMakesImpossible) {
  const Machine machine;
  auto db = machine.Open();
  machine.manual->RunUntilIdle();
  ASSERT_TRUE(db->Put("a", "1").ok());
  machine.files->InjectFault(
      {.at_call = machine.files->calls() + 1, .kind = Fault::Kind::kSyncDropsPages});
  EXPECT_EQ(db->Put("b", "2", {.durability = Durability::kSync}).code(),
            StatusCode::kIndeterminate);
  EXPECT_FALSE(db->Flush().ok());
  EXPECT_FALSE(db->WaitForIdle().ok());
  EXPECT_FALSE(db->CompactRange().ok());
  EXPECT_FALSE(db->Checkpoint("/copy").ok());
  EXPECT_EQ(db->Put("c", "3").code(), StatusCode::kClosed);
  EXPECT_EQ(Scanned(*db), "a=1 ");
}

}  // namespace
}  // namespace firn::testing
