#include "db/store_fixture.h"

namespace firn::testing {
namespace {

TEST(Keyspaces, NamesHave1To255BytesAndNoNul) {
  const Machine machine;
  auto db = machine.Open();
  const std::string longest(255, 'n');
  EXPECT_TRUE(db->CreateKeyspace(longest).ok());
  EXPECT_TRUE(db->CreateKeyspace("\xff/..\n").ok()) << "any other byte is a letter";
  const std::string bad[] = {"", longest + "n", std::string("a\0b", 3), std::string("\0", 1)};
  for (const std::string& name : bad) {
    EXPECT_EQ(db->CreateKeyspace(name).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(db->RenameKeyspace(longest, name).code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(db->OpenKeyspace(name).status().code(), StatusCode::kNotFound);
  }
  db = nullptr;
  db = machine.Open();
  EXPECT_EQ(db->ListKeyspaces(),
            (std::vector<std::string>{"default", longest, "\xff/..\n"}));
}

TEST(Keyspaces, UnknownAndTakenNamesAreRefused) {
  const Machine machine;
  auto db = machine.Open();
  ASSERT_TRUE(db->CreateKeyspace("k").ok());
  EXPECT_EQ(db->CreateKeyspace("k").status().code(), StatusCode::kConflict);
  EXPECT_EQ(db->CreateKeyspace("default").status().code(), StatusCode::kConflict);
  EXPECT_EQ(db->OpenKeyspace("x").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(db->DropKeyspace("x").code(), StatusCode::kNotFound);
  EXPECT_EQ(db->RenameKeyspace("x", "y").code(), StatusCode::kNotFound);
  EXPECT_EQ(db->RenameKeyspace("k", "default").code(), StatusCode::kConflict);
  EXPECT_EQ(db->DropKeyspace("default").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(db->RenameKeyspace("default", "d").code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(db->RenameKeyspace("k", "k").ok());
  EXPECT_EQ(db->OpenKeyspace("default").value().id(), 0u);
}

TEST(Keyspaces, AHandleOfADroppedOneAnswersNotFoundEverywhere) {
  const Machine machine;
  auto db = machine.Open();
  const Keyspace gone = db->CreateKeyspace("k").value();
  ASSERT_TRUE(db->Put("a", "1", {.keyspace = gone}).ok());
  ASSERT_TRUE(db->Flush().ok());
  const Snapshot before = db->GetSnapshot();
  ASSERT_TRUE(db->DropKeyspace("k").ok());
  const Slice keys[] = {"a"};
  EXPECT_EQ(db->Put("a", "2", {.keyspace = gone}).code(), StatusCode::kNotFound);
  EXPECT_EQ(db->Delete("a", {.keyspace = gone}).code(), StatusCode::kNotFound);
  EXPECT_EQ(db->DeleteRange("a", "b", {.keyspace = gone}).code(), StatusCode::kNotFound);
  EXPECT_EQ(db->PutIfAbsent("a", "2", {.keyspace = gone}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(db->Get("a", {.keyspace = gone}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(db->Get("a", {.keyspace = gone, .snapshot = before}).status().code(),
            StatusCode::kNotFound);
  EXPECT_EQ(db->MultiGet(keys, {.keyspace = gone}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(db->NewIterator({.keyspace = gone}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(db->CompactRange({}, {}, gone).code(), StatusCode::kNotFound);
}

// Without threads a merge that is due runs when somebody waits, here after its keyspace is gone.
TEST(Keyspaces, AMergeThatIsDueWhenItsKeyspaceIsDroppedChangesNothing) {
  const Machine machine;
  auto db = machine.Open();
  const Keyspace gone = db->CreateKeyspace("k").value();
  for (std::size_t i = 0; i < machine.tuning.runs_per_level; ++i) {
    PutMany(*db, 10, gone);
    ASSERT_EQ(db->Flush().ToString(), "ok");
  }
  const Stats before = db->GetStats();
  ASSERT_EQ(db->DropKeyspace("k").ToString(), "ok");
  EXPECT_EQ(db->WaitForIdle().ToString(), "ok");
  const Stats after = db->GetStats();
  EXPECT_GT(after.compactions, before.compactions) << "there was no merge to run";
  EXPECT_EQ(after.health, "ok");
  EXPECT_TRUE(db->Put("a", "1").ok());
}

TEST(Keyspaces, ANewOneOfADroppedNameIsEmptyAndHasAnotherId) {
  const Machine machine;
  auto db = machine.Open();
  const Keyspace first = db->CreateKeyspace("k").value();
  ASSERT_TRUE(db->Put("a", "old", {.keyspace = first}).ok());
  ASSERT_TRUE(db->DropKeyspace("k").ok());
  const Keyspace second = db->CreateKeyspace("k").value();
  EXPECT_NE(first.id(), second.id());
  EXPECT_EQ(Got(*db, "a", {.keyspace = second}), "absent");
  db = nullptr;
  db = machine.Open();
  EXPECT_EQ(Got(*db, "a", {.keyspace = db->OpenKeyspace("k").value()}), "absent")
      << "the log still has the old entry, under the old id";
}

TEST(Keyspaces, OfAnotherStoreAreRefusedByEveryVerb) {
  const Machine machine;
  const Machine other;
  auto db = machine.Open();
  auto stranger = other.Open();
  ASSERT_TRUE(db->CreateKeyspace("k").ok());
  const Keyspace foreign = stranger->CreateKeyspace("k").value();
  const Snapshot moment = stranger->GetSnapshot();
  const Slice keys[] = {"a"};
  PinnedValue pinned;
  const auto refused = [](const Status& status) {
    return status.code() == StatusCode::kInvalidArgument && !status.message().empty();
  };
  EXPECT_TRUE(refused(db->Put("a", "1", {.keyspace = foreign})));
  EXPECT_TRUE(refused(db->Delete("a", {.keyspace = foreign})));
  EXPECT_TRUE(refused(db->DeleteRange("a", "b", {.keyspace = foreign})));
  EXPECT_TRUE(refused(db->PutIfAbsent("a", "1", {.keyspace = foreign}).status()));
  EXPECT_TRUE(refused(db->CompareAndSet("a", {}, "1", {.keyspace = foreign}).status()));
  EXPECT_TRUE(refused(db->CompactRange({}, {}, foreign)));
  for (const ReadOptions& options :
       {ReadOptions{.keyspace = foreign}, ReadOptions{.snapshot = moment}}) {
    EXPECT_TRUE(refused(db->Get("a", options).status()));
    EXPECT_TRUE(refused(db->Get("a", pinned, options).status()));
    EXPECT_TRUE(refused(db->MultiGet(keys, options).status()));
    const Iterator iterator =
        db->NewIterator({.keyspace = options.keyspace, .snapshot = options.snapshot});
    EXPECT_TRUE(refused(iterator.status()));
  }
  EXPECT_EQ(Scanned(*stranger, {.keyspace = foreign}), "");
}

// A job that began before the drop ends after it: its tables are in no version and never will be.
TEST(Keyspaces, AFlushThatEndsAfterTheDropLeavesNoTable) {
  const Machine machine;
  auto db = machine.Open();
  machine.manual->RunUntilIdle();
  const Keyspace keyspace = db->CreateKeyspace("k").value();
  PutMany(*db, 60, keyspace);  // more than a memtable: a flush is scheduled
  ASSERT_EQ(db->GetStats().flushes, 0u);
  ASSERT_TRUE(db->DropKeyspace("k").ok());
  machine.manual->RunUntilIdle();
  EXPECT_GT(db->GetStats().flushes, 0u) << "it must have run, or this proves nothing";
  EXPECT_EQ(db->Verify().orphan_files, std::vector<std::string>());
  EXPECT_EQ(machine.Names(".table"), std::vector<std::string>());
}

TEST(Keyspaces, AMergeThatEndsAfterTheDropLeavesNoTable) {
  const Machine machine;
  auto db = machine.Open();
  machine.manual->RunUntilIdle();
  const Keyspace keyspace = db->CreateKeyspace("k").value();
  // Waiting for a flush runs no merge: low tasks come after high ones.
  for (std::size_t run = 0; run < machine.tuning.runs_per_level + 1; ++run) {
    PutMany(*db, 10, keyspace, static_cast<char>('a' + run));
    ASSERT_TRUE(db->Flush().ok());
  }
  ASSERT_EQ(db->GetStats().compactions, 0u);
  ASSERT_FALSE(machine.Names(".table").empty());
  ASSERT_TRUE(db->DropKeyspace("k").ok());
  machine.manual->RunUntilIdle();
  EXPECT_GT(db->GetStats().compactions, 0u) << "it must have run, or this proves nothing";
  EXPECT_EQ(db->Verify().orphan_files, std::vector<std::string>());
  EXPECT_EQ(machine.Names(".table"), std::vector<std::string>());
}

// The disk fails while a drop is written, and a second time while the manifest is replaced: whether
// the keyspace is gone stays open until the next open, so nothing more may be promised to it.
TEST(Keyspaces, AFailedDropTakesNoDurableWriteWithIt) {
  for (std::uint64_t call = 1; call < 30; ++call) {
    const Machine machine;
    auto db = machine.Open();
    const Keyspace keyspace = db->CreateKeyspace("k").value();
    machine.files->StopAt(machine.files->calls() + 1);
    ASSERT_FALSE(db->CreateKeyspace("other").ok());
    machine.files->StopAt(0);
    machine.files->InjectFault({.at_call = machine.files->calls() + call});
    const bool dropped = db->DropKeyspace("k").ok();
    const bool fired = machine.files->fault_fired();
    machine.files->InjectFault(Fault());
    const Status after =
        db->Put("after", "1", {.durability = Durability::kSync, .keyspace = keyspace});
    EXPECT_FALSE(dropped && after.ok());
    const Machine later(machine.files->CrashImage(
        {CrashKeep::Data::kEverything, CrashKeep::Names::kEverything, 1}));
    auto recovered = later.Open();
    const auto found = recovered->OpenKeyspace("k");
    EXPECT_FALSE(dropped && found.ok());
    if (after.ok()) {
      ASSERT_TRUE(found.ok()) << "a durable write went with its keyspace, call " << call;
      EXPECT_EQ(Got(*recovered, "after", {.keyspace = *found}), "1");
    }
    if (!fired) return;
  }
  FAIL() << "a drop takes more calls than expected";
}

TEST(Keyspaces, AThousandAreCheap) {
  const Machine machine;
  auto db = machine.Open();
  for (int i = 0; i < 1000; ++i) {
    auto keyspace = db->CreateKeyspace(KeyOf(i));
    ASSERT_TRUE(keyspace.ok());
    ASSERT_TRUE(db->Put("k", KeyOf(i), {.keyspace = *keyspace}).ok());
  }
  EXPECT_LT(db->GetStats().memory_used, std::uint64_t{5} << 20);
  ASSERT_TRUE(db->Close().ok());
  db = machine.Open();
  EXPECT_EQ(db->ListKeyspaces().size(), 1001u);
  EXPECT_LT(db->GetStats().memory_used, std::uint64_t{5} << 20);
  for (int i = 0; i < 1000; ++i) {
    const Keyspace keyspace = db->OpenKeyspace(KeyOf(i)).value();
    ASSERT_EQ(Got(*db, "k", {.keyspace = keyspace}), KeyOf(i));
    if (i % 2 == 0) {
      ASSERT_TRUE(db->DropKeyspace(KeyOf(i)).ok());
    }
  }
  ASSERT_TRUE(db->Close().ok());
  db = machine.Open();
  EXPECT_EQ(db->ListKeyspaces().size(), 501u);
  EXPECT_EQ(Got(*db, "k", {.keyspace = db->OpenKeyspace(KeyOf(1)).value()}), KeyOf(1));
  ASSERT_TRUE(db->WaitForIdle().ok());
  EXPECT_LE(machine.Names(".table").size(), 501u) << "tables of dropped keyspaces are gone";
}

}  // namespace
}  // namespace firn::testing
