#include "units.h"

#include <gtest/gtest.h>

#include <limits>

namespace firn::tool {
namespace {

TEST(ParseBytes, UnderstandsBinaryAndDecimalUnits) {
  EXPECT_EQ(*ParseBytes("0"), 0u);
  EXPECT_EQ(*ParseBytes("67108864"), 67108864u);
  EXPECT_EQ(*ParseBytes("64MiB"), 64u << 20);
  EXPECT_EQ(*ParseBytes("64M"), 64u << 20);
  EXPECT_EQ(*ParseBytes("64MB"), 64'000'000u);
  EXPECT_EQ(*ParseBytes("2GiB"), std::uint64_t{2} << 30);
  EXPECT_EQ(*ParseBytes("3kB"), 3000u);
}

TEST(ParseBytes, RefusesWhatIsNoSize) {
  for (const Slice text : {"", "MiB", "-1", "64 MiB", "1.5GiB", "64mib", "12X", "0x10"}) {
    EXPECT_FALSE(ParseBytes(text).ok()) << text;
  }
}

TEST(ParseBytes, RefusesMoreThan64Bits) {
  EXPECT_FALSE(ParseBytes("18446744073709551616").ok());
  EXPECT_FALSE(ParseBytes("16777216TiB").ok());
  EXPECT_EQ(*ParseBytes("16777215TiB"), std::uint64_t{16777215} << 40);
}

TEST(FormatBytes, ChoosesTheUnitThatKeepsNumbersShort) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1024), "1.0 KiB");
  EXPECT_EQ(FormatBytes((1u << 20) - 1), "1.0 MiB");
  EXPECT_EQ(FormatBytes(12'900'000), "12.3 MiB");
  EXPECT_EQ(FormatBytes(std::numeric_limits<std::uint64_t>::max()), "16.0 EiB");
}

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(1234567), "1,234,567");
}

TEST(FormatDuration, ShowsTheTwoLargestUnits) {
  EXPECT_EQ(FormatDuration(7), "7s");
  EXPECT_EQ(FormatDuration(125), "2m05s");
  EXPECT_EQ(FormatDuration(3720), "1h02m");
}

}  // namespace
}  // namespace firn::tool
