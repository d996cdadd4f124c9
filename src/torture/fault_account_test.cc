#include "torture/fault_account.h"

#include <gtest/gtest.h>

#include "table/table_settings.h"

namespace firn::testing {
namespace {

constexpr TaskId kClient = 3;
constexpr TaskId kWorker = 1;
constexpr FaultAccount::Checks kProven{.content = true, .orphans = true, .checkpoints = true};

StruckFault TableWrite(std::uint64_t number) {
  return {number, CallKind::kWrite, "/store/" + TableFileName(FileNumber{7})};
}

std::string Untold(const FaultAccount& account, FaultAccount::Checks checks = kProven) {
  return account.FirstUntold(checks).value_or("");
}

TEST(FaultAccount, AnErrorOfTheCallInWhichItStruckTellsIt) {
  FaultAccount account;
  account.Struck(kClient, TableWrite(1));
  account.Answered(kClient, Status(StatusCode::kIo, "something went wrong"));
  EXPECT_EQ(Untold(account), "");
  account.Struck(kClient, TableWrite(2));
  account.Answered(kClient, Status());
  EXPECT_NE(Untold(account), "") << "that call said that all was well";
  account.Answered(kClient, Status(StatusCode::kIo, "a later one"));
  EXPECT_NE(Untold(account), "") << "and a later answer is not about it";
}

TEST(FaultAccount, TheMarkInAnAnswerOrInTheHealthTellsIt) {
  FaultAccount account;
  account.Struck(kWorker, TableWrite(11));
  account.Struck(kWorker, TableWrite(12));
  account.Answered(kClient, Status(StatusCode::kClosed, "a write" + FaultMark(11) + " failed"));
  EXPECT_NE(Untold(account), "") << "an answer to another task tells of what it names only";
  account.Hear("I/O error: x" + FaultMark(12));
  EXPECT_EQ(Untold(account), "");
}

TEST(FaultAccount, ACounterTellsOfNoMoreThanItCounts) {
  FaultAccount account;
  account.Struck(kWorker, TableWrite(1));
  account.Struck(kWorker, TableWrite(2));
  Stats stats;
  stats.job_failures = 1;
  stats.manifest_failures = 5;
  account.Count(stats);
  EXPECT_NE(Untold(account), "") << "two tables, one failed job; the manifest has no part in it";
  account.Count(stats);
  EXPECT_EQ(Untold(account), "");
}

TEST(FaultAccount, WhatIsHarmlessNeedsItsProof) {
  FaultAccount account;
  StruckFault removal = TableWrite(1);
  removal.call = CallKind::kRemove;
  account.Struck(kWorker, removal);
  EXPECT_EQ(Untold(account), "");
  EXPECT_EQ(account.told_by_nobody(), 1u);
  EXPECT_NE(Untold(account, {.content = true, .orphans = false}), "");
}

}  // namespace
}  // namespace firn::testing
