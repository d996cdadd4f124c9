#include "standard_streams.h"

#include <gtest/gtest.h>

namespace firn::tool {
namespace {

std::string PathOf(const char* name) { return ::testing::TempDir() + "/firn_streams_" + name; }

TEST(Output, WritesAFileThatReadWholeReadsBack) {
  const std::string path = PathOf("round_trip");
  std::string bytes;
  {
    const Result<std::unique_ptr<Output>> file = Output::Create(path);
    ASSERT_TRUE(file.ok());
    for (int i = 0; i < 30'000; ++i) {
      const std::string piece = "line " + std::to_string(i) + std::string(1, '\0');
      bytes += piece;
      (*file)->Write(piece);
    }
    EXPECT_TRUE((*file)->Finish().ok());
  }
  const Result<std::string> read = ReadWhole(path, bytes.size());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, bytes);
  EXPECT_EQ(ReadWhole(path, bytes.size() - 1).status().code(), StatusCode::kInvalidArgument);
}

TEST(Output, TellsThatTheDeviceIsFull) {
  const Result<std::unique_ptr<Output>> full = Output::Create("/dev/full");
  if (!full.ok()) GTEST_SKIP() << "no /dev/full here";
  (*full)->Write("lost");
  EXPECT_EQ((*full)->Finish().code(), StatusCode::kIo);
  EXPECT_TRUE((*full)->failed());
}

TEST(OpenSource, NamesWhatCannotBeRead) {
  const Result<OpenedSource> missing = OpenSource(PathOf("missing"));
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.status().message().find("firn_streams_missing"), Slice::npos);
  EXPECT_EQ(OpenSource(::testing::TempDir()).status().code(), StatusCode::kIo);
}

TEST(OpenSource, KnowsTheSizeOfAFile) {
  const std::string path = PathOf("sized");
  const Result<std::unique_ptr<Output>> file = Output::Create(path);
  ASSERT_TRUE(file.ok());
  (*file)->Write("12345");
  ASSERT_TRUE((*file)->Finish().ok());
  const Result<OpenedSource> opened = OpenSource(path);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->bytes_total, 5u);
}

}  // namespace
}  // namespace firn::tool
