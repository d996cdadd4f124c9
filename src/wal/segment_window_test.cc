#include "wal/segment_window.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "sim/memory_file_system.h"
#include "sim/seeded_random.h"
#include "wal/log_format.h"

namespace firn::testing {
namespace {

std::unique_ptr<MemoryFileSystem> DiskWith(const std::string& path, Slice content) {
  auto disk = MemoryFileSystem::Create();
  auto file = disk->CreateFile(path).value();
  EXPECT_TRUE(file->Append(content).ok());
  return disk;
}

std::string Content(std::size_t bytes) {
  std::string content(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) content[i] = static_cast<char>(i * 7 + i / 251);
  return content;
}

TEST(SegmentWindow, ShowsWhatTheFileHoldsFromAnywhere) {
  const std::string content = Content(1000);
  const auto disk = DiskWith("/log", content);
  for (const std::size_t window_bytes : {1u, 16u, 100u, 1000u, 5000u}) {
    SegmentWindow window(window_bytes);
    ASSERT_TRUE(window.Open(*disk, "/log").ok());
    EXPECT_EQ(window.file_bytes(), content.size());
    SeededRandom random(window_bytes);
    std::uint64_t offset = 0;
    for (int i = 0; i < 2000; ++i) {
      offset = random.Below(4) == 0 ? random.Below(1100) : offset + random.Below(20);
      const std::uint64_t needed = random.Below(8) == 0 ? random.Below(700) : random.Below(30);
      const Slice found = window.From(offset, needed).value();
      const Slice rest = Slice(content).substr(std::min<std::size_t>(offset, content.size()));
      ASSERT_GE(found.size(), std::min<std::size_t>(needed, rest.size()));
      ASSERT_EQ(found, rest.substr(0, found.size())) << "offset " << offset;
      ASSERT_EQ(window.Held(offset), found);
    }
  }
}

TEST(SegmentWindow, ForgetsTheFileBefore) {
  const auto disk = DiskWith("/first", Content(500));
  ASSERT_TRUE(disk->CreateFile("/second").value()->Append("other").ok());
  SegmentWindow window(100);
  ASSERT_TRUE(window.Open(*disk, "/first").ok());
  ASSERT_EQ(window.From(0, 10)->size(), 100u);
  ASSERT_TRUE(window.Open(*disk, "/second").ok());
  EXPECT_TRUE(window.Held(0).empty());
  EXPECT_EQ(window.From(0, 10).value(), "other");
  EXPECT_TRUE(window.From(5, 10)->empty());
}

TEST(SegmentWindow, AFileLargerThanAnySegmentIsRefused) {
  const auto disk = DiskWith("/log", "head");
  // Takes no memory: the disk keeps zeros as holes.
  ASSERT_TRUE(disk->CreateSegment("/huge", kSegmentBytesMax + 1, SegmentBackend::kPositioned).ok());
  SegmentWindow window(100);
  const Status refused = window.Open(*disk, "/huge");
  EXPECT_EQ(refused.code(), StatusCode::kCorruption);
  EXPECT_NE(refused.message().find("/huge: is 2147483649 bytes long"), Slice::npos)
      << refused.ToString();
  EXPECT_TRUE(window.Open(*disk, "/log").ok());
}

TEST(SegmentWindow, AMissingFileAndOneThatShrinksAreErrors) {
  const auto disk = DiskWith("/log", Content(500));
  SegmentWindow window(100);
  EXPECT_EQ(window.Open(*disk, "/nothing").code(), StatusCode::kNotFound);
  ASSERT_TRUE(window.Open(*disk, "/log").ok());
  ASSERT_TRUE(disk->Corrupt("/log", [](std::string& bytes) { bytes.resize(50); }).ok());
  EXPECT_EQ(window.From(0, 10).status().code(), StatusCode::kCorruption);
  EXPECT_TRUE(window.Held(0).empty()) << "nothing half read is shown";
}

}  // namespace
}  // namespace firn::testing
