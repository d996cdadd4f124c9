#include "base/coding.h"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace firn {
namespace {

constexpr std::uint64_t kMax64 = std::numeric_limits<std::uint64_t>::max();

TEST(Coding, FixedIntegersAreLittleEndian) {
  std::string bytes;
  AppendFixed(bytes, std::uint16_t{0x0102});
  AppendFixed(bytes, std::uint32_t{0x03040506});
  AppendFixed(bytes, std::uint64_t{0x0708090A0B0C0D0E});
  EXPECT_EQ(bytes, Slice("\x02\x01\x06\x05\x04\x03\x0E\x0D\x0C\x0B\x0A\x09\x08\x07"));
  EXPECT_EQ(LoadFixed<std::uint16_t>(bytes.data()), 0x0102u);
  EXPECT_EQ(LoadFixed<std::uint64_t>(bytes.data() + 6), 0x0708090A0B0C0D0Eu);
  StoreFixed(bytes.data() + 1, std::uint32_t{0xAABBCCDD});
  EXPECT_EQ(bytes.substr(0, 6), Slice("\x02\xDD\xCC\xBB\xAA\x03"));
}

TEST(Coding, VarintsAreAsShortAsTheirValue) {
  const std::pair<std::uint64_t, std::size_t> lengths[] = {
      {0, 1}, {0x7F, 1}, {0x80, 2}, {0x3FFF, 2}, {0x4000, 3}, {0xFFFFFFFF, kVarint32BytesMax},
      {kMax64 >> 1, 9}, {kMax64, kVarint64BytesMax}};
  for (const auto& [value, length] : lengths) {
    std::string bytes;
    AppendVarint(bytes, value);
    EXPECT_EQ(bytes.size(), length) << value;
    ByteReader reader(bytes);
    std::uint64_t read = 1;
    ASSERT_TRUE(reader.ReadVarint(&read));
    EXPECT_EQ(read, value);
    EXPECT_TRUE(reader.empty());
  }
}

TEST(Coding, EveryTruncationIsRefusedAndConsumesNothing) {
  std::string varint;
  AppendVarint(varint, kMax64);
  std::string prefixed;
  AppendLengthPrefixed(prefixed, "hello");
  const std::string fixed(8, 'x');
  for (std::size_t length = 0; length < varint.size(); ++length) {
    ByteReader reader(Slice(varint).substr(0, length));
    std::uint64_t value = 0;
    EXPECT_FALSE(reader.ReadVarint(&value));
    EXPECT_EQ(reader.remaining(), length);
  }
  for (std::size_t length = 0; length < prefixed.size(); ++length) {
    ByteReader reader(Slice(prefixed).substr(0, length));
    Slice bytes;
    EXPECT_FALSE(reader.ReadLengthPrefixed(100, &bytes));
    EXPECT_EQ(reader.remaining(), length);
  }
  for (std::size_t length = 0; length < fixed.size(); ++length) {
    ByteReader reader(Slice(fixed).substr(0, length));
    std::uint64_t value = 0;
    EXPECT_FALSE(reader.ReadFixed(&value));
    EXPECT_EQ(reader.remaining(), length);
  }
}

TEST(Coding, VarintsBeyond64BitsAreRefused) {
  std::uint64_t value = 0;
  EXPECT_FALSE(ByteReader(std::string(9, '\xFF') + '\x02').ReadVarint(&value));
  EXPECT_FALSE(ByteReader(std::string(10, '\x80') + '\x01').ReadVarint(&value));
  EXPECT_TRUE(ByteReader(std::string(9, '\xFF') + '\x01').ReadVarint(&value));
  EXPECT_EQ(value, kMax64);
}

TEST(Coding, LengthsAboveTheCapAreRefusedBeforeTheyAreUsed) {
  std::string bytes;
  AppendLengthPrefixed(bytes, "hello");
  Slice read;
  ByteReader reader(bytes);
  EXPECT_FALSE(reader.ReadLengthPrefixed(4, &read));
  EXPECT_EQ(reader.offset(), 0u);
  ASSERT_TRUE(reader.ReadLengthPrefixed(5, &read));
  EXPECT_EQ(read, "hello");
  std::string huge;
  AppendVarint(huge, kMax64);
  EXPECT_FALSE(ByteReader(huge).ReadLengthPrefixed(kMax64, &read));
  std::uint64_t value = 0;
  EXPECT_FALSE(ByteReader(huge).ReadVarintUpTo(kMax64 - 1, &value));
}

TEST(Coding, TheReaderKnowsWhereItIs) {
  ByteReader reader("abcdef");
  Slice bytes;
  ASSERT_TRUE(reader.ReadBytes(2, &bytes));
  EXPECT_EQ(bytes, "ab");
  EXPECT_EQ(reader.offset(), 2u);
  EXPECT_EQ(reader.remaining(), 4u);
  EXPECT_EQ(reader.rest(), "cdef");
  EXPECT_FALSE(reader.ReadBytes(5, &bytes));
}

}  // namespace
}  // namespace firn
