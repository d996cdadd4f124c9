// Two clients of one store in every order that a few hundred schedules come upon: for what needs an
// order of threads that no call of the store can bring about.
#include <gtest/gtest.h>

#include "db/store_fixture.h"
#include "sim/simulated_runtime.h"

namespace firn::testing {
namespace {

constexpr std::uint64_t kSchedules = 300;
// A window of a few steps: seen in one schedule of some hundred.
constexpr std::uint64_t kSnapshotSchedules = 2000;

// A disk and a runtime of their own under one schedule; every other one by priorities.
struct Schedule {
  Schedule(std::uint64_t seed, std::uint64_t steps)
      : scheduler({.seed = seed, .pct_depth = seed % 2 == 0 ? 3u : 0u, .pct_steps = steps}),
        files(MemoryFileSystem::Create()),
        simulated(SimulatedRuntime::Create(scheduler, *files, seed, 2)) {
    options.runtime = &simulated->runtime();
  }

  FiberScheduler scheduler;
  const std::unique_ptr<MemoryFileSystem> files;
  const std::unique_ptr<SimulatedRuntime> simulated;
  Options options;
};

// A checkpoint holds the commit lock and waits for flushes. A commit whose sync has failed needs
// that lock to say so, and its memtable is never flushed: each waited for the other for ever when
// the lock changed hands between the failure and its telling.
TEST(EngineSchedules, ACheckpointBesideACommitWhoseSyncFailsEnds) {
  std::uint64_t failed = 0;
  for (std::uint64_t seed = 1; seed <= kSchedules; ++seed) {
    Schedule schedule(seed, 200);
    FiberScheduler& scheduler = schedule.scheduler;
    MemoryFileSystem& files = *schedule.files;
    Status checkpoint;
    Status committed;
    std::unique_ptr<Db> db;
    scheduler.Spawn("main", [&] {
      db = OpenTiny(kStore, schedule.options).value();
      EXPECT_TRUE(db->Put("a", "1").ok());
      files.InjectFault({.at_call = files.calls() + 1, .kind = Fault::Kind::kSyncDropsPages});
      const TaskId writer = scheduler.Spawn("writer", [&] {
        committed = db->Put("b", "2", {.durability = Durability::kSync});
      });
      const TaskId copier = scheduler.Spawn("copier", [&] {
        checkpoint = db->Checkpoint("/copy");
      });
      scheduler.Join(writer);
      scheduler.Join(copier);
      db.reset();
      schedule.simulated->Stop();
    });
    const Outcome outcome = scheduler.Run();
    if (!outcome.done()) static_cast<void>(db.release());  // its locks are held for ever
    ASSERT_TRUE(outcome.done()) << "schedule " << seed << ": " << outcome.report;
    failed += committed.ok() ? 0 : 1;
  }
  EXPECT_GT(failed, kSchedules / 10) << "the sync that fails must be the commit's now and then";
}

// A snapshot whose sequence was read before it was registered could miss the list of a merge that
// began in between: what it was to see was dropped. The random workloads met that once in thousands
// of seeds, and then no more.
TEST(EngineSchedules, WhatASnapshotSeesIsKeptByMergesThatBeginMeanwhile) {
  for (std::uint64_t seed = 1; seed <= kSnapshotSchedules; ++seed) {
    Schedule schedule(seed, 400);
    FiberScheduler& scheduler = schedule.scheduler;
    scheduler.Spawn("main", [&] {
      auto db = OpenTiny(kStore, schedule.options).value();
      ASSERT_TRUE(db->Put("key", "first").ok());
      const TaskId writer = scheduler.Spawn("writer", [&] {
        for (int i = 0; i < 8; ++i) {
          EXPECT_TRUE(db->Put("key", std::to_string(i)).ok());
          EXPECT_TRUE(db->Flush().ok());
        }
      });
      const TaskId reader = scheduler.Spawn("reader", [&] {
        for (int i = 0; i < 12; ++i) {
          const Snapshot snapshot = db->GetSnapshot();
          const std::string seen = Got(*db, "key", {.snapshot = snapshot});
          EXPECT_NE(seen, "absent") << "schedule " << seed;
          YieldPoint("between two reads");
          EXPECT_EQ(Got(*db, "key", {.snapshot = snapshot}), seen) << "schedule " << seed;
        }
      });
      scheduler.Join(writer);
      scheduler.Join(reader);
      db.reset();
      schedule.simulated->Stop();
    });
    const Outcome outcome = scheduler.Run();
    ASSERT_TRUE(outcome.done()) << "schedule " << seed << ": " << outcome.report;
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace firn::testing
