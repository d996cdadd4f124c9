#include "sim/memory_file_system.h"

#include "testing/file_system_contract.h"

namespace firn::testing {
namespace {

class MemoryDisk {
 public:
  MemoryDisk() : file_system_(MemoryFileSystem::Create()) {}
  FileSystem& file_system() { return *file_system_; }
  [[nodiscard]] std::string root() const { return ""; }

 private:
  std::unique_ptr<MemoryFileSystem> file_system_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, FileSystemContract, MemoryDisk);

TEST(MemoryFileSystem, CountsOpenHandlesUntilTheyAreClosedOrDestroyed) {
  const auto fs = MemoryFileSystem::Create();
  {
    auto file = fs->CreateFile("/f").value();
    auto reader = fs->OpenFile("/f").value();
    auto segment = fs->CreateSegment("/s", 4096, SegmentBackend::kMapped).value();
    auto directory = fs->OpenDirectory("/").value();
    auto lock = fs->Lock("/LOCK").value();
    EXPECT_EQ(fs->open_handles(), 5u);
    EXPECT_TRUE(file->Close().ok());
    EXPECT_TRUE(segment->Close().ok());
    EXPECT_EQ(fs->open_handles(), 3u);
  }
  EXPECT_EQ(fs->open_handles(), 0u);
}

TEST(MemoryFileSystem, HandlesMayOutliveIt) {
  auto fs = MemoryFileSystem::Create();
  auto segment = fs->CreateSegment("/s", 4096, SegmentBackend::kMapped).value();
  auto lock = fs->Lock("/LOCK").value();
  fs = nullptr;
  segment->mapping()[0] = 'x';
  EXPECT_TRUE(segment->Close().ok());
}

TEST(MemoryFileSystem, CountsCallsThatChangeOrSyncAndNoReads) {
  const auto fs = MemoryFileSystem::Create();
  auto file = fs->CreateFile("/f").value();       // 1
  EXPECT_TRUE(file->Append("x").ok());            // 2
  EXPECT_TRUE(file->SyncData().ok());             // 3
  EXPECT_TRUE(file->Close().ok());                // 4
  auto directory = fs->OpenDirectory("/").value();
  EXPECT_TRUE(directory->Sync().ok());            // 5
  EXPECT_TRUE(fs->ReadFile("/f", 10).ok());
  EXPECT_TRUE(fs->List("/").ok());
  EXPECT_TRUE(fs->Rename("/f", "/g").ok());       // 6
  EXPECT_EQ(fs->calls(), 6u);
}

TEST(MemoryFileSystem, AFullDiskTakesWhatFitsAndRecoversWhenFreed) {
  const auto fs = MemoryFileSystem::Create();
  fs->SetCapacity(1000);
  auto file = fs->CreateFile("/f").value();
  EXPECT_TRUE(file->Append(std::string(600, 'a')).ok());
  EXPECT_EQ(fs->FreeSpace("/").value(), 400u);
  EXPECT_EQ(fs->CreateSegment("/s", 500, SegmentBackend::kMapped).status().code(),
            StatusCode::kNoSpace);
  EXPECT_EQ(fs->FileSize("/s").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(file->Append(std::string(500, 'b')).code(), StatusCode::kNoSpace);
  EXPECT_EQ(fs->FileSize("/f").value(), 1000u);
  EXPECT_TRUE(fs->Remove("/f").ok());
  EXPECT_TRUE(fs->CreateSegment("/s", 1000, SegmentBackend::kMapped).ok());
}

TEST(MemoryFileSystem, CorruptionReachesReadersMappingsAndTheMedium) {
  const auto fs = MemoryFileSystem::Create();
  auto segment = fs->CreateSegment("/s", 4096, SegmentBackend::kMapped).value();
  EXPECT_TRUE(fs->OpenDirectory("/").value()->Sync().ok());
  EXPECT_TRUE(fs->Corrupt("/s", [](std::string& bytes) { bytes[100] = 'x'; }).ok());
  EXPECT_EQ(segment->mapping()[100], 'x');
  EXPECT_EQ(fs->ReadFile("/s", 4096).value()[100], 'x');
  EXPECT_EQ(fs->CrashImage({})->ReadFile("/s", 4096).value()[100], 'x');
  EXPECT_EQ(fs->Corrupt("/s", [](std::string& bytes) { bytes.pop_back(); }).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(fs->Corrupt("/none", [](std::string&) {}).code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace firn::testing
