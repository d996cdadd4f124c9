#include "exit_code.h"

#include <gtest/gtest.h>

namespace firn::tool {
namespace {

TEST(ExitCodeOf, GroupsStatusCodesByWhatTheCallerCanDo) {
  EXPECT_EQ(ExitCodeOf(StatusCode::kOk), ExitCode::kOk);
  EXPECT_EQ(ExitCodeOf(StatusCode::kInvalidArgument), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(StatusCode::kNotFound), ExitCode::kStore);
  EXPECT_EQ(ExitCodeOf(StatusCode::kBusy), ExitCode::kStore);
  EXPECT_EQ(ExitCodeOf(StatusCode::kCorruption), ExitCode::kCorruption);
  EXPECT_EQ(ExitCodeOf(StatusCode::kNoSpace), ExitCode::kNoSpace);
  EXPECT_EQ(ExitCodeOf(StatusCode::kIndeterminate), ExitCode::kIo);
}

TEST(ExitCode, NumbersAreTheDocumentedOnes) {
  EXPECT_EQ(static_cast<int>(ExitCode::kKeyNotFound), 1);
  EXPECT_EQ(static_cast<int>(ExitCode::kUsage), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::kBadInput), 3);
  EXPECT_EQ(static_cast<int>(ExitCode::kStore), 4);
  EXPECT_EQ(static_cast<int>(ExitCode::kCorruption), 5);
  EXPECT_EQ(static_cast<int>(ExitCode::kNoSpace), 6);
  EXPECT_EQ(static_cast<int>(ExitCode::kIo), 7);
}

}  // namespace
}  // namespace firn::tool
