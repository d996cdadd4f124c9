#include "compaction/tombstone_cutter.h"

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <random>

#include "format/range_tombstones.h"

namespace firn {
namespace {

std::string Take(TombstoneCutter& cutter, std::optional<Slice> end) {
  std::string text;
  for (const RangeTombstone& part : cutter.TakeBefore(end)) {
    text += std::string(part.begin) + ".." + std::string(part.end) + ":" +
            std::to_string(part.sequence) + " ";
  }
  return text;
}

TEST(TombstoneCutter, CutsWhatReachesOverAnEndIntoBothTables) {
  TombstoneCutter cutter({{"b", "m", 9}, {"b", "m", 4}, {"p", "q", 5}});
  EXPECT_EQ(Take(cutter, "a"), "");
  EXPECT_EQ(Take(cutter, "d"), "b..d:9 b..d:4 ");
  EXPECT_EQ(Take(cutter, "f"), "d..f:9 d..f:4 ");
  EXPECT_EQ(Take(cutter, "p"), "f..m:9 f..m:4 ");
  EXPECT_FALSE(cutter.empty());
  EXPECT_EQ(Take(cutter, std::nullopt), "p..q:5 ");
  EXPECT_TRUE(cutter.empty());
}

TEST(TombstoneCutter, AnEndAtABorderCutsNothing) {
  TombstoneCutter cutter({{"b", "d", 9}, {"d", "f", 4}});
  EXPECT_EQ(Take(cutter, "b"), "");
  EXPECT_EQ(Take(cutter, "d"), "b..d:9 ");
  EXPECT_EQ(Take(cutter, "f"), "d..f:4 ");
  EXPECT_TRUE(cutter.empty());
  EXPECT_EQ(Take(cutter, std::nullopt), "");
}

TEST(TombstoneCutter, GivesTheLastTableAllThatIsLeft) {
  TombstoneCutter cutter({{"b", "d", 9}, {"x", "z", 4}});
  EXPECT_EQ(Take(cutter, "c"), "b..c:9 ");
  EXPECT_EQ(Take(cutter, std::nullopt), "c..d:9 x..z:4 ");
}

TEST(TombstoneCutter, PartsJoinToTheWholeAndStayInTheirInterval) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    const auto key = [&] { return std::string(1, static_cast<char>('a' + random() % 20)); };
    std::vector<std::string> keys;
    for (int i = 0; i < 10; ++i) keys.push_back(key());
    std::vector<RangeTombstone> tombstones;
    for (std::size_t i = 0; i < keys.size(); i += 2) {
      tombstones.push_back({keys[i], keys[i + 1], 1 + random() % 9});
    }
    const FragmentedTombstones whole = FragmentedTombstones::Build(tombstones);
    std::vector<RangeTombstone> fragments;
    whole.AppendTo(fragments);
    TombstoneCutter cutter(fragments);

    std::vector<std::string> ends = {key(), key(), key()};
    std::ranges::sort(ends);
    std::deque<std::string> kept;
    std::vector<RangeTombstone> parts;
    std::string begin;
    const auto take = [&](std::optional<Slice> end) {
      for (const RangeTombstone& part : cutter.TakeBefore(end)) {
        ASSERT_GE(part.begin, begin) << "seed " << seed;
        ASSERT_LT(part.begin, part.end);
        if (end) {
          ASSERT_LE(part.end, *end);
        }
        const Slice from = kept.emplace_back(part.begin);
        parts.push_back({from, kept.emplace_back(part.end), part.sequence});
      }
      if (end) begin = *end;
    };
    for (const Slice end : ends) take(end);
    take(std::nullopt);
    std::vector<RangeTombstone> rejoined;
    const FragmentedTombstones again = FragmentedTombstones::Build(parts);
    again.AppendTo(rejoined);
    ASSERT_EQ(rejoined.size(), fragments.size()) << "seed " << seed;
    for (std::size_t i = 0; i < rejoined.size(); ++i) {
      ASSERT_EQ(rejoined[i].begin, fragments[i].begin);
      ASSERT_EQ(rejoined[i].end, fragments[i].end);
      ASSERT_EQ(rejoined[i].sequence, fragments[i].sequence);
    }
  }
}

}  // namespace
}  // namespace firn
