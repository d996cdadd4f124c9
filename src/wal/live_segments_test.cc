#include "wal/live_segments.h"

#include "testing/log_test_util.h"

namespace firn::testing {
namespace {

constexpr std::uint64_t kBytes = 4096;

class LiveSegmentsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk->CreateDirectory(kTestDirectory).ok());
    directory = disk->OpenDirectory(kTestDirectory).value();
    supply = std::make_unique<SegmentSupply>(
        *disk, *directory, tasks, [this] { return FileNumber{next_number++}; },
        SegmentSupplySettings{kTestDirectory, kTestDatabase, 1, kBytes, 0,
                              SegmentBackend::kPositioned});
    live = std::make_unique<LiveSegments>(*supply, *runtime->runtime().clock, 0);
    for (const LogPosition start : {0u, 1000u, 2000u}) {
      live->Push(std::make_shared<LogSegment>(supply->Take().value(), start, ledger, kBytes),
                 start + 100);
    }
  }

  std::unique_ptr<MemoryFileSystem> disk = MemoryFileSystem::Create();
  std::unique_ptr<ManualRuntime> runtime = ManualRuntime::Create(*disk, 1);
  std::unique_ptr<DirectoryHandle> directory;
  TaskTracker tasks{*runtime->runtime().executor};
  MemoryLedger ledger{1 << 20};
  std::uint64_t next_number = 1;
  std::unique_ptr<SegmentSupply> supply;
  std::unique_ptr<LiveSegments> live;
};

TEST_F(LiveSegmentsTest, RetiringSyncsWhatIsSealedAndNoMore) {
  live->RetireSealed();
  EXPECT_EQ(live->durable(), 2000u);
  EXPECT_EQ(live->appended(), 2100u);
  ASSERT_TRUE(live->Sync(2100).ok());
  EXPECT_EQ(live->durable(), 2100u);
}

TEST_F(LiveSegmentsTest, AFailureInAnOlderSegmentKeepsTheNewerFromCounting) {
  disk->InjectFault({disk->calls() + 2, Fault::Kind::kIo, false});  // the second of three syncs
  EXPECT_EQ(live->Sync(2100).code(), StatusCode::kIo);
  EXPECT_EQ(live->durable(), 0u);
  const std::uint64_t calls = disk->calls();
  live->RetireSealed();
  EXPECT_EQ(live->Sync(1).code(), StatusCode::kClosed);
  EXPECT_EQ(disk->calls(), calls);
}

TEST_F(LiveSegmentsTest, ReleasesWholeClosedSegmentsOnly) {
  live->Release(1999);
  EXPECT_EQ(live->Infos().size(), 3u);
  live->RetireSealed();
  ASSERT_EQ(live->Infos().size(), 2u);
  EXPECT_EQ(live->Infos().front().start, 1000u);
  live->Release(5000);
  ASSERT_EQ(live->Infos().size(), 1u);
  EXPECT_EQ(live->Infos().front().start, 2000u);
  EXPECT_EQ(disk->List(kTestDirectory)->size(), 1u);
}

}  // namespace
}  // namespace firn::testing
