#include "key_range.h"

#include <gtest/gtest.h>

namespace firn::tool {
namespace {

TEST(EndOfPrefix, IsTheNextPrefixOfTheSameLengthOrShorter) {
  EXPECT_EQ(EndOfPrefix("ab"), "ac");
  EXPECT_EQ(EndOfPrefix("a\xff"), "b");
  EXPECT_EQ(EndOfPrefix("a\x7f"), "a\x80");
  EXPECT_EQ(EndOfPrefix(std::string(1, '\0')), "\x01");
}

TEST(EndOfPrefix, IsOpenWhenNoKeyLiesBehind) {
  EXPECT_EQ(EndOfPrefix(""), std::nullopt);
  EXPECT_EQ(EndOfPrefix("\xff\xff"), std::nullopt);
}

TEST(IntersectRange, TakesTheTighterOfBoundsAndPrefix) {
  KeyRange range = IntersectRange("b", "d", std::nullopt);
  EXPECT_EQ(range.lower, "b");
  EXPECT_EQ(range.upper, "d");
  range = IntersectRange("a", "z", "m");
  EXPECT_EQ(range.lower, "m");
  EXPECT_EQ(range.upper, "n");
  range = IntersectRange("mc", "mx", "m");
  EXPECT_EQ(range.lower, "mc");
  EXPECT_EQ(range.upper, "mx");
  range = IntersectRange(std::nullopt, std::nullopt, "\xff");
  EXPECT_EQ(range.lower, "\xff");
  EXPECT_EQ(range.upper, std::nullopt);
}

TEST(IntersectRange, WithoutLimitsIsEverything) {
  const KeyRange range = IntersectRange(std::nullopt, std::nullopt, std::nullopt);
  EXPECT_EQ(range.lower, std::nullopt);
  EXPECT_EQ(range.upper, std::nullopt);
}

}  // namespace
}  // namespace firn::tool
