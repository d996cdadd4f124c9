#include "compaction/running_jobs.h"

#include <gtest/gtest.h>

#include "testing/tree_drawing.h"

namespace firn {
namespace {

using testing::ParseTree;

// A job that reads every table of a level and writes into `output_level`.
CompactionChoice ReadAll(const Tree& tree, std::uint8_t level, std::uint8_t output_level) {
  CompactionChoice choice;
  for (const auto& run : tree.levels[level]) {
    for (const auto& table : run->tables) choice.inputs.push_back({level, run->id, table});
  }
  choice.output_level = output_level;
  return choice;
}

TEST(RunningJobs, KeepTheGapsOfMergesIntoTheLastLevelOnly) {
  const Tree tree = ParseTree("L0: [c-d][m-n]");
  const CompactionChoice sinking = ReadAll(tree, 0, kLastLevel);
  RunningJobs running;
  running.Begin(sinking);
  EXPECT_TRUE(running.MayFill("e", "f")) << "between the inputs";
  EXPECT_TRUE(running.MayFill("a", "c")) << "bounds are included";
  EXPECT_TRUE(running.MayFill("n", "z"));
  EXPECT_FALSE(running.MayFill("a", "b"));
  EXPECT_FALSE(running.MayFill("o", "z"));
  running.End(sinking);
  EXPECT_FALSE(running.MayFill("e", "f"));

  running.Begin(ReadAll(tree, 0, 1));
  EXPECT_FALSE(running.MayFill("e", "f")) << "a new run above the last meets nobody";
}

TEST(RunningJobs, AMoveKeepsItsTablesButNoGap) {
  const Tree tree = ParseTree("L0: [c-d][m-n]");
  CompactionChoice move = ReadAll(tree, 0, kLastLevel);
  move.trivial_move = true;
  RunningJobs running;
  running.Begin(move);
  EXPECT_FALSE(running.MayFill("e", "f"));
  EXPECT_TRUE(running.Reads(move.inputs[0].table->metadata().number));
  running.End(move);
  EXPECT_FALSE(running.Reads(move.inputs[0].table->metadata().number));
}

TEST(RunningJobs, TwoJobsOfEqualIntervalsEndOneByOne) {
  const Tree tree = ParseTree("L0: [c-d] ; L1: [c-d]");
  RunningJobs running;
  running.Begin(ReadAll(tree, 0, kLastLevel));
  running.Begin(ReadAll(tree, 1, kLastLevel));
  running.End(ReadAll(tree, 0, kLastLevel));
  EXPECT_TRUE(running.MayFill("c", "c"));
  running.End(ReadAll(tree, 1, kLastLevel));
  EXPECT_FALSE(running.MayFill("c", "c"));
}

TEST(RunningJobsDeathTest, NoTableIsInTwoJobs) {
  const Tree tree = ParseTree("L0: [c-d]");
  RunningJobs running;
  running.Begin(ReadAll(tree, 0, 1));
  EXPECT_DEATH(running.Begin(ReadAll(tree, 0, 1)), "fresh");
}

}  // namespace
}  // namespace firn
