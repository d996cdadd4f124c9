// Syncs that are shared, under a seeded scheduler and a clock that cannot be trusted.
#include "sim/simulated_runtime.h"
#include "testing/log_test_util.h"
#include "wal/live_segments.h"

namespace firn::testing {
namespace {

constexpr std::uint64_t kBytes = 4096;
constexpr int kCommits = 6;  // of each task
constexpr std::uint64_t kStepsMax = 20000;

// Two tasks share syncs until one of them stops: the leader then waits for a partner who is gone,
// for half of the time that its last sync took. The clock jumps by an hour in every call of the
// disk, so it believes that was half an hour; and with nothing else to run, the clock stands.
Outcome RunTwoCommitters(std::uint64_t seed) {
  auto disk = MemoryFileSystem::Create();
  FiberScheduler scheduler({.seed = seed, .steps_max = kStepsMax});
  const auto runtime = SimulatedRuntime::Create(scheduler, *disk, seed, 2);
  disk->SetPause([&] {
    if (Cooperation::Current() != nullptr) scheduler.JumpClock(std::chrono::hours(1));
  });
  scheduler.Spawn("main", [&] {
    EXPECT_TRUE(disk->CreateDirectory(kTestDirectory).ok());
    const auto directory = disk->OpenDirectory(kTestDirectory).value();
    TaskTracker tasks(*runtime->runtime().executor);
    MemoryLedger ledger(1 << 20);
    SegmentSupply supply(*disk, *directory, tasks, [] { return FileNumber{1}; },
                         {kTestDirectory, kTestDatabase, 1, kBytes, 0,
                          SegmentBackend::kPositioned});
    LiveSegments live(supply, *runtime->runtime().clock, 0);
    live.Push(std::make_shared<LogSegment>(supply.Take().value(), 0, ledger, kBytes), 0);
    const auto commit = [&](int times) {
      for (int i = 0; i < times; ++i) {
        live.set_appended(live.appended() + 8);
        EXPECT_TRUE(live.Sync(live.appended()).ok());
      }
    };
    const TaskId other = scheduler.Spawn("other", [&] { commit(kCommits); });
    commit(2 * kCommits);
    scheduler.Join(other);
    EXPECT_TRUE(live.Close().ok());
    runtime->Stop();
  });
  return scheduler.Run();
}

TEST(LiveSegmentsUnderSimulation, AClockThatJumpsMakesNoLeaderWaitForLong) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Outcome outcome = RunTwoCommitters(seed);
    ASSERT_TRUE(outcome.done()) << "seed " << seed << ": " << outcome.report;
  }
}

}  // namespace
}  // namespace firn::testing
