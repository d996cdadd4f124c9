// Faults of the simulated disk: what each kind does, once and for ever.

#include <algorithm>
#include <string>

#include "gtest/gtest.h"
#include "sim/cow_bytes.h"
#include "sim/memory_file_system.h"

namespace firn::testing {
namespace {

class DiskFault : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = fs_->CreateFile("/f").value();
    other_ = fs_->CreateFile("/other").value();
    ASSERT_TRUE(fs_->OpenDirectory("/").value()->Sync().ok());
  }
  void FailNext(Fault::Kind kind, bool sticky = false) {
    fs_->InjectFault({.at_call = fs_->calls() + 1, .kind = kind, .sticky = sticky});
  }
  std::string Durable() { return fs_->CrashImage({})->ReadFile("/f", 1 << 20).value(); }
  std::string Visible() { return fs_->ReadFile("/f", 1 << 20).value(); }

  std::unique_ptr<MemoryFileSystem> fs_ = MemoryFileSystem::Create();
  std::unique_ptr<WritableFile> file_;
  std::unique_ptr<WritableFile> other_;
};

TEST_F(DiskFault, FailsExactlyTheCallWithItsIndex) {
  fs_->InjectFault({.at_call = fs_->calls() + 2});
  EXPECT_TRUE(file_->Append("a").ok());
  EXPECT_FALSE(fs_->fault_fired());
  EXPECT_EQ(file_->Append("b").code(), StatusCode::kIo);
  EXPECT_TRUE(fs_->fault_fired());
  EXPECT_TRUE(file_->Append("c").ok());
  EXPECT_EQ(Visible(), "ac");
}

TEST_F(DiskFault, AStickyFaultKeepsToItsFile) {
  FailNext(Fault::Kind::kIo, true);
  EXPECT_EQ(file_->SyncData().code(), StatusCode::kIo);
  EXPECT_EQ(file_->Append("x").code(), StatusCode::kIo);
  EXPECT_TRUE(other_->Append("x").ok());
  EXPECT_EQ(fs_->Remove("/f").code(), StatusCode::kIo);
  fs_->InjectFault({});
  EXPECT_TRUE(file_->Append("x").ok());
}

TEST_F(DiskFault, NoSpaceWaitsForAnAllocationAndMayStay) {
  FailNext(Fault::Kind::kNoSpace, true);
  EXPECT_TRUE(file_->SyncData().ok());
  EXPECT_FALSE(fs_->fault_fired());
  EXPECT_EQ(file_->Append("x").code(), StatusCode::kNoSpace);
  EXPECT_EQ(other_->Append("x").code(), StatusCode::kNoSpace);
  EXPECT_EQ(fs_->CreateFile("/g").status().code(), StatusCode::kNoSpace);
  EXPECT_TRUE(fs_->Remove("/other").ok()) << "removing needs no room";
  fs_->InjectFault({});
  EXPECT_TRUE(file_->Append("x").ok());
  EXPECT_EQ(Visible(), "x");
}

TEST_F(DiskFault, AShortWriteLeavesPartOfTheBytes) {
  FailNext(Fault::Kind::kShortWrite);
  EXPECT_TRUE(file_->SyncData().ok());
  EXPECT_EQ(file_->Append("abcd").code(), StatusCode::kIo);
  EXPECT_EQ(Visible(), "ab");
  EXPECT_TRUE(file_->Append("ef").ok());
  EXPECT_EQ(Visible(), "abef");
}

// After such a failure a second sync "succeeds" although the bytes never arrive: retrying a sync is
// how stores lose acknowledged writes.
TEST_F(DiskFault, ADroppedSyncLosesThePagesForEverWhileLaterSyncsReportSuccess) {
  const std::string first(kSectorBytes, 'a');
  const std::string lost(kSectorBytes, 'b');
  const std::string later(kSectorBytes, 'c');
  ASSERT_TRUE(file_->Append(first).ok());
  ASSERT_TRUE(file_->SyncData().ok());
  ASSERT_TRUE(file_->Append(lost).ok());
  FailNext(Fault::Kind::kSyncDropsPages);
  ASSERT_TRUE(file_->Append(later.substr(0, 10)).ok());
  EXPECT_EQ(file_->SyncData().code(), StatusCode::kIo);
  EXPECT_EQ(Durable(), first);
  EXPECT_EQ(Visible(), first + lost + later.substr(0, 10)) << "the page cache still has it";
  EXPECT_TRUE(file_->SyncData().ok());
  EXPECT_EQ(Durable(), first);
  ASSERT_TRUE(file_->Append(later.substr(10)).ok());
  EXPECT_TRUE(file_->SyncData().ok());
  EXPECT_EQ(Durable(), first + std::string(kSectorBytes, '\0') + later)
      << "sectors that change again are written again";
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto image = fs_->CrashImage({CrashKeep::Data::kRandomSectors, {}, seed});
    EXPECT_EQ(image->ReadFile("/f", 1 << 20).value().find('b'), std::string::npos);
  }
}

TEST_F(DiskFault, ARenameOrRemovalMayHappenAndBeReportedAsFailed) {
  ASSERT_TRUE(file_->Append("x").ok());
  FailNext(Fault::Kind::kNameDoneAnyway);
  ASSERT_TRUE(file_->SyncData().ok()) << "waits for a change of names";
  EXPECT_EQ(fs_->Rename("/f", "/g").code(), StatusCode::kIo);
  EXPECT_EQ(fs_->ReadFile("/g", 10).value(), "x");
  FailNext(Fault::Kind::kNameDoneAnyway);
  EXPECT_EQ(fs_->Remove("/g").code(), StatusCode::kIo);
  EXPECT_EQ(fs_->ReadFile("/g", 10).status().code(), StatusCode::kNotFound);
  FailNext(Fault::Kind::kNameDoneAnyway);
  EXPECT_EQ(fs_->Remove("/g").code(), StatusCode::kNotFound) << "what is wrong anyway comes first";
}

TEST_F(DiskFault, AMappedSegmentLosesDroppedPagesToo) {
  auto segment = fs_->CreateSegment("/s", 4096, SegmentBackend::kMapped).value();
  ASSERT_TRUE(fs_->OpenDirectory("/").value()->Sync().ok());
  ASSERT_TRUE(segment->SyncData().ok());
  segment->mapping()[0] = 'x';
  FailNext(Fault::Kind::kSyncDropsPages, true);
  EXPECT_EQ(segment->SyncData().code(), StatusCode::kIo);
  segment->mapping()[1000] = 'y';
  EXPECT_EQ(segment->SyncData().code(), StatusCode::kIo);
  EXPECT_EQ(segment->WriteAt(0, "z").code(), StatusCode::kIo);
  EXPECT_EQ(fs_->CrashImage({})->ReadFile("/s", 4096).value(), std::string(4096, '\0'));
  EXPECT_EQ(segment->mapping()[0], 'x');
}

TEST_F(DiskFault, RatesFailAboutOneCallInSoManyAndRepeatWithTheirSeed) {
  std::string failed[2];
  for (std::string& pattern : failed) {
    const std::uint64_t before = fs_->random_faults();
    fs_->SetFaultRates({.seed = 7, .short_write_one_in = 4});
    for (int i = 0; i < 400; ++i) pattern += file_->Append("ab").ok() ? '.' : 'x';
    EXPECT_TRUE(file_->SyncData().ok()) << "only writes can be short";
    const auto faults = static_cast<std::uint64_t>(std::count(pattern.begin(), pattern.end(), 'x'));
    EXPECT_EQ(fs_->random_faults() - before, faults);
    EXPECT_GT(faults, 50u);
    EXPECT_LT(faults, 200u);
  }
  EXPECT_EQ(failed[0], failed[1]);
}

TEST_F(DiskFault, ReadsFailByTheirRateAndAreNotCounted) {
  ASSERT_TRUE(file_->Append("ab").ok());
  const auto reader = fs_->OpenFile("/f").value();
  const std::uint64_t calls = fs_->calls();
  char byte = 0;
  EXPECT_TRUE(reader->ReadAt(0, {&byte, 1}).ok());
  fs_->SetFaultRates({.read_one_in = 1});
  EXPECT_EQ(reader->ReadAt(0, {&byte, 1}).code(), StatusCode::kIo);
  EXPECT_EQ(fs_->calls(), calls);
}

TEST_F(DiskFault, AFailedSyncMayBringTheOldBytesBackIntoTheCache) {
  ASSERT_TRUE(file_->Append("old").ok());
  ASSERT_TRUE(file_->SyncData().ok());
  auto segment = fs_->ReopenSegment("/f", SegmentBackend::kMapped).value();
  segment->mapping()[0] = 'n';
  ASSERT_TRUE(other_->Append("new").ok());
  FailNext(Fault::Kind::kSyncRevertsPages);
  EXPECT_EQ(segment->SyncData().code(), StatusCode::kIo);
  EXPECT_EQ(segment->mapping()[0], 'o');
  EXPECT_EQ(Visible(), "old");
  FailNext(Fault::Kind::kSyncRevertsPages);
  EXPECT_EQ(other_->SyncData().code(), StatusCode::kIo);
  EXPECT_EQ(fs_->ReadFile("/other", 10).value(), std::string(3, '\0')) << "the size stays";
  segment->mapping()[0] = 'n';
  EXPECT_TRUE(segment->SyncData().ok());
  EXPECT_EQ(Durable(), "nld") << "what is written again is synced again";
}

TEST_F(DiskFault, LooksAreCountedApartAndFailByTheirOwnIndex) {
  ASSERT_TRUE(file_->Append("ab").ok());
  const auto reader = fs_->OpenFile("/f").value();
  const std::uint64_t calls = fs_->calls();
  const std::uint64_t looks = fs_->looks();
  char byte = 0;
  fs_->InjectFault({.at_call = looks + 2, .kind = Fault::Kind::kLook, .sticky = true});
  EXPECT_TRUE(reader->ReadAt(0, {&byte, 1}).ok());
  EXPECT_EQ(fs_->FileSize("/f").status().code(), StatusCode::kIo);
  EXPECT_EQ(fs_->fault_call(), looks + 2);
  EXPECT_EQ(fs_->fault_place(), "look at /f");
  EXPECT_EQ(reader->ReadAt(0, {&byte, 1}).code(), StatusCode::kIo);
  EXPECT_EQ(fs_->OpenFile("/f").status().code(), StatusCode::kIo);
  EXPECT_EQ(fs_->ReadFile("/f", 10).status().code(), StatusCode::kIo);
  EXPECT_EQ(fs_->ReopenSegment("/f", SegmentBackend::kMapped).status().code(), StatusCode::kIo);
  EXPECT_TRUE(fs_->List("/").ok()) << "another name";
  EXPECT_TRUE(fs_->OpenDirectory("/").ok());
  EXPECT_TRUE(fs_->FreeSpace("/").ok());
  EXPECT_EQ(fs_->looks(), looks + 9);
  EXPECT_TRUE(file_->Append("c").ok());
  EXPECT_EQ(fs_->calls(), calls + 1);
}

TEST_F(DiskFault, AMappingThatIsRefusedLeavesNoNewSegment) {
  ASSERT_TRUE(file_->Append("ab").ok());
  fs_->InjectFault({.at_call = 1, .kind = Fault::Kind::kNoMapping, .sticky = true});
  EXPECT_EQ(fs_->CreateSegment("/s", 512, SegmentBackend::kMapped).status().code(),
            StatusCode::kIo);
  EXPECT_EQ(fs_->FileSize("/s").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(fs_->ReopenSegment("/f", SegmentBackend::kMapped).status().code(), StatusCode::kIo);
  EXPECT_TRUE(fs_->ReopenSegment("/f", SegmentBackend::kPositioned).ok());
  EXPECT_EQ(fs_->mappings(), 2u);
  fs_->InjectFault({});
  EXPECT_TRUE(fs_->CreateSegment("/s", 512, SegmentBackend::kMapped).ok());
}

TEST_F(DiskFault, EveryKindOfCountedCallCanFail) {
  auto directory = fs_->OpenDirectory("/").value();
  const auto fails = [this](auto call) {
    FailNext(Fault::Kind::kIo);
    const Status status = call();
    return status.code() == StatusCode::kIo && fs_->fault_fired();
  };
  EXPECT_TRUE(fails([&] { return fs_->CreateFile("/n").status(); }));
  EXPECT_TRUE(fails([&] { return fs_->CreateSegment("/n", 1, SegmentBackend::kMapped).status(); }));
  EXPECT_TRUE(fails([&] { return fs_->CreateDirectory("/n"); }));
  EXPECT_TRUE(fails([&] { return fs_->RemoveDirectory("/n"); }));
  EXPECT_TRUE(fails([&] { return fs_->Link("/f", "/n"); }));
  EXPECT_TRUE(fails([&] { return fs_->Lock("/n").status(); }));
  EXPECT_TRUE(fails([&] { return fs_->Lock("/f").status(); }));
  EXPECT_TRUE(fails([&] { return fs_->Rename("/f", "/n"); }));
  EXPECT_TRUE(fails([&] { return fs_->Remove("/f"); }));
  EXPECT_TRUE(fails([&] { return directory->Sync(); }));
  EXPECT_TRUE(fails([&] { return file_->Append("x"); }));
  EXPECT_TRUE(fails([&] { return file_->SyncData(); }));
  EXPECT_TRUE(fails([&] { return file_->Close(); }));
  EXPECT_EQ(fs_->List("/").value().size(), 2u) << "a failed call changes nothing";
}

}  // namespace
}  // namespace firn::testing
