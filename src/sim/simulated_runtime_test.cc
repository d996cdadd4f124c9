#include "sim/simulated_runtime.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/mutex.h"
#include "sim/memory_file_system.h"

namespace firn::testing {
namespace {

class SimulatedRuntimeTest : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  // Runs `body` as a task beside three workers, which end after it.
  void Run(const std::function<void(const Runtime&)>& body) {
    auto simulated = SimulatedRuntime::Create(scheduler_, *files_, GetParam(), 3);
    scheduler_.Spawn("body", [&] {
      body(simulated->runtime());
      simulated->Stop();
    });
    const Outcome outcome = scheduler_.Run();
    EXPECT_TRUE(outcome.done()) << outcome.report;
  }

  std::unique_ptr<MemoryFileSystem> files_ = MemoryFileSystem::Create();
  FiberScheduler scheduler_{ScheduleSettings{.seed = GetParam()}};
};

TEST_P(SimulatedRuntimeTest, RunsWhatIsScheduledOnce) {
  int ran = 0;
  Run([&](const Runtime& runtime) {
    for (int i = 0; i < 10; ++i) runtime.executor->Schedule(Priority::kHigh, [&] { ++ran; });
  });
  EXPECT_EQ(ran, 10);
}

TEST_P(SimulatedRuntimeTest, LowTasksLeaveAWorkerFree) {
  int low_running = 0;
  bool high_ran = false;
  Run([&](const Runtime& runtime) {
    EXPECT_EQ(runtime.executor->low_slots(), 2u);
    for (int i = 0; i < 4; ++i) {
      runtime.executor->Schedule(Priority::kLow, [&] {
        EXPECT_LE(++low_running, 2);
        while (!high_ran) YieldThread();
        --low_running;
      });
    }
    runtime.executor->Schedule(Priority::kHigh, [&] { high_ran = true; });
  });
  EXPECT_TRUE(high_ran);
}

TEST_P(SimulatedRuntimeTest, TimersRunAtTheirTimeInTheirOrder) {
  std::vector<int> order;
  Run([&](const Runtime& runtime) {
    for (const int delay : {300, 100, 200}) {
      runtime.executor->ScheduleAfter(Micros(delay), Priority::kHigh, [&, delay] {
        EXPECT_GE(runtime.clock->Now(), Micros(delay));
        order.push_back(delay);
      });
    }
    runtime.clock->SleepFor(Micros(1000));
    while (order.size() < 3) YieldThread();
  });
  EXPECT_EQ(order, (std::vector<int>{100, 200, 300}));
}

TEST_P(SimulatedRuntimeTest, ACancelledTaskNeverRuns) {
  bool ran = false;
  Run([&](const Runtime& runtime) {
    const std::uint64_t ticket =
        runtime.executor->ScheduleAfter(Micros(10), Priority::kHigh, [&] { ran = true; });
    const bool cancelled = runtime.executor->Cancel(ticket);
    runtime.clock->SleepFor(Micros(100));
    EXPECT_EQ(runtime.executor->Cancel(ticket), false);
    while (!cancelled && !ran) YieldThread();
    EXPECT_NE(cancelled, ran);
  });
}

INSTANTIATE_TEST_SUITE_P(Seeds, SimulatedRuntimeTest, ::testing::Range<std::uint64_t>(1, 11));

}  // namespace
}  // namespace firn::testing
