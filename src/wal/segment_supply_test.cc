#include "wal/segment_supply.h"

#include "testing/log_test_util.h"

namespace firn::testing {
namespace {

constexpr std::uint64_t kBytes = 4096;

class SegmentSupplyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk->CreateDirectory(kTestDirectory).ok());
    ASSERT_TRUE(disk->OpenDirectory("/").value()->Sync().ok());
    directory = disk->OpenDirectory(kTestDirectory).value();
    supply = std::make_unique<SegmentSupply>(
        *disk, *directory, tasks, [this] { return FileNumber{next_number++}; },
        SegmentSupplySettings{kTestDirectory, kTestDatabase, 1, kBytes, 2,
                              SegmentBackend::kMapped});
  }
  std::vector<std::string> Names() { return disk->List(kTestDirectory).value(); }

  std::unique_ptr<MemoryFileSystem> disk = MemoryFileSystem::Create();
  std::unique_ptr<ManualRuntime> runtime = ManualRuntime::Create(*disk, 1);
  std::unique_ptr<DirectoryHandle> directory;
  TaskTracker tasks{*runtime->runtime().executor};
  std::uint64_t next_number = 1;
  std::unique_ptr<SegmentSupply> supply;
};

TEST_F(SegmentSupplyTest, WhatItHandsOutSurvivesPowerLossWithItsHeader) {
  const auto segment = supply->Take();
  ASSERT_TRUE(segment.ok());
  const auto image = disk->CrashImage({});
  const auto file = image->ReadFile("/db/000001.log", kBytes);
  ASSERT_TRUE(file.ok());
  const auto header = ParseSegmentHeader(*file);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->number, segment->number);
  EXPECT_EQ(header->database, kTestDatabase);
  EXPECT_EQ(header->incarnation, 1u);
}

TEST_F(SegmentSupplyTest, PreparesOneAheadAndOnlyOne) {
  supply->PrepareSoon();
  supply->PrepareSoon();
  EXPECT_TRUE(Names().empty());
  runtime->RunUntilIdle();
  supply->PrepareSoon();
  runtime->RunUntilIdle();
  EXPECT_EQ(Names().size(), 1u);
  const std::uint64_t calls = disk->calls();
  const auto segment = supply->Take();
  ASSERT_TRUE(segment.ok());
  EXPECT_EQ(disk->calls(), calls);
}

TEST_F(SegmentSupplyTest, TakeDoesNotWaitForATaskThatHasNotBegun) {
  supply->PrepareSoon();
  EXPECT_TRUE(supply->Take().ok());
  runtime->RunUntilIdle();
  EXPECT_EQ(Names().size(), 1u) << "the late task finds nothing to do";
}

TEST_F(SegmentSupplyTest, KeepsSomeObsoleteFilesForReuseAndRemovesTheRest) {
  for (int i = 0; i < 4; ++i) {
    const auto segment = supply->Take();
    ASSERT_TRUE(segment.ok());
  }
  for (std::uint64_t number = 1; number <= 4; ++number) {
    supply->Recycle(FileNumber{number}, kBytes);
  }
  EXPECT_EQ(Names(), (std::vector<std::string>{"000001.log", "000002.log"}));
  ASSERT_TRUE(supply->Take().ok());
  EXPECT_EQ(Names(), (std::vector<std::string>{"000001.log", "000005.log"}));
}

TEST_F(SegmentSupplyTest, TrimmingLeavesNothingAndTheNextSegmentIsMadeAfresh) {
  ASSERT_TRUE(supply->Take().ok());
  supply->PrepareSoon();
  runtime->RunUntilIdle();
  supply->Recycle(FileNumber{1}, kBytes);
  ASSERT_EQ(Names().size(), 2u);
  supply->Trim();
  EXPECT_TRUE(Names().empty());
  EXPECT_EQ(disk->open_handles(), 1u) << "the directory's";
  ASSERT_TRUE(supply->Take().ok());
  EXPECT_EQ(Names(), std::vector<std::string>{"000003.log"});
}

TEST_F(SegmentSupplyTest, AJumboIsNeverRecycled) {
  const auto jumbo = supply->TakeJumbo(3 * kBytes);
  ASSERT_TRUE(jumbo.ok());
  EXPECT_EQ(jumbo->file->size(), 3 * kBytes);
  supply->Recycle(jumbo->number, 3 * kBytes);
  EXPECT_TRUE(Names().empty());
}

TEST_F(SegmentSupplyTest, AFullDiskIsForgottenAnyOtherFailureIsKept) {
  disk->SetCapacity(1);
  EXPECT_EQ(supply->Take().status().code(), StatusCode::kNoSpace);
  disk->SetCapacity(0);
  EXPECT_TRUE(supply->Take().ok());
  disk->InjectFault({disk->calls() + 2, Fault::Kind::kIo, false});
  EXPECT_EQ(supply->Take().status().code(), StatusCode::kIo);
  EXPECT_EQ(supply->Take().status().code(), StatusCode::kIo);
  EXPECT_EQ(supply->health().code(), StatusCode::kIo);
  EXPECT_EQ(supply->Close().code(), StatusCode::kIo);
}

}  // namespace
}  // namespace firn::testing
