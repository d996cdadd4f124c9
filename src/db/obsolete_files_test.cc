// What an open leaves to be removed behind it: it goes soon, nobody waits for it who need not, and
// it is never mistaken for something else meanwhile.

#include "db/obsolete_files.h"

#include <algorithm>

#include "db/store_fixture.h"

namespace firn::testing {
namespace {

// A store that died and is open again; no background task has run since.
class Reopened : public ::testing::Test {
 protected:
  void SetUp() override {
    const Machine before;
    auto db = before.Open();
    PutMany(*db, 10);  // nothing to merge: no other job is what ran the removals, or hid them
    ASSERT_TRUE(db->Put("last", "1", {.durability = Durability::kSync}).ok());
    machine_ = Killed(before);
    for (const std::string& name : machine_->Names()) {
      if (name.ends_with(".log") || name.starts_with("MANIFEST-")) old_.push_back(name);
    }
    ASSERT_GE(old_.size(), 2u) << "a log and a manifest";
    db_ = machine_->Open();
  }
  static std::unique_ptr<Machine> Killed(const Machine& machine) {
    return std::make_unique<Machine>(machine.files->CrashImage(
        {CrashKeep::Data::kEverything, CrashKeep::Names::kEverything, 1}));
  }
  // How many of the files that the open made obsolete are there.
  [[nodiscard]] std::size_t OldFiles() const {
    const std::vector<std::string> names = machine_->Names();
    return static_cast<std::size_t>(std::ranges::count_if(
        old_, [&](const std::string& name) { return std::ranges::binary_search(names, name); }));
  }
  void FailNextRemoval() const {
    machine_->files->InjectFault(
        {.at_call = machine_->files->calls() + 1, .kind = Fault::Kind::kIo});
  }

  std::unique_ptr<Machine> machine_;
  std::vector<std::string> old_;
  std::unique_ptr<Db> db_;
};

TEST_F(Reopened, OpenDoesNotWaitForTheOldLogToGoAndIdleMeansGone) {
  EXPECT_EQ(OldFiles(), old_.size());
  EXPECT_EQ(Got(*db_, "last"), "1");
  ASSERT_TRUE(db_->WaitForIdle().ok());
  EXPECT_EQ(OldFiles(), 0u);
  EXPECT_EQ(db_->GetStats().cleanup_failures, 0u);
}

TEST_F(Reopened, ItGoesWithoutAnybodyWaiting) {
  machine_->manual->RunUntilIdle();
  EXPECT_EQ(OldFiles(), 0u);
}

TEST_F(Reopened, ClosingAtOnceRemovesItToo) {
  ASSERT_TRUE(db_->Close().ok());
  EXPECT_EQ(OldFiles(), 0u);
}

TEST_F(Reopened, AFlushIsNotBehindAllOfIt) {
  ASSERT_TRUE(db_->Put("new", "1").ok());
  ASSERT_TRUE(db_->Flush().ok());
  EXPECT_GT(OldFiles(), 0u);
}

TEST_F(Reopened, AFileThatStaysIsCountedAndGoesWithTheNextOpen) {
  FailNextRemoval();
  machine_->manual->RunUntilIdle();
  EXPECT_EQ(OldFiles(), 1u) << "the others go all the same";
  EXPECT_EQ(db_->GetStats().cleanup_failures, 1u);
  EXPECT_EQ(db_->GetStats().health, "ok");
  ASSERT_TRUE(db_->WaitForIdle().ok());
  ASSERT_TRUE(db_->Close().ok());
  EXPECT_EQ(OldFiles(), 1u);
  db_ = machine_->Open();
  ASSERT_TRUE(db_->WaitForIdle().ok());
  EXPECT_EQ(OldFiles(), 0u);
  EXPECT_EQ(db_->GetStats().cleanup_failures, 0u);
}

TEST_F(Reopened, AFileThatIsGoneAlreadyIsNoFailure) {
  ASSERT_TRUE(machine_->files->Remove(std::string(kStore) + "/" + old_.back()).ok());
  ASSERT_TRUE(db_->WaitForIdle().ok());
  EXPECT_EQ(OldFiles(), 0u);
  EXPECT_EQ(db_->GetStats().cleanup_failures, 0u);
}

TEST_F(Reopened, WhatIsAboutToGoIsNoOrphan) {
  EXPECT_TRUE(db_->Verify().orphan_files.empty());
  EXPECT_EQ(OldFiles(), old_.size()) << "or it was not looked for";
}

TEST_F(Reopened, DyingBeforeItIsGoneLeavesAStoreThatTheNextOpenCleans) {
  ASSERT_TRUE(db_->Put("new", "1", {.durability = Durability::kSync}).ok());
  const std::unique_ptr<Machine> dead = std::exchange(machine_, Killed(*machine_));
  ASSERT_EQ(OldFiles(), old_.size());
  const auto db = machine_->Open();
  EXPECT_EQ(Got(*db, "last"), "1");
  EXPECT_EQ(Got(*db, "new"), "1");
  EXPECT_EQ(Got(*db, KeyOf(9)), std::string(200, 'v'));
  ASSERT_TRUE(db->WaitForIdle().ok());
  EXPECT_EQ(OldFiles(), 0u);
  ASSERT_TRUE(db_->Close().ok());
}

}  // namespace
}  // namespace firn::testing
