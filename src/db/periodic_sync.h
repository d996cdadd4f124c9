// Keeps the loss bound of Durability::kPeriodic: syncs the log every interval, and tells the commit
// pipeline to wait when the oldest unsynced acknowledgement is older than two intervals.
//
// Three chains of timers: the sync; what watches it, which a sync that hangs does not silence; and
// the store's heartbeat, whose work on the disk delays neither: it notices when no writes come, and
// lets idle work and reclamation run then, and has the manifest vouch for the end of the log
// (decision 0014).
// Threads: Start once, Stop once; the rest runs on the executor.
#pragma once

#include <functional>

#include "db/background_work.h"
#include "db/commit_pipeline.h"

namespace firn {

class PeriodicSync {
 public:
  PeriodicSync(StoreContext& context, StoreState& state, CommitPipeline& pipeline,
               BackgroundWork& work, VersionStore& versions);
  void Start();
  // Waits for the timers' last run.
  void Stop();

 private:
  struct Chain {
    Priority priority;
    std::uint64_t ticket = 0;
    bool running = false;  // scheduled or running
  };

  // The next tick comes an interval after this one began, at once if it took longer: the time a
  // sync takes is not added to the bound.
  void Arm(Chain& chain, void (PeriodicSync::*tick)(), Micros began) FIRN_REQUIRES(mutex_);
  // The end of a tick.
  void ArmAgain(Chain& chain, void (PeriodicSync::*tick)(), Micros began) FIRN_REQUIRES(mutex_);
  void SyncTick();
  void WatchTick();
  void BeatTick();
  void VouchForLog();

  StoreContext& context_;
  StoreState& state_;
  CommitPipeline& pipeline_;
  BackgroundWork& work_;
  VersionStore& versions_;
  const Micros interval_;
  LogPosition vouched_;  // of BeatTick, one of which runs at a time

  Mutex mutex_;
  CondVar stopped_;
  bool stop_ FIRN_GUARDED_BY(mutex_) = false;
  Chain sync_ FIRN_GUARDED_BY(mutex_){.priority = Priority::kTimely};
  Chain watch_ FIRN_GUARDED_BY(mutex_){.priority = Priority::kTimely};
  Chain beat_ FIRN_GUARDED_BY(mutex_){.priority = Priority::kHigh};
  // When the log end `watched_` was first seen not durable; what was appended before that is at
  // least this old.
  LogPosition watched_ FIRN_GUARDED_BY(mutex_) = 0;
  Micros watched_since_ FIRN_GUARDED_BY(mutex_){0};
  LogPosition last_beat_ FIRN_GUARDED_BY(mutex_) = 0;
  std::uint32_t quiet_beats_ FIRN_GUARDED_BY(mutex_) = 0;
};

}  // namespace firn
