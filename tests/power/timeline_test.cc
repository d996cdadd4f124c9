// The judge of images against contents that are wrong: each must be refused.
#include "power/timeline.h"

#include <gtest/gtest.h>

namespace firn::power {
namespace {

class TimelineTest : public ::testing::Test {
 protected:
  void Say(const std::string& mark) { timeline_.Apply(mark); }
  // The store after so many commits of the two writers.
  [[nodiscard]] Contents After(std::uint64_t first, std::uint64_t second) const {
    Contents contents = ContentsAfter(workload_, 0, first);
    for (auto& [name, table] : ContentsAfter(workload_, 1, second)) {
      contents[name].insert(table.begin(), table.end());
    }
    contents["default"];
    return contents;
  }

  const Workload workload_{.name = "two", .seed = 1, .writers = 2};
  Timeline timeline_{workload_};
};

TEST_F(TimelineTest, TakesEveryPrefixBetweenWhatIsDurableAndWhatWasIssued) {
  for (const char* const mark : {"issue 0 1", "ack 0 1 sync", "issue 0 2", "ack 0 2 periodic",
                                 "issue 0 3"}) {
    Say(mark);
  }
  EXPECT_NE(timeline_.Check(After(0, 0), false), std::nullopt);
  EXPECT_EQ(timeline_.Check(After(1, 0), false), std::nullopt);
  EXPECT_EQ(timeline_.Check(After(3, 0), false), std::nullopt);
  EXPECT_NE(timeline_.Check(After(4, 0), false), std::nullopt);
  EXPECT_NE(timeline_.Check(After(1, 0), true), std::nullopt);
  EXPECT_EQ(timeline_.Check(After(2, 0), true), std::nullopt);
}

TEST_F(TimelineTest, ADurableCommitHardensWhatOthersWereToldBefore) {
  for (const char* const mark : {"issue 1 1", "ack 1 1 periodic", "issue 0 1", "ack 0 1 sync"}) {
    Say(mark);
  }
  EXPECT_NE(timeline_.Check(After(1, 0), false), std::nullopt);
  EXPECT_EQ(timeline_.Check(After(1, 1), false), std::nullopt);
}

TEST_F(TimelineTest, RefusesAHoleBetweenWriters) {
  for (const char* const mark : {"issue 1 1", "ack 1 1 periodic", "issue 0 1"}) Say(mark);
  EXPECT_EQ(timeline_.Check(After(0, 0), false), std::nullopt);
  EXPECT_EQ(timeline_.Check(After(0, 1), false), std::nullopt);
  EXPECT_NE(timeline_.Check(After(1, 0), false), std::nullopt);
}

TEST_F(TimelineTest, RefusesHalfABatchAndAnOldValue) {
  for (const char* const mark : {"issue 0 1", "issue 0 2", "issue 0 3"}) Say(mark);
  Contents half = After(3, 0);
  ASSERT_GT(half["default"].size(), 1u);
  half["default"].erase(half["default"].begin());
  EXPECT_NE(timeline_.Check(half, false), std::nullopt);
  Contents old = After(3, 0);
  old["default"].begin()->second = "something else";
  EXPECT_NE(timeline_.Check(old, false), std::nullopt);
}

TEST_F(TimelineTest, RefusesARefusedCommitAndOneThatWasRecoveredAndIsGone) {
  for (const char* const mark : {"issue 0 1", "ack 0 1 periodic", "issue 0 2", "refuse 0 2"}) {
    Say(mark);
  }
  EXPECT_NE(timeline_.Check(After(2, 0), false), std::nullopt);
  EXPECT_EQ(timeline_.Check(After(0, 0), false), std::nullopt);
  timeline_.Keep({1, 0});
  EXPECT_NE(timeline_.Check(After(0, 0), false), std::nullopt);
}

TEST_F(TimelineTest, KeyspacesAreThereBetweenTheirMarks) {
  Contents with = After(0, 0);
  with["second"];
  EXPECT_NE(timeline_.Check(with, false), std::nullopt);
  Say("creating second");
  EXPECT_EQ(timeline_.Check(with, false), std::nullopt);
  EXPECT_EQ(timeline_.Check(After(0, 0), false), std::nullopt);
  Say("created second");
  EXPECT_NE(timeline_.Check(After(0, 0), false), std::nullopt);
  Say("dropping second");
  EXPECT_EQ(timeline_.Check(After(0, 0), false), std::nullopt);
  Say("dropped second");
  EXPECT_NE(timeline_.Check(with, false), std::nullopt);
}

}  // namespace
}  // namespace firn::power
