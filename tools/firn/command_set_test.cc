#include "command_set.h"

#include <gtest/gtest.h>

namespace firn::tool {
namespace {

// Parses `words` as "scan-like" command with the operands KEY and, optional, VALUE.
class OperandsTest : public ::testing::Test {
 protected:
  OperandsTest()
      : commands_(root_, context_),
        command_(commands_.Add("try", "")),
        operands_(*command_, {"KEY", "VALUE"}, 1) {
    commands_.AddBytesOptions(*command_);
    commands_.AddRangeOptions(*command_);
  }

  bool Parse(std::vector<std::string> words) {
    words.insert(words.begin(), "try");
    std::reverse(words.begin(), words.end());
    root_.parse(words);
    return operands_.Resolve(context_);
  }

  CLI::App root_;
  CommandContext context_;
  CommandSet commands_;
  CLI::App* command_;
  Operands operands_;
};

TEST_F(OperandsTest, FirstWordIsTheDirectory) {
  ASSERT_TRUE(Parse({"dir", "key", "value"}));
  EXPECT_EQ(operands_.directory(), "dir");
  EXPECT_EQ(operands_.at(0), "key");
  EXPECT_EQ(operands_.at(1), "value");
}

TEST_F(OperandsTest, DbOptionTakesThePlaceOfTheDirectory) {
  ASSERT_TRUE(Parse({"--db", "dir", "key"}));
  EXPECT_EQ(operands_.directory(), "dir");
  EXPECT_EQ(operands_.at(0), "key");
  EXPECT_FALSE(operands_.has(1));
}

TEST_F(OperandsTest, WordsAreTakenAsTheyStand) {
  ASSERT_TRUE(Parse({"--db", "dir", "--", "[a,b]", ""}));
  EXPECT_EQ(operands_.at(0), "[a,b]");
  ASSERT_TRUE(operands_.has(1));
  EXPECT_EQ(operands_.at(1), "");
}

TEST_F(OperandsTest, KeysMayBeginWithADashAfterTwo) {
  ASSERT_TRUE(Parse({"dir", "--", "--json", "-1"}));
  EXPECT_EQ(operands_.at(0), "--json");
  EXPECT_EQ(operands_.at(1), "-1");
  EXPECT_FALSE(context_.common.json);
}

TEST_F(OperandsTest, MissingOnesAreUsageErrors) {
  EXPECT_FALSE(Parse({"dir"}));
  EXPECT_EQ(context_.fail_code(), ExitCode::kUsage);
}

TEST_F(OperandsTest, TooManyAreUsageErrors) {
  EXPECT_FALSE(Parse({"--db", "dir", "key", "value", "more"}));
  EXPECT_EQ(context_.fail_code(), ExitCode::kUsage);
}

TEST_F(OperandsTest, EmptyBoundsAreSetBounds) {
  ASSERT_TRUE(Parse({"dir", "key", "--from", "", "--to", "b"}));
  const std::optional<KeyRange> range = context_.Range();
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->lower, "");
  EXPECT_EQ(range->upper, "b");
}

TEST_F(OperandsTest, BoundsAreDecodedLikeKeys) {
  ASSERT_TRUE(Parse({"dir", "key", "--hex", "--prefix", "61ff"}));
  EXPECT_EQ(context_.Range()->lower, "a\xff");
  EXPECT_EQ(context_.Range()->upper, "b");
}

TEST_F(OperandsTest, MalformedBoundsAreUsageErrors) {
  ASSERT_TRUE(Parse({"dir", "key", "--hex", "--from", "6"}));
  EXPECT_FALSE(context_.Range().has_value());
  EXPECT_EQ(context_.fail_code(), ExitCode::kUsage);
}

}  // namespace
}  // namespace firn::tool
