#include "wal/sync_group.h"

#include <gtest/gtest.h>

namespace firn::testing {
namespace {

void JoinMany(SyncGroup& group, int count) {
  for (int i = 0; i < count; ++i) group.Join();
}

void SyncOnce(SyncGroup& group) {
  group.Closed();
  group.SyncBegins();
  group.SyncEnds();
}

TEST(SyncGroup, ALoneCallerIsNeverAskedToWait) {
  SyncGroup group;
  for (int i = 0; i < 100; ++i) {
    group.Join();
    EXPECT_FALSE(group.incomplete());
    SyncOnce(group);
  }
}

TEST(SyncGroup, WaitsForThoseWhoTookPartInTheLastSync) {
  SyncGroup group;
  group.Join();
  group.Closed();
  group.SyncBegins();
  JoinMany(group, 3);  // too late for the first sync
  group.SyncEnds();
  EXPECT_TRUE(group.incomplete()) << "the first one will be back";
  group.Join();
  EXPECT_FALSE(group.incomplete());
}

TEST(SyncGroup, StopsWaitingForLongerAndLongerWhenNobodyComes) {
  SyncGroup group;
  group.Join();
  int tries = 0;
  for (int i = 0; i < 1000; ++i) {
    tries += group.incomplete() ? 1 : 0;
    group.Closed();
    group.SyncBegins();
    group.Join();  // the other one, always just too late
    group.SyncEnds();
  }
  EXPECT_GT(tries, 5);
  EXPECT_LT(tries, 40);
}

TEST(SyncGroup, TriesEveryTimeWhileItPays) {
  SyncGroup group;
  JoinMany(group, 4);
  SyncOnce(group);
  for (int i = 0; i < 100; ++i) {
    group.Join();
    EXPECT_TRUE(group.incomplete());
    JoinMany(group, 3);
    EXPECT_FALSE(group.incomplete());
    SyncOnce(group);
  }
}

}  // namespace
}  // namespace firn::testing
