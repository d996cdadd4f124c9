#include "progress.h"

#include <gtest/gtest.h>

namespace firn::tool {
namespace {

constexpr ProgressState kHalfWay{
    .rows = 1234567, .bytes = 50'000'000, .bytes_total = 100'000'000, .elapsed_micros = 2'000'000};

TEST(RenderProgress, ShowsBarShareRateAndTimeLeft) {
  EXPECT_EQ(RenderProgress(kHalfWay, 100),
            "[###############...............]  50%  1,234,567 rows  47.7 MiB  25.0 MB/s  2s left");
}

TEST(RenderProgress, NeverExceedsTheTerminal) {
  for (std::size_t columns = 0; columns < 120; ++columns) {
    EXPECT_LE(RenderProgress(kHalfWay, columns).size(), columns);
  }
}

TEST(RenderProgress, GivesUpTheBarBeforeTheNumbers) {
  const std::string line = RenderProgress(kHalfWay, 55);
  EXPECT_EQ(line.find('#'), std::string::npos);
  EXPECT_NE(line.find("2s left"), std::string::npos);
}

TEST(RenderProgress, WithoutATotalShowsNoBarAndNoEnd) {
  ProgressState state = kHalfWay;
  state.bytes_total = 0;
  EXPECT_EQ(RenderProgress(state, 100), "1,234,567 rows  47.7 MiB  25.0 MB/s");
}

TEST(RenderProgress, AtTheStartDividesByNothing) {
  EXPECT_EQ(RenderProgress({.rows = {}, .bytes = 0, .bytes_total = 100, .elapsed_micros = 0}, 60),
            "[..............................]   0%  0 B  0.0 MB/s");
}

TEST(RenderProgress, InputThatGrewStaysAtFull) {
  const std::string line = RenderProgress(
      {.rows = {}, .bytes = 150, .bytes_total = 100, .elapsed_micros = 1'000'000}, 90);
  EXPECT_NE(line.find("100%"), std::string::npos);
  EXPECT_NE(line.find("0s left"), std::string::npos);
}

}  // namespace
}  // namespace firn::tool
