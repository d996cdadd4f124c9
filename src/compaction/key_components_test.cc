#include "compaction/key_components.h"

#include <gtest/gtest.h>

#include "testing/tree_drawing.h"

namespace firn {
namespace {

using testing::ParseTree;

TEST(FindComponents, LeavesNoGapAndNoOverlap) {
  const auto components =
      FindComponents(ParseTree("L0: [a-b][m-p] ; L1: [b-c][d-e) ; L7: [e-f][n-n]"), 0, {});
  ASSERT_EQ(components.size(), 4u);
  EXPECT_EQ(components[0].tables.size(), 2u);
  EXPECT_EQ(components[1].tables.size(), 1u);
  EXPECT_EQ(components[2].tables.size(), 1u);
  EXPECT_EQ(components[3].tables.size(), 2u);
  EXPECT_EQ(components[3].upper_bytes, 10u);
  EXPECT_EQ(components[3].last_bytes, 10u);
}

TEST(FindComponents, ListsInputsNewestFirstAndLooksOnlyFromTheTopDown) {
  const Tree tree = ParseTree("L0: [c-d] ; L1: [a-b][c-f] | [b-e] ; L7: [a-a]*7[d-d]*8");
  const auto components = FindComponents(tree, 1, {});
  ASSERT_EQ(components.size(), 1u);
  std::vector<std::string> lowers;
  for (const PlacedTable& placed : components[0].tables) {
    lowers.push_back(placed.metadata().lower);
  }
  EXPECT_EQ(lowers, (std::vector<std::string>{"a", "c", "b", "a", "d"}));
  EXPECT_EQ(components[0].upper_bytes, 30u);
  EXPECT_EQ(components[0].last_bytes, 15u);
}

TEST(FindComponents, MarksWhatHoldsABusyTableAndCountsTombstones) {
  const Tree tree = ParseTree("L0: [a-b]d3[x-y] ; L7: [b-c]");
  CompactionChoice rewriting;
  rewriting.output_level = kLastLevel;
  rewriting.inputs.push_back({kLastLevel, tree.last_run()->id, tree.last_run()->tables[0]});
  RunningJobs running;
  running.Begin(rewriting);
  const auto components = FindComponents(tree, 0, running);
  ASSERT_EQ(components.size(), 2u);
  EXPECT_TRUE(components[0].busy);
  EXPECT_EQ(components[0].upper_deletes, 3u);
  EXPECT_EQ(components[0].upper_entries, 10u);
  EXPECT_EQ(components[0].last_entries, 10u);
  EXPECT_FALSE(components[1].busy);
}

}  // namespace
}  // namespace firn
