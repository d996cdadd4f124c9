#include "env/posix_executor.h"

#include <atomic>
#include <latch>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace firn {
namespace {

using namespace std::chrono_literals;

Executor& Pool() { return *Runtime::Posix().executor; }

TEST(PosixExecutor, RunsEveryTaskOnceOnItsWorkers) {
  constexpr int kTasks = 1000;
  std::vector<std::atomic<int>> runs(kTasks);
  std::latch done(kTasks);
  const auto caller = std::this_thread::get_id();
  std::atomic<int> on_caller = 0;
  for (std::size_t i = 0; i < kTasks; ++i) {
    Pool().Schedule(i % 2 == 0 ? Priority::kHigh : Priority::kLow, [&, i] {
      ++runs[i];
      if (std::this_thread::get_id() == caller) ++on_caller;
      done.count_down();
    });
  }
  done.wait();
  for (const auto& count : runs) EXPECT_EQ(count, 1);
  EXPECT_EQ(on_caller, 0);
  EXPECT_FALSE(Pool().RunOne());
}

TEST(PosixExecutor, LowTasksLeaveAWorkerForHighOnes) {
  const std::size_t slots = Pool().low_slots();
  ASSERT_EQ(slots, 2u);
  std::latch release(1);
  std::latch occupied(static_cast<std::ptrdiff_t>(slots));
  std::latch low_done(static_cast<std::ptrdiff_t>(slots) + 1);
  for (std::size_t i = 0; i < slots; ++i) {
    Pool().Schedule(Priority::kLow, [&] {
      occupied.count_down();
      release.wait();
      low_done.count_down();
    });
  }
  occupied.wait();
  std::atomic<bool> third_low_ran = false;
  Pool().Schedule(Priority::kLow, [&] {
    third_low_ran = true;
    low_done.count_down();
  });
  std::latch high_done(1);
  Pool().Schedule(Priority::kHigh, [&] { high_done.count_down(); });
  high_done.wait();
  EXPECT_FALSE(third_low_ran);
  release.count_down();
  low_done.wait();
  EXPECT_TRUE(third_low_ran);
}

// The bound of Durability::kPeriodic depends on it.
TEST(PosixExecutor, TimelyTasksStartWhileEveryWorkerIsBusy) {
  const std::size_t workers = Pool().low_slots() + 1;
  std::latch release(1);
  std::latch occupied(static_cast<std::ptrdiff_t>(workers));
  std::latch high_done(static_cast<std::ptrdiff_t>(workers) + 1);
  for (std::size_t i = 0; i < workers; ++i) {
    Pool().Schedule(Priority::kHigh, [&] {
      occupied.count_down();
      release.wait();
      high_done.count_down();
    });
  }
  occupied.wait();
  std::atomic<bool> another_high_ran = false;
  Pool().Schedule(Priority::kHigh, [&] {
    another_high_ran = true;
    high_done.count_down();
  });
  std::latch both_run(static_cast<std::ptrdiff_t>(kTimelyWorkers));
  for (std::size_t i = 0; i < kTimelyWorkers; ++i) {
    Pool().ScheduleAfter(1ms, Priority::kTimely, [&] { both_run.arrive_and_wait(); });
  }
  both_run.wait();
  EXPECT_FALSE(another_high_ran);
  release.count_down();
  high_done.wait();
  EXPECT_TRUE(another_high_ran);
}

TEST(PosixExecutor, DelayedTasksRunNotBeforeTheirDelay) {
  Clock& clock = *Runtime::Posix().clock;
  std::latch done(2);
  const Micros start = clock.Now();
  std::atomic<bool> early = false;
  // The later one first, so that the earlier one has to shorten the wait.
  for (const Micros delay : {Micros(30ms), Micros(10ms)}) {
    Pool().ScheduleAfter(delay, Priority::kHigh, [&, delay] {
      if (clock.Now() - start < delay) early = true;
      done.count_down();
    });
  }
  done.wait();
  EXPECT_FALSE(early);
}

TEST(PosixExecutor, ACancelledTaskNeverRunsAndFreesWhatItHolds) {
  auto held = std::make_shared<int>(7);
  const std::uint64_t ticket = Pool().ScheduleAfter(24h, Priority::kHigh, [held] { ++*held; });
  EXPECT_EQ(held.use_count(), 2);
  EXPECT_TRUE(Pool().Cancel(ticket));
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(Pool().Cancel(ticket));
}

TEST(PosixExecutor, ATaskThatRanCannotBeCancelled) {
  std::latch done(1);
  const std::uint64_t ticket =
      Pool().ScheduleAfter(Micros(0), Priority::kLow, [&] { done.count_down(); });
  done.wait();
  EXPECT_FALSE(Pool().Cancel(ticket));
}

TEST(PosixExecutor, TasksMayScheduleTasks) {
  std::latch done(1);
  Pool().Schedule(Priority::kLow, [&] {
    Pool().Schedule(Priority::kHigh, [&] {
      Pool().ScheduleAfter(1ms, Priority::kLow, [&] { done.count_down(); });
    });
  });
  done.wait();
}

TEST(PosixRuntime, ClockNeverGoesBackAndRandomNumbersDiffer) {
  const Runtime& runtime = Runtime::Posix();
  EXPECT_EQ(&runtime, &Runtime::Posix());
  const Micros before = runtime.clock->Now();
  EXPECT_GE(runtime.clock->Now(), before);
  std::set<std::uint64_t> numbers;
  for (int i = 0; i < 100; ++i) numbers.insert(runtime.random->Next64());
  EXPECT_EQ(numbers.size(), 100u);
}

}  // namespace
}  // namespace firn
