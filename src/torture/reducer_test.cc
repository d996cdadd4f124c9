#include "torture/reducer.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace firn::testing {
namespace {

// Stands in for an engine with a bug: fails when both operations are carried out, and with a bad
// schedule only in every other try.
RunVerdict FailsWithTwo(const Plan& plan) {
  RunVerdict verdict;
  const bool both = plan.Has({1, 4}) && plan.Has({2, 9});
  if (both && plan.schedule.seed % 2 == 0) {
    verdict.failure = "operation " + std::to_string(plan.Operations().size()) +
                      ", step 77: key12 '" + std::to_string(plan.schedule.seed) + "' is lost";
  } else if (plan.Has({0, 0})) {
    verdict.failure = "something else";
  }
  return verdict;
}

Plan SomePlan() {
  Plan plan = MakePlan(3);
  plan.clients = 4;
  plan.operations = 40;
  plan.schedule.seed = 2;
  return plan;
}

TEST(Reducer, FindsTheOperationsThatMatterAndNoOther) {
  const Plan plan = SomePlan();
  const Reduction reduction = Reduce(plan, FailsWithTwo(plan).failure, FailsWithTwo);
  EXPECT_EQ(reduction.plan.Operations(), (std::vector<OperationId>{{1, 4}, {2, 9}}));
  EXPECT_EQ(KindOf(reduction.verdict.failure), "key  is lost");
  EXPECT_FALSE(reduction.plan.has_faults());
  EXPECT_EQ(reduction.plan.crash_step, 0u);
  EXPECT_EQ(reduction.plan.options.compression, Compression::kNone);
  EXPECT_LT(reduction.runs, 500u);
}

TEST(Reducer, FindsTheOneFaultThatMatters) {
  Plan plan = SomePlan();
  plan.faults.io_one_in = 50;
  const auto simulate = [](const Plan& candidate) {
    RunVerdict verdict;
    const FaultRates& faults = candidate.faults;
    if (faults.io_one_in != 0 && faults.first <= 37 && 37 <= faults.last) verdict.failure = "bad";
    return verdict;
  };
  const Reduction reduction = Reduce(plan, "bad", simulate);
  EXPECT_EQ(reduction.plan.faults.first, 37u);
  EXPECT_EQ(reduction.plan.faults.last, 37u);
  EXPECT_TRUE(reduction.plan.Operations().empty());
}

TEST(Reducer, KeepsToItsBudget) {
  const Plan plan = SomePlan();
  std::size_t runs = 0;
  const auto simulate = [&](const Plan& candidate) {
    ++runs;
    return FailsWithTwo(candidate);
  };
  const Reduction reduction =
      Reduce(plan, FailsWithTwo(plan).failure, simulate, {.runs_max = 20, .schedules = 4});
  EXPECT_LE(runs, 21u) << "and one to tell the tale";
  EXPECT_EQ(reduction.runs, runs);
}

TEST(Reducer, TakesFailuresForTheSameWhenOnlyPlaceAndNumbersDiffer) {
  EXPECT_EQ(KindOf("operation 5, step 9: get of key101 found \"1.2\""),
            KindOf("operation 55, step 19: get of key7 found \"x\""));
  EXPECT_EQ(KindOf("\ndeadlock:\n  a waits"), KindOf("\ndeadlock:\n  b waits"));
  EXPECT_NE(KindOf("get"), KindOf("scan"));
}

}  // namespace
}  // namespace firn::testing
