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
