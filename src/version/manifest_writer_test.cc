#include <gtest/gtest.h>

#include "testing/manifest_store.h"

namespace firn {
namespace {

using namespace firn::testing;  // NOLINT: the helpers of this folder's manifest tests

TEST(ManifestWriter, SyncsWhatItWritesBeforeItAcknowledges) {
  ManifestStore store;
  store.Create(2);
  ASSERT_TRUE(store.Apply(ScriptedEdit(store.state(), 0)).ok());
  const auto image = store.files().CrashImage({});
  const auto read = ReadFakes(*image);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(Dump(*read), Dump(store.state()));
}

TEST(ManifestWriter, LeavesTheOldManifestLiveUntilTheNewOneIsWhole) {
  ManifestStore store;
  store.Create(2);
  // Counted calls up to the rename: create, write, sync, directory sync, the same for the pointer.
  for (std::uint64_t call = 1; call <= 7; ++call) {
    store.files().InjectFault({.at_call = store.files().calls() + call, .kind = Fault::Kind::kIo});
    ASSERT_FALSE(store.TryCreate(10 + call).ok());
    const auto read = ReadFakes(store.files());
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_EQ(read->manifest, FileNumber{2});
  }
}

// M5: what the rename answers and what it did are two things.
TEST(ManifestWriter, BelievesTheNameNotTheAnswerOfTheRename) {
  ManifestStore store;
  store.Create(2);
  store.files().InjectFault(
      {.at_call = store.files().calls() + 1, .kind = Fault::Kind::kNameDoneAnyway});
  EXPECT_TRUE(store.TryCreate(10).ok());
  EXPECT_TRUE(store.files().fault_fired());
  EXPECT_EQ(ReadFakes(store.files())->manifest, FileNumber{10});
  EXPECT_EQ(ReadFakes(*store.files().CrashImage({}))->manifest, FileNumber{10}) << "durable too";
}

TEST(ManifestWriter, RefusesASnapshotLargerThanAnEditAndLeavesTheOldManifestLive) {
  ManifestStore store;
  store.Create(2);
  for (int step = 0; step < 8; ++step) {
    ASSERT_TRUE(store.Apply(ScriptedEdit(store.state(), step)).ok());
  }
  const Status refused = store.TryCreate(100, {.edit_bytes_max = 300});
  EXPECT_EQ(refused.code(), StatusCode::kNotSupported);
  EXPECT_NE(refused.message().find("edit of 300 bytes"), Slice::npos) << refused.ToString();
  EXPECT_EQ(ReadFakes(store.files())->manifest, FileNumber{2});
  EXPECT_TRUE(store.Apply(ScriptedEdit(store.state(), 8)).ok()) << "the old writer lives on";
}

TEST(ManifestWriter, AFullManifestTakesNoEditAndStaysAsItIs) {
  ManifestStore store;
  ASSERT_TRUE(store.TryCreate(2, {.edit_bytes_max = 600, .manifest_bytes_max = 700}).ok());
  int step = 0;
  Status status;
  std::uint64_t bytes = 0;
  for (; status.ok() && step < 20; ++step) {
    bytes = store.writer().bytes();
    status = store.Apply(ScriptedEdit(store.state(), step));
  }
  EXPECT_EQ(status.code(), StatusCode::kNoSpace) << status.ToString();
  EXPECT_EQ(store.writer().bytes(), bytes);
  EXPECT_LE(bytes, 700u);
  EXPECT_EQ(Dump(*ReadFakes(store.files())), Dump(store.state()));
  VersionEdit large;
  large.created = {{1000, std::string(kKeyspaceNameBytesMax, 'n')}};
  for (KeyspaceId id = 1001; id < 1010; ++id) {
    std::string name(100, 'n');
    name += std::to_string(id);
    large.created.emplace_back(id, name);
  }
  EXPECT_EQ(store.writer().Append(large).code(), StatusCode::kNoSpace) << "larger than an edit";
  EXPECT_EQ(store.writer().bytes(), bytes) << "nothing was written, so the writer lives on";
}

TEST(ManifestWriter, RefusesANumberThatWasUsed) {
  ManifestStore store;
  store.Create(2);
  EXPECT_EQ(store.TryCreate(2).code(), StatusCode::kConflict);
}

TEST(ManifestWriter, TakesNoEditAfterClose) {
  ManifestStore store;
  store.Create(2);
  const std::uint64_t bytes = store.writer().bytes();
  EXPECT_EQ(bytes, store.ManifestBytes().size());
  EXPECT_TRUE(store.writer().Close().ok());
  EXPECT_EQ(store.writer().Append({}).code(), StatusCode::kClosed);
  EXPECT_EQ(store.writer().bytes(), bytes);
}

TEST(ManifestWriter, DiesForEverWhenAnAppendFails) {
  ManifestStore store;
  store.Create(2);
  const VersionEdit edit = ScriptedEdit(store.state(), 0);
  // Two counted calls an append: the write and the sync. Fail the sync.
  store.files().InjectFault({.at_call = store.files().calls() + 2, .kind = Fault::Kind::kIo});
  EXPECT_EQ(store.writer().Append(edit).code(), StatusCode::kIo);
  EXPECT_TRUE(store.files().fault_fired());
  EXPECT_EQ(store.writer().Append(edit).code(), StatusCode::kClosed);
  store.Create(77);
  const auto read = ReadFakes(store.files());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->manifest, FileNumber{77});
  EXPECT_EQ(Dump(*read->version), Dump(*store.state().version));
}

}  // namespace
}  // namespace firn
