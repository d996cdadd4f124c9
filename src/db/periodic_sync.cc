#include "db/periodic_sync.h"

#include <algorithm>
#include <utility>

#include "cache/epoch.h"
#include "db/await.h"

namespace firn {
namespace {

// Beats without a write after which idle work may start.
constexpr std::uint32_t kQuietBeats = 3;
// Beats without a write after which the log gives its spare files back. They cost a moment when
// writes return, so a short pause keeps them.
constexpr std::uint32_t kTrimBeats = 20;

}  // namespace

PeriodicSync::PeriodicSync(StoreContext& context, StoreState& state, CommitPipeline& pipeline,
                           BackgroundWork& work, VersionStore& versions)
    : context_(context),
      state_(state),
      pipeline_(pipeline),
      work_(work),
      versions_(versions),
      interval_(std::chrono::duration_cast<Micros>(context.options.sync_interval)),
      vouched_(pipeline.log().durable()) {}

void PeriodicSync::Start() {
  MutexLock lock(mutex_);
  for (Chain* chain : {&sync_, &watch_, &beat_}) chain->running = true;
  const Micros now = context_.runtime.clock->Now();
  Arm(sync_, &PeriodicSync::SyncTick, now);
  Arm(watch_, &PeriodicSync::WatchTick, now);
  Arm(beat_, &PeriodicSync::BeatTick, now);
}

void PeriodicSync::Arm(Chain& chain, void (PeriodicSync::*tick)(), Micros began) {
  const Micros due = began + interval_ - context_.runtime.clock->Now();
  chain.ticket = context_.runtime.executor->ScheduleAfter(
      std::max(due, Micros(0)), chain.priority, [this, tick] { (this->*tick)(); });
}

void PeriodicSync::ArmAgain(Chain& chain, void (PeriodicSync::*tick)(), Micros began) {
  if (!stop_) return Arm(chain, tick, began);
  chain.running = false;
  stopped_.NotifyAll();
}

void PeriodicSync::SyncTick() {
  const Micros began = context_.runtime.clock->Now();
  LogWriter& log = pipeline_.log();
  if (log.durable() < log.appended() && log.failure().ok()) {
    // A failure is kept by the log itself: every later write answers with it.
    const Status synced = log.Sync(log.appended());
    state_.counters.log_syncs.fetch_add(1, std::memory_order_relaxed);
    static_cast<void>(synced.ok());
  }
  MutexLock lock(mutex_);
  ArmAgain(sync_, &PeriodicSync::SyncTick, began);
}

void PeriodicSync::WatchTick() {
  const Micros began = context_.runtime.clock->Now();
  LogWriter& log = pipeline_.log();
  const LogPosition durable = log.durable();
  const LogPosition appended = log.appended();
  MutexLock lock(mutex_);
  if (durable >= watched_) {
    watched_ = appended;
    watched_since_ = context_.runtime.clock->Now();
  }
  // One interval passed at most between the oldest append below watched_ and watched_since_.
  const bool overdue = durable < watched_ &&
                       context_.runtime.clock->Now() - watched_since_ >= interval_;
  if (overdue) pipeline_.HoldUntilDurable(appended);
  ArmAgain(watch_, &PeriodicSync::WatchTick, began);
}

void PeriodicSync::BeatTick() {
  const Micros began = context_.runtime.clock->Now();
  bool quiet = false;
  bool trim = false;
  {
    MutexLock lock(mutex_);
    const LogPosition now = pipeline_.log().appended();
    quiet_beats_ = now == last_beat_ ? quiet_beats_ + 1 : 0;
    last_beat_ = now;
    quiet = quiet_beats_ >= kQuietBeats;
    trim = quiet_beats_ == kTrimBeats;
  }
  if (!quiet) {
    work_.AllowIdleWork(false);
  } else if (work_.NothingNeeded()) {
    pipeline_.FreezeIdle();
    work_.AllowIdleWork(true);
  }
  if (quiet) {
    work_.Wake();
    VouchForLog();
  }
  if (trim) pipeline_.log().Trim();
  EpochDomain::Process().Collect();
  versions_.remover()->RemoveReleased();
  MutexLock lock(mutex_);
  ArmAgain(beat_, &PeriodicSync::BeatTick, began);
}

// The last records of a log have none behind them that states that they are durable. In a pause the
// manifest states it, so that damage to them does not pass for a torn tail.
void PeriodicSync::VouchForLog() {
  const LogPosition durable = pipeline_.log().durable();
  if (durable <= vouched_ || !pipeline_.log().failure().ok()) return;
  // Once a pause, also when it fails: without it nothing is lost, only less damage would be told.
  vouched_ = durable;
  VersionEdit edit;
  edit.log_durable = durable;
  const Status installed = versions_.Install(std::move(edit), nullptr, nullptr);
  static_cast<void>(installed.ok());
}

void PeriodicSync::Stop() {
  MutexLock lock(mutex_);
  stop_ = true;
  for (Chain* chain : {&sync_, &watch_, &beat_}) {
    if (chain->running && context_.runtime.executor->Cancel(chain->ticket)) chain->running = false;
  }
  Await(*context_.runtime.executor, mutex_, stopped_,
        [&]() FIRN_NO_THREAD_ANALYSIS {
          return !sync_.running && !watch_.running && !beat_.running;
        });
}

}  // namespace firn
