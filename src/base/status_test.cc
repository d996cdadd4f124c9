#include "firn/status.h"

#include <memory>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "gtest/gtest.h"

namespace firn {
namespace {

Status Failure() { return Status(StatusCode::kIo, "disk on fire"); }

TEST(Status, SuccessIsTheDefaultAndCarriesNoMessage) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kOk);
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.ToString(), "ok");
  EXPECT_TRUE(Status(StatusCode::kOk, "ignored").ok());
}

TEST(Status, AFailureNamesItsCodeAndSurvivesCopiesAndMoves) {
  Status status = Failure();
  const Status copy = status;
  const Status moved = std::move(status);
  for (const Status& each : {copy, moved}) {
    EXPECT_FALSE(each.ok());
    EXPECT_EQ(each.code(), StatusCode::kIo);
    EXPECT_EQ(each.ToString(), "i/o error: disk on fire");
  }
  Status assigned;
  assigned = copy;
  EXPECT_EQ(assigned.message(), "disk on fire");
  assigned = Status();
  EXPECT_TRUE(assigned.ok());
}

TEST(Status, EveryCodeHasItsOwnName) {
  std::string names;
  for (int code = 0; code <= static_cast<int>(StatusCode::kIndeterminate); ++code) {
    const std::string name(StatusCodeName(static_cast<StatusCode>(code)));
    EXPECT_NE(name, "unknown");
    EXPECT_EQ(names.find("|" + name + "|"), std::string::npos) << name;
    names += "|" + name + "|";
  }
}

TEST(Result, HoldsAValueOrTheReasonForItsAbsence) {
  Result<std::unique_ptr<int>> value = std::make_unique<int>(3);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(**value, 3);
  EXPECT_EQ(*std::move(value).value(), 3);
  const Result<int> failed = Failure();
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(failed.status().code(), StatusCode::kIo);
}

TEST(ResultDeathTest, TakingTheValueOfAFailureEndsTheProcessWithItsReason) {
  EXPECT_DEATH((void)Result<int>(Failure()).value(), "disk on fire");
}

Result<int> Half(int number) {
  if (number % 2 != 0) return Status(StatusCode::kInvalidArgument, "odd");
  return number / 2;
}

Result<int> Quarter(int number) {
  FIRN_ASSIGN_OR_RETURN(const int half, Half(number));
  FIRN_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status Both(const Status& first, const Status& second) {
  FIRN_RETURN_IF_ERROR(first);
  FIRN_RETURN_IF_ERROR(second);
  return Status();
}

TEST(StatusMacros, ReturnTheFirstFailureUnchanged) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).status().message(), "odd");
  EXPECT_TRUE(Both(Status(), Status()).ok());
  EXPECT_EQ(Both(Status(), Failure()).code(), StatusCode::kIo);
}

}  // namespace
}  // namespace firn
