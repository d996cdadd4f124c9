#include "wal/log_format.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include "base/coding.h"

namespace firn {
namespace {

constexpr SegmentHeader kHeader{{0x1122334455667788ull, 0x99AABBCCDDEEFF00ull}, FileNumber{7}, 3};

std::string Encoded() {
  std::string bytes(kSegmentHeaderBytes, 'x');
  EncodeSegmentHeader(bytes.data(), kHeader);
  return bytes;
}

std::string Hex(Slice bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
    hex.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
  }
  return hex;
}

TEST(SegmentHeader, ReadsBackWhatWasWritten) {
  const auto header = ParseSegmentHeader(Encoded());
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->database, kHeader.database);
  EXPECT_EQ(header->number, kHeader.number);
  EXPECT_EQ(header->incarnation, kHeader.incarnation);
}

// The example of docs/format/log.md.
TEST(SegmentHeader, HasTheDocumentedBytes) {
  const std::string fields =
      "6669726e6c6f670a"                  // magic
      "0100000000000000"                  // format version, zero
      "00000000000000000000000000000000"  // features
      "887766554433221100ffeeddccbbaa99"  // database id
      "070000000000000003000000";         // file number, incarnation
  EXPECT_EQ(Hex(Encoded()), fields + std::string(120, '0') + "31535a6960db93a9");
}

TEST(SegmentHeader, NoBitCanBeFlippedUnseenAndNoByteBeMissing) {
  std::string bytes = Encoded();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<char>(1u << (bit % 8));
    EXPECT_EQ(ParseSegmentHeader(bytes).status().code(), StatusCode::kCorruption) << bit;
    bytes[bit / 8] ^= static_cast<char>(1u << (bit % 8));
  }
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(ParseSegmentHeader(Slice(bytes).substr(0, length)).ok());
  }
}

// A header that says otherwise in byte `at`, checksum included.
std::string Changed(std::size_t at, char to) {
  std::string bytes = Encoded();
  bytes[at] = to;
  const std::uint64_t seed =
      kHeader.database.high ^ kHeader.database.low * 3 ^ kHeader.number.value * 5;
  StoreFixed(bytes.data() + 120, static_cast<std::uint64_t>(
                                     XXH3_64bits_withSeed(bytes.data(), 120, seed)));
  return bytes;
}

TEST(SegmentHeader, ANewerOneIsRefusedAndNamesWhatItLacks) {
  const Status version = ParseSegmentHeader(Changed(8, 9)).status();
  EXPECT_EQ(version.code(), StatusCode::kNotSupported);
  EXPECT_NE(version.message().find("version 9"), Slice::npos) << version.ToString();
  const Status feature = ParseSegmentHeader(Changed(16, 0x40)).status();
  EXPECT_EQ(feature.code(), StatusCode::kNotSupported);
  EXPECT_NE(feature.message().find("features 64"), Slice::npos) << feature.ToString();
  EXPECT_TRUE(ParseSegmentHeader(Changed(24, 0x40)).ok()) << "may be ignored";
}

TEST(LogChain, ReadsBackWhatWasWrittenAndRefusesImpossibleOnes) {
  std::string bytes(kChainPayloadBytes, 'x');
  EncodeChain(bytes.data(), {12345, FileNumber{6}});
  const auto chain = ParseChain(bytes);
  ASSERT_TRUE(chain.ok());
  EXPECT_EQ(chain->start, 12345u);
  EXPECT_EQ(chain->predecessor, FileNumber{6});
  EXPECT_FALSE(ParseChain(Slice(bytes).substr(1)).ok());
  EncodeChain(bytes.data(), {std::uint64_t{1} << 63, FileNumber{6}});
  EXPECT_FALSE(ParseChain(bytes).ok());
}

TEST(SegmentFileName, HasSixDigitsOrMore) {
  EXPECT_EQ(SegmentFileName(FileNumber{123}), "000123.log");
  EXPECT_EQ(SegmentFileName(FileNumber{12345678}), "12345678.log");
}

}  // namespace
}  // namespace firn
