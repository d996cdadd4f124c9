#include "format/record.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace firn {
namespace {

constexpr RecordSalt kSalt{{0x1122334455667788ull, 0x99AABBCCDDEEFF00ull}, FileNumber{7}};

RecordHeader SomeHeader() {
  RecordHeader header;
  header.type = 1;
  header.first_sequence = 1000;
  header.count = 2;
  header.incarnation = 3;
  header.durable_position = 4096;
  return header;
}

// A file with one record at `offset`, garbage before it and nothing behind.
std::string FileWith(std::uint64_t offset, const std::vector<Slice>& parts) {
  std::size_t bytes = 0;
  for (const Slice part : parts) bytes += part.size();
  std::string file(offset, 'x');
  file.resize(offset + RecordBytes(bytes), 'y');
  EXPECT_EQ(EncodeRecord(file.data() + offset, offset, kSalt, SomeHeader(), parts),
            RecordBytes(bytes));
  return file;
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

TEST(Record, ReadsBackWhatWasWritten) {
  for (const std::size_t bytes : {0u, 1u, 7u, 8u, 9u, 200u, 201u, 241u, 5000u}) {
    const std::string payload(bytes, 'p');
    const std::string file = FileWith(
        128, {Slice(payload).substr(0, bytes / 3), Slice(), Slice(payload).substr(bytes / 3)});
    const ParsedRecord record = ParseRecord(file, 128, kSalt);
    ASSERT_EQ(record.state, RecordState::kValid) << bytes;
    EXPECT_TRUE(record.header_intact);
    EXPECT_EQ(record.payload, payload);
    EXPECT_EQ(record.bytes, file.size() - 128);
    EXPECT_EQ(record.header.type, 1);
    EXPECT_EQ(record.header.payload_bytes, bytes);
    EXPECT_EQ(record.header.first_sequence, 1000u);
    EXPECT_EQ(record.header.count, 2u);
    EXPECT_EQ(record.header.incarnation, 3u);
    EXPECT_EQ(record.header.durable_position, 4096u);
  }
}

// The example of docs/format/log.md.
TEST(Record, HasTheDocumentedBytes) {
  const std::string file = FileWith(0, {"snow", "fall!"});
  EXPECT_EQ(Hex(file),
            "f69bf73a72d377a7"  // checksum
            "09000000"
            "01"
            "8268c1"            // payload length, type, header check
            "e803000000000000"  // first sequence 1000
            "02000000"
            "03000000"            // count 2, incarnation 3
            "0010000000000000"    // durable position 4096
            "736e6f7766616c6c21"  // "snowfall!"
            "00000000000000");    // padding
}

TEST(Record, ValidatesNowhereElse) {
  const std::string file = FileWith(64, {"payload"});
  const Slice record = Slice(file).substr(64);
  EXPECT_EQ(ParseRecord(std::string(72, '\0') + std::string(record), 72, kSalt).state,
            RecordState::kBad);
  RecordSalt other = kSalt;
  other.file = FileNumber{8};
  EXPECT_EQ(ParseRecord(file, 64, other).state, RecordState::kBad);
  other = kSalt;
  other.database.high ^= 1;
  EXPECT_EQ(ParseRecord(file, 64, other).state, RecordState::kBad);
  other = kSalt;
  other.database.low ^= std::uint64_t{1} << 63;
  EXPECT_EQ(ParseRecord(file, 64, other).state, RecordState::kBad);
}

TEST(Record, NoBitCanBeFlippedUnseen) {
  std::string file = FileWith(40, {"0123456789"});  // with 6 bytes of padding
  for (std::size_t bit = 40 * 8; bit < file.size() * 8; ++bit) {
    file[bit / 8] ^= static_cast<char>(1u << (bit % 8));
    EXPECT_EQ(ParseRecord(file, 40, kSalt).state, RecordState::kBad) << bit;
    file[bit / 8] ^= static_cast<char>(1u << (bit % 8));
  }
  EXPECT_EQ(ParseRecord(file, 40, kSalt).state, RecordState::kValid);
}

TEST(Record, NoTruncationIsValid) {
  const std::string file = FileWith(8, {"0123456789"});
  for (std::size_t length = 9; length < file.size(); ++length) {
    EXPECT_EQ(ParseRecord(Slice(file).substr(0, length), 8, kSalt).state, RecordState::kBad);
  }
  EXPECT_EQ(ParseRecord(Slice(file).substr(0, 8), 8, kSalt).state, RecordState::kEnd);
  EXPECT_EQ(ParseRecord(file, UINT64_MAX, kSalt).state, RecordState::kEnd);
}

TEST(Record, ATornPayloadLeavesTheHeaderIntact) {
  std::string file = FileWith(0, {std::string(100, 'a')});
  file[60] = '\0';
  ParsedRecord record = ParseRecord(file, 0, kSalt);
  EXPECT_EQ(record.state, RecordState::kBad);
  EXPECT_TRUE(record.header_intact);
  EXPECT_EQ(record.bytes, RecordBytes(100));
  EXPECT_TRUE(record.payload.empty());
  file = FileWith(0, {std::string(100, 'a')});
  file[8] ^= 1;
  record = ParseRecord(file, 0, kSalt);
  EXPECT_FALSE(record.header_intact);
}

TEST(Record, ZerosAreTheEnd) {
  EXPECT_EQ(ParseRecord(std::string(100, '\0'), 0, kSalt).state, RecordState::kEnd);
  EXPECT_EQ(ParseRecord(std::string(100, '\0'), 96, kSalt).state, RecordState::kEnd);
  std::string almost(100, '\0');
  almost[39] = 1;
  EXPECT_EQ(ParseRecord(almost, 0, kSalt).state, RecordState::kBad);
}

}  // namespace
}  // namespace firn
