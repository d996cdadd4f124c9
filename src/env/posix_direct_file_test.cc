#include "env/posix_direct_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <vector>

#include "base/aligned_buffer.h"
#include "env/runtime.h"

namespace firn::testing {
namespace {

using ::testing::HasSubstr;

class PosixDirectFileTest : public ::testing::Test {
 protected:
  PosixDirectFileTest() : root_(::testing::TempDir() + "firn-direct-XXXXXX") {
    if (mkdtemp(root_.data()) == nullptr) std::abort();
  }
  ~PosixDirectFileTest() override { std::filesystem::remove_all(root_); }

  static FileSystem& fs() { return *Runtime::Posix().file_system; }
  [[nodiscard]] std::string Path(const std::string& name) const { return root_ + "/" + name; }
  // A file whose every byte depends on its place.
  std::string Write(const std::string& name, std::size_t bytes) {
    std::mt19937_64 random(bytes);
    std::string content(bytes, '\0');
    for (char& c : content) c = static_cast<char>(random());
    auto file = fs().CreateFile(Path(name), PageCache::kBypass).value();
    EXPECT_TRUE(file->Append(content).ok() && file->SyncData().ok() && file->Close().ok());
    return content;
  }
  std::unique_ptr<RandomAccessFile> Open(const std::string& name) {
    auto file = fs().OpenFile(Path(name), PageCache::kBypass);
    EXPECT_EQ(file.status().ToString(), "ok");
    return std::move(file).value();
  }
  // Of the file's pages, how many the page cache holds.
  [[nodiscard]] std::size_t PagesCached(const std::string& name, std::size_t bytes) const {
    const int fd = open(Path(name).c_str(), O_RDONLY | O_CLOEXEC);
    void* const mapping = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
    std::vector<unsigned char> pages((bytes + 4095) / 4096);
    EXPECT_EQ(mincore(mapping, bytes, pages.data()), 0);
    munmap(mapping, bytes);
    close(fd);
    std::size_t cached = 0;
    for (const unsigned char page : pages) cached += page & 1;
    return cached;
  }

 private:
  std::string root_;
};

TEST_F(PosixDirectFileTest, AnyRangeReadsAsThroughThePageCache) {
  std::mt19937_64 random(17);
  for (const std::size_t size : {1u, 511u, 4096u, 8191u, 12'288u, 700'001u}) {
    const std::string name = "f" + std::to_string(size);
    const std::string content = Write(name, size);
    const auto direct = Open(name);
    const auto buffered = fs().OpenFile(Path(name)).value();
    ASSERT_EQ(direct->Size().value(), size);
    for (int round = 0; round < 200; ++round) {
      // Some begin or end at a page, some at the file's end, some in memory that is aligned.
      std::size_t begin = random() % size;
      if (random() % 3 == 0) begin = begin / 4096 * 4096;
      std::size_t bytes = 1 + random() % (size - begin);
      if (random() % 3 == 0) bytes = size - begin;
      if (random() % 3 == 0) bytes = std::min(bytes, std::max<std::size_t>(bytes / 4096, 1) * 4096);
      const AlignedBuffer memory(size + 64, kDirectAlignment);
      const std::span<char> into(memory.data() + (random() % 2 == 0 ? 0 : random() % 64), bytes);
      std::string expected(bytes, '\0');
      ASSERT_TRUE(buffered->ReadAt(begin, expected).ok());
      const Status read = direct->ReadAt(begin, into);
      ASSERT_TRUE(read.ok()) << read.ToString();
      ASSERT_TRUE(std::equal(into.begin(), into.end(), expected.begin()))
          << size << ": " << bytes << " at " << begin;
      ASSERT_EQ(expected, content.substr(begin, bytes));
    }
  }
}

TEST_F(PosixDirectFileTest, AReadBeyondTheEndIsCorruptionNamingTheOffset) {
  for (const std::size_t size : {0u, 5000u, 8192u}) {
    const std::string name = "f" + std::to_string(size);
    Write(name, size);
    const auto direct = Open(name);
    const AlignedBuffer memory(20'000, kDirectAlignment);
    for (const std::size_t begin : {std::size_t{0}, size - size % 4096, size, size + 4096}) {
      const Status read = direct->ReadAt(begin, {memory.data(), size - std::min(size, begin) + 1});
      EXPECT_EQ(read.code(), StatusCode::kCorruption) << begin << " of " << size;
      EXPECT_THAT(std::string(read.message()), HasSubstr(Path(name)));
      EXPECT_THAT(std::string(read.message()),
                  HasSubstr("ends at or before offset " + std::to_string(std::max(size, begin))));
    }
    EXPECT_TRUE(direct->ReadAt(size, {}).ok());
  }
}

TEST_F(PosixDirectFileTest, NeitherWritingNorReadingLeavesPagesInTheCache) {
  constexpr std::size_t kBytes = 1'000'000;
  Write("f", kBytes);
  EXPECT_EQ(PagesCached("f", kBytes), 0u);
  const AlignedBuffer memory(kBytes, kDirectAlignment);
  ASSERT_TRUE(Open("f")->ReadAt(0, {memory.data(), kBytes}).ok());
  EXPECT_EQ(PagesCached("f", kBytes), 0u);
}

TEST_F(PosixDirectFileTest, MissingFilesAndLinksAreAnsweredAsElsewhere) {
  EXPECT_EQ(fs().OpenFile(Path("none"), PageCache::kBypass).status().code(),
            StatusCode::kNotFound);
  Write("f", 10);
  ASSERT_EQ(symlink(Path("f").c_str(), Path("link").c_str()), 0);
  EXPECT_EQ(fs().OpenFile(Path("link"), PageCache::kBypass).status().code(), StatusCode::kIo);
}

// The kernel's own files have no direct I/O.
TEST_F(PosixDirectFileTest, AFileSystemWithoutDirectReadsIsNotSupported) {
  const Status opened = fs().OpenFile("/proc/version", PageCache::kBypass).status();
  EXPECT_EQ(opened.code(), StatusCode::kNotSupported);
  EXPECT_THAT(std::string(opened.message()), HasSubstr("/proc/version past the page cache"));
}

}  // namespace
}  // namespace firn::testing
