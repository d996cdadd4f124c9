// What a caller may do wrong, and what Db answers: opening, limits, handles that outlive their
// store.

#include "firn/db.h"

#include "db/store_fixture.h"

namespace firn::testing {
namespace {

TEST(DbOpen, WithoutCreateIfMissingMakesNothingOnDisk) {
  Machine machine;
  machine.options.create_if_missing = false;
  EXPECT_EQ(machine.TryOpen().status().code(), StatusCode::kNotFound);
  EXPECT_FALSE(machine.files->List(kStore).ok());
  EXPECT_EQ(machine.files->open_handles(), 0u);
}

TEST(DbOpen, WithErrorIfExistsLeavesTheStoreAlone) {
  Machine machine;
  ASSERT_TRUE(machine.Open()->Put("a", "1").ok());
  const auto before = machine.Names();
  machine.options.error_if_exists = true;
  EXPECT_EQ(machine.TryOpen().status().code(), StatusCode::kConflict);
  EXPECT_EQ(machine.Names(), before);
  machine.options.error_if_exists = false;
  EXPECT_EQ(Got(*machine.Open(), "a"), "1");
}

TEST(DbOpen, NeedsAParentAndAUsableName) {
  const Machine machine;
  EXPECT_EQ(machine.TryOpen("/no/such").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(machine.TryOpen("").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(machine.TryOpen(std::string("/a\0b", 4)).status().code(),
            StatusCode::kInvalidArgument);
  machine.Create("/file", "not a directory");
  const Status status = machine.TryOpen("/file").status();
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(machine.files->ReadFile("/file", 100).value(), "not a directory");
}

TEST(DbOpen, OutOfRangeOptionsAreRefusedBeforeAnythingIsTouched) {
  Machine machine;
  machine.options.memory_budget = 1;
  EXPECT_EQ(machine.TryOpen().status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(machine.files->calls(), 0u);
}

TEST(DbOpen, ASecondHandleIsBusyUntilTheFirstCloses) {
  const Machine machine;
  auto db = machine.Open();
  ASSERT_TRUE(db->Put("a", "1").ok());
  EXPECT_EQ(machine.TryOpen().status().code(), StatusCode::kBusy);
  EXPECT_EQ(Db::Destroy(kStore, machine.options).code(), StatusCode::kBusy);
  EXPECT_EQ(Got(*db, "a"), "1");
  ASSERT_TRUE(db->Close().ok());
  EXPECT_EQ(Got(*machine.Open(), "a"), "1") << "the closed handle still exists";
}

class Limits : public ::testing::Test {
 protected:
  const Machine machine_;
  const std::unique_ptr<Db> db_ = machine_.Open();
};

TEST_F(Limits, AKeyHasUpTo64KiB) {
  const std::string longest(64 << 10, 'k');
  ASSERT_TRUE(db_->Put(longest, "v").ok());
  ASSERT_TRUE(db_->Flush().ok());
  EXPECT_EQ(Got(*db_, longest), "v");
  EXPECT_EQ(Got(*db_, longest + "k"), "absent") << "asking for a longer one is no mistake";
  const std::string longer = longest + "k";
  EXPECT_EQ(db_->Put(longer, "v").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(db_->Delete(longer).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(db_->DeleteRange("a", longer).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(db_->DeleteRange(longer, "z").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(db_->PutIfAbsent(longer, "v").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(db_->CompareAndSet(longer, {}, "v").status().code(), StatusCode::kInvalidArgument);
}

TEST_F(Limits, AValueBeyondOneGiBIsRefusedUnseen) {
  const char byte = 'v';
  const Slice longer(&byte, (std::size_t{1} << 30) + 1);
  EXPECT_EQ(db_->Put("k", longer).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(db_->PutIfAbsent("k", longer).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Got(*db_, "k"), "absent");
}

TEST_F(Limits, EmptyKeysAndValuesAreOrdinary) {
  ASSERT_TRUE(db_->Put("", "value of nothing").ok());
  ASSERT_TRUE(db_->Put("k", "").ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Got(*db_, ""), "value of nothing");
    EXPECT_EQ(Got(*db_, "k"), "");
    EXPECT_EQ(Scanned(*db_), "=value of nothing k= ");
    EXPECT_TRUE(db_->CompareAndSet("k", "", "").value());
    ASSERT_TRUE(db_->CompactRange().ok());
  }
  EXPECT_FALSE(db_->PutIfAbsent("", "x").value());
  ASSERT_TRUE(db_->Delete("").ok());
  EXPECT_EQ(Got(*db_, ""), "absent");
}

TEST_F(Limits, ARangeThatEndsBeforeItBeginsDeletesNothing) {
  ASSERT_TRUE(db_->Put("b", "1").ok());
  EXPECT_TRUE(db_->DeleteRange("c", "a").ok());
  EXPECT_TRUE(db_->DeleteRange("b", "b").ok());
  EXPECT_TRUE(db_->DeleteRange("", "").ok());
  EXPECT_EQ(Got(*db_, "b"), "1");
  ASSERT_TRUE(db_->Flush().ok());
  EXPECT_EQ(Got(*db_, "b"), "1");
}

TEST(LargeValues, SurviveMemtableFlushCompactionAndReopening) {
  Machine machine;
  machine.tuning.ledger_bytes = std::uint64_t{512} << 20;
  auto db = machine.Open();
  std::string value(std::size_t{64} << 20, '\0');
  for (std::size_t i = 0; i < value.size(); i += 997) value[i] = static_cast<char>(i / 997);
  const auto intact = [&](Db& from) {
    PinnedValue pinned;
    const auto found = from.Get("large", pinned);
    return found.ok() && *found && pinned.value() == value;
  };
  ASSERT_TRUE(db->Put("large", value).ok());
  EXPECT_TRUE(intact(*db));
  ASSERT_TRUE(db->Close().ok());
  db = machine.Open();
  EXPECT_TRUE(intact(*db)) << "replayed from the log";
  ASSERT_TRUE(db->CompactRange().ok());
  EXPECT_TRUE(intact(*db));
}

class AfterClose : public ::testing::Test {
 protected:
  void SetUp() override {
    db_ = machine_.Open();
    keyspace_ = db_->CreateKeyspace("k").value();
    PutMany(*db_, 100);
    ASSERT_TRUE(db_->Flush().ok());
    ASSERT_TRUE(db_->Put("in memory", "1").ok());
  }
  const Machine machine_;
  std::unique_ptr<Db> db_;
  Keyspace keyspace_;
};

TEST_F(AfterClose, EveryVerbAnswersClosed) {
  const Snapshot snapshot = db_->GetSnapshot();
  ASSERT_TRUE(db_->Close().ok());
  ASSERT_TRUE(db_->Close().ok()) << "closing twice is harmless";
  WriteBatch batch;
  const Slice keys[] = {"a"};
  PinnedValue pinned;
  EXPECT_EQ(db_->Put("a", "b").code(), StatusCode::kClosed);
  EXPECT_EQ(db_->Delete("a").code(), StatusCode::kClosed);
  EXPECT_EQ(db_->DeleteRange("a", "b").code(), StatusCode::kClosed);
  EXPECT_EQ(db_->Write(batch).code(), StatusCode::kClosed);
  batch.Put("a", "b");
  EXPECT_EQ(db_->Write(batch).code(), StatusCode::kClosed);
  WriteBatch elsewhere;
  elsewhere.Put("a", "b", keyspace_);
  EXPECT_EQ(db_->Write(elsewhere).code(), StatusCode::kClosed);
  EXPECT_EQ(db_->PutIfAbsent("a", "b").status().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->CompareAndSet("a", {}, "b").status().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->Sync().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->Get("a").status().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->Get("a", {.snapshot = snapshot}).status().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->Get("a", {.keyspace = keyspace_}).status().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->Get("a", pinned).status().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->MultiGet(keys).status().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->NewIterator().status().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->CreateKeyspace("n").status().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->OpenKeyspace("k").status().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->DropKeyspace("k").code(), StatusCode::kClosed);
  EXPECT_EQ(db_->RenameKeyspace("k", "n").code(), StatusCode::kClosed);
  EXPECT_EQ(db_->Flush().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->CompactRange().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->WaitForIdle().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->Checkpoint("/copy").code(), StatusCode::kClosed);
  EXPECT_EQ(db_->Verify().status().code(), StatusCode::kClosed);
  EXPECT_EQ(db_->GetStats().health, "closed");
  EXPECT_TRUE(db_->GetSnapshot().valid());
  EXPECT_FALSE(machine_.files->List("/copy").ok());
}

TEST_F(AfterClose, WhatWasFetchedStaysReadableAndMovingOnIsRefused) {
  Iterator iterator = db_->NewIterator();
  iterator.SeekToFirst();
  ASSERT_TRUE(iterator.Valid());
  const std::string first(iterator.key());
  PinnedValue in_table;
  PinnedValue in_memory;
  ASSERT_TRUE(db_->Get(KeyOf(5), in_table).value());
  ASSERT_TRUE(db_->Get("in memory", in_memory).value());
  Snapshot snapshot = db_->GetSnapshot();
  ASSERT_TRUE(db_->Close().ok());
  db_.reset();

  EXPECT_EQ(iterator.key(), first);
  EXPECT_EQ(in_table.value(), std::string(200, 'v'));
  EXPECT_EQ(in_memory.value(), "1");
  EXPECT_TRUE(snapshot.valid());
  EXPECT_EQ(keyspace_.id(), 1u);
  for (int i = 0; i < 200 && iterator.Valid(); ++i) iterator.Next();
  EXPECT_FALSE(iterator.Valid());
  EXPECT_EQ(iterator.status().code(), StatusCode::kClosed);
  iterator.SeekToFirst();
  EXPECT_FALSE(iterator.Valid());
  PinnedValue moved = std::move(in_table);
  EXPECT_EQ(moved.value(), std::string(200, 'v'));
}

TEST_F(AfterClose, TheDirectoryCanBeOpenedWhileOldHandlesLive) {
  Iterator iterator = db_->NewIterator();
  iterator.SeekToFirst();
  const Snapshot snapshot = db_->GetSnapshot();
  db_.reset();
  auto again = machine_.Open();
  EXPECT_EQ(Got(*again, "in memory"), "1");
  EXPECT_EQ(Got(*again, "x", {.keyspace = keyspace_}).substr(0, 16), "invalid argument");
  EXPECT_EQ(Got(*again, "x", {.snapshot = snapshot}).substr(0, 16), "invalid argument");
  ASSERT_TRUE(again->CompactRange().ok());
  EXPECT_TRUE(iterator.Valid());
}

}  // namespace
}  // namespace firn::testing
