#include "sim/fiber_scheduler.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "cache/epoch.h"

namespace firn::testing {
namespace {

using Ending = Outcome::Ending;

// Runs `spawn` under seeds 1, 2, ... and answers how many were tried when `found` first held after
// a run; 0 if it never did.
template <typename Spawn, typename Found>
std::uint64_t SeedsUntil(std::uint64_t seeds, ScheduleSettings settings, const Spawn& spawn,
                         const Found& found) {
  for (settings.seed = 1; settings.seed <= seeds; ++settings.seed) {
    FiberScheduler scheduler(settings);
    spawn(scheduler);
    if (found(scheduler.Run())) return settings.seed;
  }
  return 0;
}

bool IsDeadlock(const Outcome& outcome) { return outcome.ending == Ending::kDeadlock; }

TEST(FiberScheduler, RunsEveryTaskToItsEnd) {
  FiberScheduler scheduler({});
  int ended = 0;
  for (int i = 0; i < 5; ++i) {
    scheduler.Spawn("task", [&] {
      YieldPoint("here");
      ++ended;
    });
  }
  EXPECT_TRUE(scheduler.Run().done());
  EXPECT_EQ(ended, 5);
}

TEST(FiberScheduler, WithoutTasksIsDoneAtOnce) {
  FiberScheduler scheduler({});
  EXPECT_TRUE(scheduler.Run().done());
}

TEST(FiberScheduler, DrivesOnlyTheThreadInsideItsTasks) {
  EXPECT_EQ(Cooperation::Current(), nullptr);
  FiberScheduler scheduler({});
  scheduler.Spawn("task", [] { EXPECT_NE(Cooperation::Current(), nullptr); });
  EXPECT_TRUE(scheduler.Run().done());
  EXPECT_EQ(Cooperation::Current(), nullptr);
}

TEST(FiberScheduler, AMutexExcludesWhateverTheSeed) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    FiberScheduler scheduler({.seed = seed, .spurious_wake_one_in = 7});
    Mutex mutex;
    int inside = 0;
    int rounds = 0;
    for (int i = 0; i < 3; ++i) {
      scheduler.Spawn("task", [&] {
        for (int round = 0; round < 5; ++round) {
          MutexLock lock(mutex);
          EXPECT_EQ(++inside, 1);
          YieldPoint("inside");
          --inside;
          ++rounds;
        }
      });
    }
    ASSERT_TRUE(scheduler.Run().done());
    ASSERT_EQ(rounds, 15);
  }
}

TEST(FiberScheduler, FindsTwoLocksTakenInBothOrders) {
  Mutex a[100];
  Mutex b[100];  // a pair for each run: a deadlock leaves them locked
  std::size_t run = 0;
  std::string report;
  const std::uint64_t seeds = SeedsUntil(
      100, {},
      [&](FiberScheduler& scheduler) {
        Mutex& first = a[run];
        Mutex& second = b[run++];
        scheduler.Spawn("one", [&] {
          MutexLock outer(first);
          MutexLock inner(second);
        });
        scheduler.Spawn("two", [&] {
          MutexLock outer(second);
          MutexLock inner(first);
        });
      },
      [&](const Outcome& outcome) {
        report = outcome.report;
        return IsDeadlock(outcome);
      });
  EXPECT_GT(seeds, 0u);
  EXPECT_LE(seeds, 20u);
  EXPECT_EQ(report, "deadlock:\n  one waits for a lock\n  two waits for a lock");
}

// The flag is set without the mutex, so the notification may fall between the look and the wait.
TEST(FiberScheduler, FindsALostWakeUp) {
  bool ready = false;
  Mutex mutex;
  CondVar changed;
  const auto spawn = [&](FiberScheduler& scheduler) {
    ready = false;
    scheduler.Spawn("waiter", [&] {
      MutexLock lock(mutex);
      while (!ready) {
        YieldPoint("seen that it is not ready");
        changed.Wait(mutex);
      }
    });
    scheduler.Spawn("setter", [&] {
      ready = true;
      changed.NotifyOne();
    });
  };
  const std::uint64_t seeds = SeedsUntil(50, {}, spawn, IsDeadlock);
  EXPECT_GT(seeds, 0u);
}

TEST(FiberScheduler, AWaitReleasesItsMutexAndLosesNoWakeUpMadeUnderIt) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    FiberScheduler scheduler({.seed = seed});
    bool ready = false;
    Mutex mutex;
    CondVar changed;
    scheduler.Spawn("waiter", [&] {
      MutexLock lock(mutex);
      while (!ready) changed.Wait(mutex);
    });
    scheduler.Spawn("setter", [&] {
      MutexLock lock(mutex);
      ready = true;
      changed.NotifyOne();
    });
    const Outcome outcome = scheduler.Run();
    ASSERT_TRUE(outcome.done()) << "seed " << seed << ' ' << outcome.report;
  }
}

TEST(FiberScheduler, WakesForNoReasonWhereAsked) {
  FiberScheduler scheduler({.spurious_wake_one_in = 3});
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  int wakes = 0;
  scheduler.Spawn("waiter", [&] {
    MutexLock lock(mutex);
    while (!ready) {
      changed.Wait(mutex);
      ++wakes;
    }
  });
  scheduler.Spawn("setter", [&] {
    for (int i = 0; i < 100; ++i) YieldPoint("working");
    MutexLock lock(mutex);
    ready = true;
    changed.NotifyAll();
  });
  EXPECT_TRUE(scheduler.Run().done());
  EXPECT_GT(wakes, 1);
}

// An update between another's load and store is lost: two orderings must hold, among some hundred
// steps that do not matter.
void SpawnLostUpdate(FiberScheduler& scheduler, int& counter) {
  counter = 0;
  for (int i = 0; i < 3; ++i) {
    scheduler.Spawn("task", [&] {
      for (int step = 0; step < 40; ++step) YieldPoint("elsewhere");
      const int seen = counter;
      YieldPoint("between load and store");
      counter = seen + 1;
    });
  }
}

TEST(FiberScheduler, PctFindsABugOfDepthTwoInFewSeeds) {
  int counter = 0;
  const std::uint64_t seeds = SeedsUntil(
      1000, {.pct_depth = 2, .pct_steps = 130},
      [&](FiberScheduler& scheduler) { SpawnLostUpdate(scheduler, counter); },
      [&](const Outcome&) { return counter != 3; });
  EXPECT_GT(seeds, 0u);
  EXPECT_LE(seeds, 390u);  // 1 / (3 tasks * 130 steps) is the promise
}

TEST(FiberScheduler, PctOfDepthOneNeverChangesItsMind) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    int counter = 0;
    FiberScheduler scheduler({.seed = seed, .pct_depth = 1, .pct_steps = 130});
    SpawnLostUpdate(scheduler, counter);
    ASSERT_TRUE(scheduler.Run().done());
    ASSERT_EQ(counter, 3);
  }
}

std::uint64_t TraceOf(std::uint64_t seed, std::uint32_t pct_depth) {
  FiberScheduler scheduler({.seed = seed,
                            .pct_depth = pct_depth,
                            .spurious_wake_one_in = 5,
                            .clock_jump_one_in = 9});
  Mutex mutex;
  for (int i = 0; i < 4; ++i) {
    scheduler.Spawn("task", [&, i] {
      for (int round = 0; round < 10; ++round) {
        MutexLock lock(mutex);
        if (round % 3 == 0) scheduler.SleepFor(Micros(i + round));
      }
    });
  }
  const Outcome outcome = scheduler.Run();
  EXPECT_TRUE(outcome.done());
  return outcome.trace;
}

TEST(FiberScheduler, TheSameSeedGivesTheSameTrace) {
  std::set<std::uint64_t> traces;
  for (const std::uint32_t depth : {0u, 3u}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      const std::uint64_t trace = TraceOf(seed, depth);
      EXPECT_EQ(trace, TraceOf(seed, depth));
      traces.insert(trace);
    }
  }
  EXPECT_EQ(traces.size(), 20u) << "seeds that differ in nothing";
}

TEST(FiberScheduler, TheClockMovesOnlyWhenNobodyCanRun) {
  FiberScheduler scheduler({});
  scheduler.Spawn("sleeper", [&] {
    scheduler.SleepFor(Micros(5000));
    EXPECT_EQ(scheduler.Now(), Micros(5000));
    scheduler.SleepFor(Micros(1));
    EXPECT_EQ(scheduler.Now(), Micros(5001));
  });
  scheduler.Spawn("worker", [&] {
    for (int i = 0; i < 1000; ++i) {
      YieldPoint("working");
      EXPECT_EQ(scheduler.Now(), Micros(0));
    }
  });
  EXPECT_TRUE(scheduler.Run().done());
}

TEST(FiberScheduler, TheClockMovesWhenAllWhoCanRunAreIdle) {
  FiberScheduler scheduler({});
  bool rung = false;
  scheduler.Spawn("sleeper", [&] {
    scheduler.SleepFor(Micros(100));
    rung = true;
  });
  for (int i = 0; i < 2; ++i) {
    scheduler.Spawn("spinner", [&] {
      while (!rung) YieldThread();
    });
  }
  EXPECT_TRUE(scheduler.Run().done());
}

TEST(FiberScheduler, AJumpWakesSleepersEarlyButNeverBeforeTheirTime) {
  FiberScheduler scheduler({.clock_jump_one_in = 3, .clock_jump_max = Micros(50)});
  bool woken = false;
  scheduler.Spawn("sleeper", [&] {
    scheduler.SleepFor(Micros(200));
    EXPECT_GE(scheduler.Now(), Micros(200));
    woken = true;
  });
  scheduler.Spawn("worker", [&] {
    Micros before(0);
    for (int i = 0; i < 500 && !woken; ++i) {
      YieldPoint("working");
      EXPECT_GE(scheduler.Now(), before);
      before = scheduler.Now();
    }
    EXPECT_TRUE(woken);
  });
  EXPECT_TRUE(scheduler.Run().done());
}

TEST(FiberScheduler, EndsARunThatComesToNothing) {
  FiberScheduler scheduler({.steps_max = 1000});
  scheduler.Spawn("spinner", [] {
    for (;;) YieldThread();
  });
  const Outcome outcome = scheduler.Run();
  EXPECT_EQ(outcome.ending, Ending::kOutOfSteps);
  EXPECT_EQ(outcome.report, "out of steps:\n  spinner is at nothing to do");
}

TEST(FiberScheduler, JoinWaitsForTheEndAndNotForMore) {
  FiberScheduler scheduler({});
  bool ended = false;
  scheduler.Spawn("parent", [&] {
    const TaskId child = scheduler.Spawn("child", [&] {
      for (int i = 0; i < 20; ++i) YieldPoint("working");
      ended = true;
    });
    scheduler.Join(child);
    EXPECT_TRUE(ended);
    scheduler.Join(child);
  });
  EXPECT_TRUE(scheduler.Run().done());
}

TEST(FiberScheduler, SpawnsATaskAtAStep) {
  FiberScheduler scheduler({});
  std::uint64_t step = 0;
  scheduler.SpawnAtStep(50, "late", [&] { step = scheduler.steps(); });
  scheduler.Spawn("worker", [] {
    for (int i = 0; i < 200; ++i) YieldPoint("working");
  });
  EXPECT_TRUE(scheduler.Run().done());
  EXPECT_GE(step, 50u);
  EXPECT_LT(step, 100u);
}

TEST(FiberScheduler, TellsItsObserverWhoIsWhere) {
  FiberScheduler scheduler({});
  std::vector<TaskId> passed;
  scheduler.Observe([&](TaskId task, std::string_view where) {
    if (where == "the gate") passed.push_back(task);
  });
  scheduler.Spawn("zero", [] {});
  const TaskId one = scheduler.Spawn("one", [] { YieldPoint("the gate"); });
  EXPECT_TRUE(scheduler.Run().done());
  EXPECT_EQ(passed, std::vector<TaskId>{one});
}

// Each task announces itself in a slot of its own: were they to share the thread's, the first guard
// to end would end the others too.
TEST(FiberScheduler, EpochGuardsOfTasksAreApart) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    FiberScheduler scheduler({.seed = seed});
    struct Object {
      bool alive = true;
    } object;
    Object* published = &object;
    for (int i = 0; i < 2; ++i) {
      scheduler.Spawn("reader", [&] {
        for (int round = 0; round < 3; ++round) {
          const EpochDomain::Guard guard;
          const Object* const seen = published;
          YieldPoint("holding");
          ASSERT_TRUE(seen == nullptr || seen->alive);
        }
      });
    }
    scheduler.Spawn("writer", [&] {
      Object* const gone = published;
      published = nullptr;
      EpochDomain::Process().Retire(gone, [](void* o) { static_cast<Object*>(o)->alive = false; });
      EpochDomain::Process().Drain();
      EXPECT_FALSE(object.alive);
    });
    const Outcome outcome = scheduler.Run();
    ASSERT_TRUE(outcome.done()) << outcome.report;
  }
}

}  // namespace
}  // namespace firn::testing
