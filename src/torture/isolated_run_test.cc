#include "torture/isolated_run.h"

#include <gtest/gtest.h>

namespace firn::testing {
namespace {

TEST(IsolatedRun, ComesToWhatTheRunComesToHere) {
  Plan plan = MakePlan(7);
  plan.narrate = true;
  const RunVerdict here = Simulate(plan);
  const RunVerdict there = SimulateIsolated(plan);
  EXPECT_GT(here.steps, 0u);
  EXPECT_FALSE(here.told.empty());
  EXPECT_EQ(there.failure, here.failure);
  EXPECT_EQ(there.trace, here.trace);
  EXPECT_EQ(there.steps, here.steps);
  EXPECT_EQ(there.commits, here.commits);
  EXPECT_EQ(there.faults, here.faults);
  EXPECT_EQ(there.flushes, here.flushes);
  EXPECT_EQ(there.compactions, here.compactions);
  EXPECT_EQ(there.lost_power, here.lost_power);
  EXPECT_EQ(there.told, here.told);
}

TEST(IsolatedRun, TellsOfADeathAndWhatItLeft) {
  Plan plan = MakePlan(7);
  plan.workers = 1;  // the runtime refuses that with a check
  const RunVerdict verdict = SimulateIsolated(plan);
  EXPECT_NE(verdict.failure.find("the process died"), std::string::npos) << verdict.failure;
  EXPECT_NE(verdict.failure.find("workers >= 2"), std::string::npos) << verdict.failure;
}

}  // namespace
}  // namespace firn::testing
