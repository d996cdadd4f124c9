#include "sim/manual_runtime.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/memory_file_system.h"

namespace firn::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ManualRuntimeTest : public ::testing::Test {
 protected:
  std::function<void()> Note(const std::string& name) {
    return [this, name] { ran_.push_back(name); };
  }
  Executor& executor() { return *runtime_->runtime().executor; }
  Clock& clock() { return *runtime_->runtime().clock; }

  std::unique_ptr<MemoryFileSystem> fs_ = MemoryFileSystem::Create();
  std::unique_ptr<ManualRuntime> runtime_ = ManualRuntime::Create(*fs_, 1);
  std::vector<std::string> ran_;
};

TEST_F(ManualRuntimeTest, NothingRunsUntilAsked) {
  executor().Schedule(Priority::kHigh, Note("task"));
  EXPECT_THAT(ran_, IsEmpty());
  EXPECT_TRUE(executor().RunOne());
  EXPECT_THAT(ran_, ElementsAre("task"));
  EXPECT_FALSE(executor().RunOne());
}

TEST_F(ManualRuntimeTest, TasksRunByDueTimeThenPriorityThenArrival) {
  executor().Schedule(Priority::kLow, Note("low"));
  executor().Schedule(Priority::kHigh, Note("high 1"));
  executor().Schedule(Priority::kHigh, Note("high 2"));
  executor().ScheduleAfter(Micros(10), Priority::kHigh, Note("later"));
  executor().ScheduleAfter(Micros(5), Priority::kLow, Note("sooner"));
  runtime_->RunUntilIdle();
  EXPECT_THAT(ran_, ElementsAre("high 1", "high 2", "low"));
  runtime_->Advance(Micros(10));
  EXPECT_EQ(ran_.size(), 3u) << "advancing runs nothing";
  runtime_->RunUntilIdle();
  EXPECT_THAT(ran_, ElementsAre("high 1", "high 2", "low", "sooner", "later"));
}

TEST_F(ManualRuntimeTest, RunsWhatTasksScheduleAndSleepingMovesTheClock) {
  executor().Schedule(Priority::kHigh, [this] {
    executor().ScheduleAfter(Micros(7), Priority::kHigh, Note("timer"));
    clock().SleepFor(Micros(7));
    executor().Schedule(Priority::kHigh, Note("child"));
  });
  runtime_->RunUntilIdle();
  EXPECT_EQ(clock().Now(), Micros(7));
  EXPECT_THAT(ran_, ElementsAre("timer", "child"));
}

TEST_F(ManualRuntimeTest, CancelledTasksNeverRun) {
  const auto ticket = executor().ScheduleAfter(Micros(1), Priority::kHigh, Note("never"));
  EXPECT_TRUE(executor().Cancel(ticket));
  EXPECT_FALSE(executor().Cancel(ticket));
  runtime_->Advance(Micros(1));
  runtime_->RunUntilIdle();
  EXPECT_THAT(ran_, IsEmpty());
}

TEST_F(ManualRuntimeTest, TheSeedDecidesTheRandomNumbers) {
  const auto same = ManualRuntime::Create(*fs_, 1);
  const auto other = ManualRuntime::Create(*fs_, 2);
  Random& random = *runtime_->runtime().random;
  const std::uint64_t first = random.Next64();
  EXPECT_EQ(same->runtime().random->Next64(), first);
  EXPECT_NE(other->runtime().random->Next64(), first);
  EXPECT_NE(random.Next64(), first);
}

TEST_F(ManualRuntimeTest, AThreadedRuntimeTakesOnlyTheFileSystemFromTheTest) {
  const Runtime threaded = ThreadedRuntimeOver(*fs_);
  EXPECT_EQ(threaded.file_system, fs_.get());
  EXPECT_EQ(threaded.executor, Runtime::Posix().executor);
  EXPECT_EQ(executor().low_slots(), 1u);
}

}  // namespace
}  // namespace firn::testing
