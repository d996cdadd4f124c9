// Pins the bytes of one small table: docs/format/table.md shows them, and files of released
// versions must stay readable.
#include "table/table_format.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include "base/coding.h"
#include "table/block_codec.h"
#include "table/table_fixture.h"
#include "table/table_settings.h"

namespace firn::testing {
namespace {

std::string HexDump(Slice bytes) {
  std::string dump;
  for (std::size_t line = 0; line < bytes.size(); line += 16) {
    char text[32];
    std::snprintf(text, sizeof(text), "%04zx ", line);
    dump += text;
    for (std::size_t i = line; i < std::min(line + 16, bytes.size()); ++i) {
      std::snprintf(text, sizeof(text), " %02x", static_cast<unsigned char>(bytes[i]));
      dump += text;
    }
    dump += '\n';
  }
  return dump;
}

constexpr const char* kExample = R"(0000  03 0a 00 00 08 00 00 00 03 00 00 00 00 00 00 00
0010  77 77 8c 00 00 00 00 00 00 00 00 00 00 00 00 31
0020  00 00 00 00 00 00 00 31 00 74 66 69 72 64 2d 32
0030  55 00 55 00 55 00 55 00 58 00 5b 00 5b 00 01 04
0040  00 00 01 00 00 00 02 02 00 00 01 01 07 73 6e 6f
0050  77 2d 30 30 30 6e 65 77 6f 6c 64 5b 00 00 00 00
0060  01 00 00 8e b5 91 1e af f9 ab 7f 01 00 00 00 03
0070  00 00 00 30 00 00 00 00 00 00 00 00 00 00 00 00
0080  00 00 00 5b 00 00 00 5b 00 00 00 03 00 00 00 00
0090  00 00 00 01 00 00 00 0f 00 00 00 01 00 00 00 00
00a0  00 00 00 00 00 00 00 00 00 00 00 30 00 00 00 30
00b0  00 00 00 00 73 6e 6f 77 2d 30 30 30 32 2d 64 72
00c0  69 66 74 58 00 00 00 00 02 00 00 85 ba 68 21 f4
00d0  ba ac 73 01 00 00 00 06 06 06 73 6e 6f 77 2d 31
00e0  73 6e 6f 77 2d 39 13 00 00 00 00 03 00 00 00 15
00f0  ed 72 15 f5 84 ff 01 00 00 00 00 00 00 00 03 00
0100  00 00 00 00 00 00 6b 00 00 00 00 00 00 00 58 00
0110  00 00 58 00 00 00 01 00 00 00 03 00 00 00 01 00
0120  00 00 0f 00 00 00 01 00 00 00 00 00 00 00 00 00
0130  00 00 00 00 00 00 30 00 00 00 30 00 00 00 00 73
0140  6e 6f 77 2d 30 30 30 32 2d 64 72 69 66 74 58 00
0150  00 00 00 04 00 00 ee 25 7c 96 c3 f7 f2 76 01 09
0160  73 6e 6f 77 2d 30 30 30 31 03 06 73 6e 6f 77 2d
0170  39 05 01 01 07 07 03 01 01 21 06 03 07 1f 00 00
0180  00 00 05 00 00 ff 08 89 70 00 44 76 40 46 4e 54
0190  41 42 4c 45 31 01 00 00 00 00 00 00 00 00 00 00
01a0  00 00 00 00 00 00 00 00 00 00 00 00 00 88 77 66
01b0  55 44 33 22 11 00 ff ee dd cc bb aa 99 01 00 00
01c0  00 00 00 00 00 f6 00 00 00 00 00 00 00 58 00 00
01d0  00 58 00 00 00 d3 00 00 00 00 00 00 00 13 00 00
01e0  00 13 00 00 00 5e 01 00 00 00 00 00 00 1f 00 00
01f0  00 1f 00 00 00 0d 02 00 00 00 00 00 00 00 00 00
0200  00 00 00 00 00 66 2e 9a 95 ee b2 3d 44
)";

TEST(TableFormat, TheExampleOfTheDocumentationIsWhatTheWriterWrites) {
  TableFixture fixture;
  const std::vector<Entry> entries = {{"snow-0001", "new", 7, EntryKind::kPut},
                                      {"snow-0001", "old", 3, EntryKind::kPut},
                                      {"snow-0002-drift", "", 5, EntryKind::kDelete}};
  const auto metadata =
      fixture.Write(FileNumber{1}, entries, {.filter_bits_per_key = 0}, {{"snow-1", "snow-9", 6}});
  ASSERT_TRUE(metadata.ok());
  EXPECT_EQ(HexDump(*fixture.file_system().ReadFile("/000001.table", 1 << 20)), kExample);
}

TEST(TableFormat, FileNamesHaveSixDigitsOrMore) {
  EXPECT_EQ(TableFileName(FileNumber{123}), "000123.table");
  EXPECT_EQ(TableFileName(FileNumber{12345678}), "12345678.table");
}

TEST(TableFormat, FootersOfNewerVersionsAreRefusedAsSuch) {
  const TableSalt salt{.database = kTestDatabase, .file = FileNumber{1}};
  TableFooter footer;
  footer.top = {.offset = 0, .stored_bytes = 16, .raw_bytes = 16};
  footer.properties = footer.top;
  footer.file_bytes = 1000;
  std::string bytes(kFooterBytes, '\0');
  StoreFooter(bytes.data(), footer, salt);
  EXPECT_TRUE(ParseFooter(bytes, 1000, salt).ok());
  EXPECT_EQ(ParseFooter(bytes, 1001, salt).status().code(), StatusCode::kCorruption);
  bytes[8] = 2;
  const Status newer = ParseFooter(bytes, 1000, salt).status();
  EXPECT_NE(newer.message().find("newer"), Slice::npos) << newer.ToString();
}

// A footer that says otherwise in byte `at`, checksum included.
Status ParseChanged(std::size_t at, char to) {
  const TableSalt salt{.database = kTestDatabase, .file = FileNumber{1}};
  TableFooter footer;
  footer.top = {.offset = 0, .stored_bytes = 16, .raw_bytes = 16};
  footer.properties = footer.top;
  footer.file_bytes = 1000;
  std::string bytes(kFooterBytes, '\0');
  StoreFooter(bytes.data(), footer, salt);
  bytes[at] = to;
  const std::uint64_t checksum =
      XXH3_64bits_withSeed(bytes.data(), 120, salt.SeedAt(1000 - kFooterBytes));
  StoreFixed(bytes.data() + 120, checksum);
  return ParseFooter(bytes, 1000, salt).status();
}

TEST(TableFormat, AnIntactFooterOfANewerFirnSaysWhatThisOneLacks) {
  const Status version = ParseChanged(8, 9);
  EXPECT_EQ(version.code(), StatusCode::kNotSupported);
  EXPECT_NE(version.message().find("format 9"), Slice::npos) << version.ToString();
  const Status feature = ParseChanged(16, 0x40);
  EXPECT_EQ(feature.code(), StatusCode::kNotSupported);
  EXPECT_NE(feature.message().find("features 64"), Slice::npos) << feature.ToString();
  EXPECT_TRUE(ParseChanged(24, 0x40).ok()) << "may be ignored";
}

// Found by fuzzing whole tables: a crafted file of 3 KiB named a block of 1 GiB, which was
// allocated before anything of it was read. What is allocated is now bounded by what is stored.
TEST(TableFormat, AHandleThatNoCodecCouldFillIsImplausible) {
  constexpr std::uint64_t kEnd = 100000;
  BlockHandle handle{.offset = 16, .stored_bytes = 100, .raw_bytes = 100 << 15};
  EXPECT_TRUE(PlausibleHandle(handle, kOversizedBlockBytesMax, kEnd));
  handle.raw_bytes += 1;
  EXPECT_FALSE(PlausibleHandle(handle, kOversizedBlockBytesMax, kEnd));
  handle.raw_bytes = 1u << 30;
  EXPECT_FALSE(PlausibleHandle(handle, kOversizedBlockBytesMax, kEnd));
}

// The densest block there can be stays far inside that bound.
TEST(TableFormat, TheMostCompressibleBlockIsPlausible) {
  BlockCompressor compressor(Compression::kZstd);
  const std::string zeros(std::size_t{64} << 20, '\0');
  std::string stored;
  ASSERT_TRUE(compressor.Compress(zeros, stored));
  const BlockHandle handle{.offset = 0,
                           .stored_bytes = static_cast<std::uint32_t>(stored.size()),
                           .raw_bytes = static_cast<std::uint32_t>(zeros.size())};
  EXPECT_TRUE(PlausibleHandle(handle, kBlockBytesMax, stored.size() + kBlockTrailerBytes));
}

// The salt must tell every store, file and place apart.
TEST(TableFormat, SaltsDifferInEveryPart) {
  const TableSalt salt{.database = {.high = 1, .low = 2}, .file = FileNumber{3}};
  const std::uint64_t seed = salt.SeedAt(4);
  EXPECT_NE((TableSalt{.database = {.high = 2, .low = 2}, .file = FileNumber{3}}).SeedAt(4), seed);
  EXPECT_NE((TableSalt{.database = {.high = 1, .low = 3}, .file = FileNumber{3}}).SeedAt(4), seed);
  EXPECT_NE((TableSalt{.database = {.high = 1, .low = 2}, .file = FileNumber{4}}).SeedAt(4), seed);
  EXPECT_NE(salt.SeedAt(5), seed);
}

}  // namespace
}  // namespace firn::testing
