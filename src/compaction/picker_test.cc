#include "compaction/picker.h"

#include <gtest/gtest.h>

#include "testing/tree_drawing.h"

namespace firn {
namespace {

using testing::Draw;
using testing::ParseTree;

// Tables of 10 bytes are full-sized.
CompactionPolicy TestPolicy() {
  CompactionPolicy policy;
  policy.table_bytes = 10;
  return policy;
}

std::string Pick(const std::string& drawing, Urgency urgency = Urgency::kNeeded,
                 const CompactionPolicy& policy = TestPolicy()) {
  const auto choice = PickCompaction(ParseTree(drawing), policy, {}, urgency);
  return choice.has_value() ? Draw(*choice) : "nothing";
}

std::string PickIdle(const std::string& drawing) { return Pick(drawing, Urgency::kIdle); }

std::string PickKeys(const std::string& drawing, std::optional<Slice> lower,
                     std::optional<Slice> upper) {
  CompactionPolicy policy = TestPolicy();
  policy.droppable_max = kSequenceMax;
  const auto choice = PickRange(ParseTree(drawing), policy, {}, lower, upper);
  return choice.has_value() ? Draw(*choice) : "nothing";
}

RunningJobs Running(const CompactionChoice& choice) {
  RunningJobs running;
  running.Begin(choice);
  return running;
}

// A job that reads one table.
RunningJobs BusyAt(const Tree& tree, std::size_t level, std::size_t run, std::size_t table) {
  CompactionChoice choice;
  choice.inputs.push_back({static_cast<std::uint8_t>(level), tree.levels[level][run]->id,
                           tree.levels[level][run]->tables[table]});
  return Running(choice);
}

TEST(Picker, LeavesATreeInShapeAlone) {
  EXPECT_EQ(Pick(""), "nothing");
  EXPECT_EQ(Pick("L0: [a-z] | [a-z] | [a-z] ; L7: [a-m][n-z]"), "nothing");
  EXPECT_EQ(Pick("L7: [a-c][d-f][g-i]"), "nothing");
}

TEST(Picker, MergesAFullLevelIntoASmallLastRun) {
  EXPECT_EQ(Pick("L0: [a-z] | [a-z] | [a-z] | [a-z] ; L7: [a-m][n-z]"),
            "L0 [a-z] L0 [a-z] L0 [a-z] L0 [a-z] L7 [a-m] L7 [n-z] -> L7, bottom");
}

TEST(Picker, MergesAFullLevelIntoTheNextWhenTheLastRunIsDear) {
  EXPECT_EQ(Pick("L0: [a-z] | [a-z] | [a-z] | [a-z] ; L7: [a-m]*100[n-z]*61"),
            "L0 [a-z] L0 [a-z] L0 [a-z] L0 [a-z] -> L1, cut a,n");
  EXPECT_EQ(Pick("L0: [a-z] | [a-z] | [a-z] | [a-z] ; L7: [a-m]*100[n-z]*60").substr(0, 10),
            "L0 [a-z] L")
      << "four for one is a fair price";
}

TEST(Picker, CountsWhatLiesBetweenTowardsThePrice) {
  const std::string level0 = "L0: [a-z] | [a-z] | [a-z] | [a-z] ; ";
  EXPECT_EQ(Pick(level0 + "L1: [a-z]*40 ; L7: [a-z]*320"),
            "L0 [a-z] L0 [a-z] L0 [a-z] L0 [a-z] L1 [a-z] L7 [a-z] -> L7, bottom");
  EXPECT_EQ(Pick(level0 + "L1: [a-z]*40 ; L7: [a-z]*321"),
            "L0 [a-z] L0 [a-z] L0 [a-z] L0 [a-z] -> L1, cut a");
}

TEST(Picker, SinksDisjointPartsOnTheirOwn) {
  const std::string drawing =
      "L0: [a-c][t-v] | [b-d] | [u-w] | [d-e] ; L7: [a-b]*20[e-f][s-u]*20[x-z]";
  const Tree tree = ParseTree(drawing);
  const auto first = PickCompaction(tree, TestPolicy(), {}, Urgency::kNeeded);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(Draw(*first), "L0 [a-c] L0 [b-d] L0 [d-e] L7 [a-b] L7 [e-f] -> L7, bottom");
  const auto second = PickCompaction(tree, TestPolicy(), Running(*first), Urgency::kNeeded);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(Draw(*second), "L0 [t-v] L0 [u-w] L7 [s-u] -> L7, bottom");
}

TEST(Picker, MovesWhatOverlapsNothing) {
  EXPECT_EQ(Pick("L0: [m-n] | [k-l] | [i-j] | [g-h] ; L7: [a-f]"),
            "L0 [m-n] L0 [k-l] L0 [i-j] L0 [g-h] -> L7, move, bottom");
  EXPECT_EQ(Pick("L0: [g-h) | [f-g) | [e-f) | [d-e)"),
            "L0 [g-h) L0 [f-g) L0 [e-f) L0 [d-e) -> L7, move, bottom")
      << "ranges that touch at an exclusive bound are disjoint";
}

TEST(Picker, RewritesRatherThanMovesWhatHoldsTombstones) {
  EXPECT_EQ(Pick("L0: [m-n]d1 | [k-l]d1 | [i-j]d1 | [g-h]d1"), "L0 [g-h] -> L7, bottom")
      << "a component each, the first of the cheapest";
}

TEST(Picker, RewritesRatherThanMovesIntoALevelOfAnotherEncoding) {
  CompactionPolicy policy = TestPolicy();
  policy.moves_to_last = false;
  EXPECT_EQ(Pick("L0: [m-n] | [k-l] | [i-j] | [g-h]", Urgency::kNeeded, policy),
            "L0 [g-h] -> L7, bottom");
}

TEST(Picker, LetsSmallTablesGrowTogether) {
  EXPECT_EQ(Pick("L0: [m-n]*1 | [k-l]*1 | [i-j]*1 | [g-h]*1 ; L7: [e-f]*3[p-q]*20"),
            "L0 [m-n] L0 [k-l] L0 [i-j] L0 [g-h] L7 [e-f] -> L7, bottom");
}

TEST(Picker, MovesADisjointLevelDownWhenTheLastRunIsDear) {
  EXPECT_EQ(Pick("L0: [m-n] | [k-l] | [i-j] | [g-h] ; L7: [a-z]*999"),
            "L0 [m-n] L0 [k-l] L0 [i-j] L0 [g-h] -> L1, move, cut a");
}

TEST(Picker, CallsATieredMergeBottomOnlyWithNothingOlderInItsInterval) {
  const std::string level0 = "L0: [c-g] | [c-g] | [c-g] | [c-g] ; ";
  EXPECT_EQ(Pick(level0 + "L1: [a-b] ; L7: [a-c]*500").find("bottom"), std::string::npos);
  const auto choice = PickCompaction(ParseTree("L5: [c-g] | [c-g] | [c-g] | [d-z] ; L6: [a-b]"),
                                     TestPolicy(), {}, Urgency::kNeeded);
  ASSERT_TRUE(choice.has_value());
  EXPECT_TRUE(choice->bottom);
}

TEST(Picker, NeverChoosesABusyTable) {
  const std::string drawing = "L0: [a-z] | [a-z] | [a-z] | [a-z] ; L7: [a-m][n-z]";
  const Tree tree = ParseTree(drawing);
  for (const auto& [level, run] : {std::pair{0, 0}, {0, 3}, {7, 0}}) {
    const auto choice = PickCompaction(
        tree, TestPolicy(),
        BusyAt(tree, static_cast<std::size_t>(level), static_cast<std::size_t>(run), 0),
        Urgency::kIdle);
    EXPECT_FALSE(choice.has_value()) << Draw(*choice);
  }
}

// Two merges into the last level once ran side by side: the first joined two small tables, a flush
// put a third between them, and the second moved that down before the first put its output over it.
TEST(Picker, LeavesAloneWhatARunningMergeMayFill) {
  const Tree before = ParseTree("L0: [a-b]*1[g-h]*1");
  const auto joining = PickCompaction(before, TestPolicy(), {}, Urgency::kIdle);
  ASSERT_TRUE(joining.has_value());
  ASSERT_EQ(Draw(*joining), "L0 [a-b] L0 [g-h] -> L7, bottom");
  RunningJobs running = Running(*joining);
  const Tree after = ParseTree("L0: [a-b]*1[g-h]*1 | [d-e] | [x-y]");
  const auto beside = PickCompaction(after, TestPolicy(), running, Urgency::kIdle);
  ASSERT_TRUE(beside.has_value());
  EXPECT_EQ(Draw(*beside), "L0 [x-y] -> L7, move, bottom") << "what lies outside need not wait";
  running.End(*joining);
  const auto freed = PickCompaction(after, TestPolicy(), running, Urgency::kIdle);
  ASSERT_TRUE(freed.has_value());
  EXPECT_EQ(Draw(*freed), "L0 [d-e] L0 [x-y] -> L7, move, bottom");
}

TEST(Picker, MergesOnlyTheOldestRunsOfALevel) {
  const Tree tree = ParseTree("L0: [a-z] | [a-z] | [a-z] | [a-z] | [a-z] | [a-z] ; L7: [a-z]*999");
  const auto older = PickCompaction(tree, TestPolicy(), BusyAt(tree, 0, 0, 0), Urgency::kNeeded);
  ASSERT_TRUE(older.has_value());
  EXPECT_EQ(older->inputs.size(), 5u);
  EXPECT_EQ(older->inputs.back().run, tree.levels[0].back()->id);
  const auto none = PickCompaction(tree, TestPolicy(), BusyAt(tree, 0, 5, 0), Urgency::kNeeded);
  EXPECT_FALSE(none.has_value()) << "the oldest run is busy: newer ones must not overtake it";
}

TEST(Picker, EmptiesTheDeepestTieredLevelWhateverThePrice) {
  EXPECT_EQ(Pick("L6: [a-z] | [a-z] | [a-z] | [a-z] ; L7: [a-z]*9999"),
            "L6 [a-z] L6 [a-z] L6 [a-z] L6 [a-z] L7 [a-z] -> L7, bottom");
}

TEST(Picker, BringsHeavyTombstonesDownAtAHigherPrice) {
  EXPECT_EQ(Pick("L1: [a-c]d4[x-z] ; L7: [b-d]*100"), "L1 [a-c] L7 [b-d] -> L7, bottom");
  EXPECT_EQ(Pick("L1: [a-c]d3[x-z] ; L7: [b-d]*100"), "nothing");
  EXPECT_EQ(Pick("L0: [a-c]d9 ; L1: [a-c] ; L7: [b-d]*100"), "nothing")
      << "only at the deepest tiered level";
}

TEST(Picker, RewritesLastTablesOnlyWhenTheirTombstonesSurelyGo) {
  const Tree tree = ParseTree("L7: [a-c][d-f]d4[g-i]d2");
  CompactionPolicy policy = TestPolicy();
  EXPECT_FALSE(PickCompaction(tree, policy, {}, Urgency::kIdle).has_value());
  policy.droppable_max = kSequenceMax;
  const auto heavy = PickCompaction(tree, policy, {}, Urgency::kNeeded);
  ASSERT_TRUE(heavy.has_value());
  EXPECT_EQ(Draw(*heavy), "L7 [d-f] -> L7, bottom");
  const auto light = PickCompaction(tree, policy, BusyAt(tree, 7, 0, 1), Urgency::kIdle);
  ASSERT_TRUE(light.has_value());
  EXPECT_EQ(Draw(*light), "L7 [g-i] -> L7, bottom");
}

TEST(Picker, SettlesWhenIdleWhatIsWorthThePrice) {
  EXPECT_EQ(PickIdle("L0: [a-c] ; L7: [b-d]*90[x-z]*999"), "L0 [a-c] L7 [b-d] -> L7, bottom");
  EXPECT_EQ(PickIdle("L0: [a-c] ; L7: [b-d]*91[x-z]*999"), "nothing");
  EXPECT_EQ(PickIdle("L0: [a-c]d5 ; L7: [b-d]*999"), "L0 [a-c] L7 [b-d] -> L7, bottom")
      << "tombstones free space below";
  EXPECT_EQ(PickIdle("L7: [a-c][d-f]"), "nothing");
}

TEST(Picker, MergesTheRunsThatStayWhenIdle) {
  EXPECT_EQ(PickIdle("L0: [a-c] | [b-d] ; L7: [a-d]*999"), "L0 [a-c] L0 [b-d] -> L1, cut a");
  EXPECT_EQ(PickIdle("L1: [a-c] | [b-d] ; L7: [a-d]*999"), "L1 [a-c] L1 [b-d] -> L2, cut a");
  EXPECT_EQ(PickIdle("L0: [a-c] ; L1: [b-d] ; L7: [a-d]*999"), "nothing");
}

TEST(PickRange, TakesWholeComponentsOfTheRangeDown) {
  const std::string drawing = "L0: [c-e] ; L2: [a-d][k-m] ; L7: [e-f][g-h][l-n][x-z]";
  EXPECT_EQ(PickKeys(drawing, "d", "e"), "L0 [c-e] L2 [a-d] L7 [e-f] -> L7, bottom");
  EXPECT_EQ(PickKeys(drawing, "k", "l"), "L2 [k-m] L7 [l-n] -> L7, bottom");
  EXPECT_EQ(PickKeys(drawing, "g", "k"), "nothing") << "the upper bound is exclusive";
  EXPECT_EQ(PickKeys(drawing, "m", "n"), "L2 [k-m] L7 [l-n] -> L7, bottom");
  EXPECT_EQ(PickKeys(drawing, "n", std::nullopt), "nothing");
  EXPECT_EQ(PickKeys(drawing, std::nullopt, "c"), "L0 [c-e] L2 [a-d] L7 [e-f] -> L7, bottom");
  EXPECT_EQ(PickKeys("L7: [a-c][d-f]d1", std::nullopt, std::nullopt), "L7 [d-f] -> L7, bottom");
  EXPECT_EQ(PickKeys("L7: [a-c][d-f]d1", std::nullopt, "d"), "nothing");
  EXPECT_EQ(PickKeys("L3: [a-c]", std::nullopt, std::nullopt), "L3 [a-c] -> L7, move, bottom");
}

TEST(PickCutPoints, CutsCoarserForSmallerRunsAndNestsTheCuts) {
  std::string drawing = "L7: ";
  for (int i = 1000; i < 3000; i += 2) {
    drawing += "[k" + std::to_string(i) + "-k" + std::to_string(i + 1) + "]";
  }
  const Tree tree = ParseTree(drawing);
  std::vector<std::string> finer = PickCutPoints(tree, TestPolicy(), 100000);
  EXPECT_EQ(finer.size(), 1000u);
  for (const std::uint64_t bytes : {1000u, 300u, 100u, 10u}) {
    const std::vector<std::string> cuts = PickCutPoints(tree, TestPolicy(), bytes);
    EXPECT_TRUE(std::includes(finer.begin(), finer.end(), cuts.begin(), cuts.end()));
    EXPECT_LT(cuts.size(), 2 * 4 * bytes / 10 + 10) << "about one cut a quarter table";
    finer = cuts;
  }
  EXPECT_TRUE(PickCutPoints(ParseTree(""), TestPolicy(), 1000).empty());
}

TEST(OutputRun, JoinsTheLastRunThatIsThereAtTheTime) {
  const Tree tree = ParseTree("L0: [a-b] ; L7: [c-d]");
  EXPECT_EQ(OutputRun(tree, kLastLevel), tree.last_run()->id);
  EXPECT_EQ(OutputRun(tree, 1), std::nullopt);
  EXPECT_EQ(OutputRun(Tree{}, kLastLevel), std::nullopt);
}

}  // namespace
}  // namespace firn
