#include "version/manifest_format.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstring>

namespace firn {
namespace {

constexpr DatabaseId kDatabase = {0xFEDCBA9876543210, 1};

ManifestHeader TestHeader() {
  return {.must_understand = 0,
          .may_ignore = 5,
          .database = kDatabase,
          .number = {77},
          .incarnation = 3};
}

TEST(ManifestFormat, NamesFilesByNumber) {
  EXPECT_EQ(ManifestFileName({123}), "MANIFEST-000123");
  EXPECT_EQ(ManifestFileName({12345678}), "MANIFEST-12345678");
  EXPECT_EQ(CurrentTemporaryName({7}), "CURRENT.000007.tmp");
}

TEST(ManifestFormat, ReadsBackItsHeader) {
  const std::string bytes = EncodeManifestHeader(TestHeader());
  ASSERT_EQ(bytes.size(), kManifestHeaderBytes);
  const auto header = DecodeManifestHeader(bytes + "records", {77});
  ASSERT_TRUE(header.ok()) << header.status().ToString();
  EXPECT_EQ(header->database, kDatabase);
  EXPECT_EQ(header->number, FileNumber{77});
  EXPECT_EQ(header->incarnation, 3u);
  EXPECT_EQ(header->may_ignore, 5u);
}

TEST(ManifestFormat, FindsEveryFlippedBitAndTruncationOfAHeader) {
  const std::string bytes = EncodeManifestHeader(TestHeader());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(DecodeManifestHeader(damaged, {77}).status().code(), StatusCode::kCorruption);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Slice cut = Slice(bytes).substr(0, size);
    EXPECT_EQ(DecodeManifestHeader(cut, {77}).status().code(), StatusCode::kCorruption);
  }
  EXPECT_EQ(DecodeManifestHeader(bytes, {78}).status().code(), StatusCode::kCorruption)
      << "a copy under another name";
}

TEST(ManifestFormat, RefusesAHeaderThatNamesAnotherManifest) {
  std::string bytes = EncodeManifestHeader(TestHeader());
  bytes[48] = 76;
  const std::uint64_t checksum = XXH3_64bits_withSeed(bytes.data(), 56, 77);
  std::memcpy(bytes.data() + 56, &checksum, sizeof(checksum));
  const Status status = DecodeManifestHeader(bytes, {77}).status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_NE(status.message().find("another manifest"), Slice::npos) << status.ToString();
}

TEST(ManifestFormat, ReadsBackCurrentAndOnlyItsOneRendering) {
  const std::string text = EncodeCurrent({{1234567}, kDatabase});
  const auto current = DecodeCurrent(text);
  ASSERT_TRUE(current.ok()) << current.status().ToString();
  EXPECT_EQ(current->manifest, FileNumber{1234567});
  EXPECT_EQ(current->database, kDatabase);
  EXPECT_FALSE(DecodeCurrent(text + "\n").ok());
  EXPECT_FALSE(DecodeCurrent("").ok());
  EXPECT_FALSE(DecodeCurrent(EncodeCurrent({{0}, kDatabase})).ok());
}

TEST(ManifestFormat, RefusesANewerCurrentAndNamesWhatItLacks) {
  const auto status = [](const CurrentPointer& current) {
    return DecodeCurrent(EncodeCurrent(current)).status();
  };
  const Status unknown = status({{7}, kDatabase, 0x40, 0});
  EXPECT_EQ(unknown.code(), StatusCode::kNotSupported);
  EXPECT_NE(unknown.message().find("0000000000000040"), Slice::npos) << unknown.ToString();
  EXPECT_TRUE(status({{7}, kDatabase, 0, 0x40}).ok()) << "may be ignored";
  std::string newer = EncodeCurrent({{7}, kDatabase});
  newer.replace(newer.find("current 1"), 9, "current 9");
  EXPECT_EQ(DecodeCurrent(newer).status().code(), StatusCode::kNotSupported);
  EXPECT_NE(DecodeCurrent(newer).status().message().find("format 9"), Slice::npos);
}

TEST(ManifestFormat, RefusesANewerHeaderAndNamesWhatItLacks) {
  ManifestHeader header = TestHeader();
  header.must_understand = 0x40;
  const Status unknown = DecodeManifestHeader(EncodeManifestHeader(header), {77}).status();
  EXPECT_EQ(unknown.code(), StatusCode::kNotSupported);
  EXPECT_NE(unknown.message().find("0000000000000040"), Slice::npos) << unknown.ToString();
  std::string newer = EncodeManifestHeader(TestHeader());
  newer[8] = 9;
  const std::uint64_t checksum = XXH3_64bits_withSeed(newer.data(), 56, 77);
  std::memcpy(newer.data() + 56, &checksum, sizeof(checksum));
  const Status status = DecodeManifestHeader(newer, {77}).status();
  EXPECT_EQ(status.code(), StatusCode::kNotSupported);
  EXPECT_NE(status.message().find("format 9"), Slice::npos) << status.ToString();
}

}  // namespace
}  // namespace firn
