#include "db/background_work.h"

#include "base/seeded_bug.h"
#include "cache/epoch.h"
#include "db/await.h"

namespace firn {
namespace {

// How long a full disk is left alone before background work tries it again.
constexpr Micros kRetryDelay = std::chrono::seconds(1);

}  // namespace

BackgroundWork::BackgroundWork(StoreContext& context, StoreState& state, VersionStore& versions)
    : context_(context),
      state_(state),
      versions_(versions),
      flusher_(context, state, versions, stop_, [this](const Status& s) { JobFinished(s); }),
      compactor_(context, state, versions, stop_, [this](const Status& s) { JobFinished(s); }) {}

void BackgroundWork::Wake() {
  flusher_.Schedule();
  compactor_.Schedule(Urgency::kNeeded);
  if (!idle_allowed_.load(std::memory_order_relaxed) &&
      idle_waiters_.load(std::memory_order_relaxed) == 0) {
    return;
  }
  {
    // What a flush is about to add is settled with the rest. Its end wakes this again.
    MutexLock lock(state_.mutex);
    if (!FlushesRest()) return;
  }
  compactor_.Schedule(Urgency::kIdle);
}

void BackgroundWork::JobFinished(const Status& status) {
  EpochDomain::Process().Collect();
  versions_.remover()->RemoveReleased();
  if (status.ok()) {
    if (!BugIsOn(SeededBug::kNoSpaceLatched)) state_.ClearNoSpace();
    Wake();
    return;
  }
  const bool stopping = stop_.load(std::memory_order_relaxed);
  // A job that was told to stop has not failed, unless the disk was faster.
  if (!stopping || status.code() != StatusCode::kClosed) {
    state_.counters.job_failures.fetch_add(1, std::memory_order_relaxed);
  }
  if (stopping) return Wake();
  state_.SetBackgroundError(status);
  if (status.code() == StatusCode::kNoSpace) RetryLater();
}

void BackgroundWork::RetryLater() {
  if (BugIsOn(SeededBug::kNoSpaceNotRetried)) return;
  MutexLock lock(retry_mutex_);
  if (retry_pending_ || stop_.load(std::memory_order_relaxed)) return;
  retry_pending_ = true;
  retry_ticket_ = context_.runtime.executor->ScheduleAfter(kRetryDelay, Priority::kHigh, [this] {
    {
      MutexLock relock(retry_mutex_);
      retry_pending_ = false;
      retry_running_ = true;
    }
    // What is due is tried again and says so again; what is not due any more has no error.
    if (!BugIsOn(SeededBug::kNoSpaceLatched)) state_.ClearNoSpace();
    {
      MutexLock relock(state_.mutex);
      for (const auto& [id, keyspace] : state_.by_id) keyspace->compaction_due = true;
    }
    Wake();
    MutexLock relock(state_.mutex);
    {
      MutexLock retry(retry_mutex_);
      retry_running_ = false;
    }
    state_.changed.NotifyAll();
  });
}

Status BackgroundWork::Outcome() const {
  if (!state_.background_error.ok()) return state_.background_error;
  if (state_.closing.load()) {
    return Status(StatusCode::kClosed, "the store was closed while waiting");
  }
  return Status();
}

Status BackgroundWork::WaitForFlushes() {
  Wake();
  MutexLock lock(state_.mutex);
  Await(*context_.runtime.executor, state_.mutex, state_.changed, [&]() FIRN_NO_THREAD_ANALYSIS {
    return flusher_.Idle() || !Outcome().ok();
  });
  return Outcome();
}

// The analysis cannot see that the flusher's state and the compactor's is this one.
bool BackgroundWork::FlushesRest() const FIRN_NO_THREAD_ANALYSIS { return flusher_.Idle(); }

bool BackgroundWork::Rests(Urgency urgency) const FIRN_NO_THREAD_ANALYSIS {
  return flusher_.Idle() && compactor_.Idle(urgency);
}

bool BackgroundWork::NothingNeeded() {
  MutexLock lock(state_.mutex);
  return Rests(Urgency::kNeeded);
}

Status BackgroundWork::WaitForNeeded() {
  Wake();
  MutexLock lock(state_.mutex);
  Await(*context_.runtime.executor, state_.mutex, state_.changed, [&]() FIRN_NO_THREAD_ANALYSIS {
    return Rests(Urgency::kNeeded) || !Outcome().ok();
  });
  return Outcome();
}

Status BackgroundWork::WaitForIdle() {
  idle_waiters_.fetch_add(1, std::memory_order_relaxed);
  Wake();
  Status outcome;
  {
    MutexLock lock(state_.mutex);
    Await(*context_.runtime.executor, state_.mutex, state_.changed,
          [&]() FIRN_NO_THREAD_ANALYSIS {
            return Rests(Urgency::kIdle) || !Outcome().ok();
          });
    outcome = Outcome();
  }
  idle_waiters_.fetch_sub(1, std::memory_order_relaxed);
  return outcome;
}

Status BackgroundWork::CompactRange(const KeyspacePointer& keyspace, std::optional<Slice> lower,
                                    std::optional<Slice> upper) {
  Status status = compactor_.CompactRange(keyspace, lower, upper);
  // It took the place of a job: what was due meanwhile had none, and writers may wait for that.
  Wake();
  return status;
}

void BackgroundWork::Stop() {
  stop_.store(true, std::memory_order_relaxed);
  {
    MutexLock lock(retry_mutex_);
    if (retry_pending_ && context_.runtime.executor->Cancel(retry_ticket_)) {
      retry_pending_ = false;
    }
  }
  MutexLock lock(state_.mutex);
  Await(*context_.runtime.executor, state_.mutex, state_.changed, [&]() FIRN_NO_THREAD_ANALYSIS {
    const bool jobs = state_.jobs_in_flight != 0 && !BugIsOn(SeededBug::kCloseDoesNotWaitForJobs);
    if (jobs || state_.compactions_running != 0) return false;
    MutexLock retry(retry_mutex_);
    return !retry_pending_ && !retry_running_;
  });
}

}  // namespace firn
