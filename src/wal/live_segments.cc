#include "wal/live_segments.h"

#include <algorithm>
#include <climits>

#include "base/seeded_bug.h"

#include "base/cooperation.h"

namespace firn {
namespace {

// A leader waits for others no longer than this part of a sync, nor for more turns than this.
constexpr int kGatherPart = 2;
constexpr int kGatherTurnsMax = 256;

}  // namespace

Status LiveSegments::health() const {
  MutexLock lock(mutex_);
  return failure_;
}

Status LiveSegments::Closed() const {
  MutexLock lock(mutex_);
  return ClosedLocked();
}

Status LiveSegments::ClosedLocked() const {
  if (failure_.ok()) return Status(StatusCode::kClosed, "the log was closed");
  return Status(StatusCode::kClosed,
                "the log stopped after a failure, reopen the store: " + failure_.ToString());
}

std::vector<LogWriter::SegmentInfo> LiveSegments::Infos() const {
  MutexLock lock(mutex_);
  std::vector<LogWriter::SegmentInfo> infos;
  for (const SegmentPointer& segment : live_) {
    const LogPosition end = segment->progress.sealed ? segment->progress.end : appended();
    infos.push_back({segment->number(), segment->start(), end, segment->size()});
  }
  return infos;
}

std::shared_ptr<LogSegment> LiveSegments::current() const {
  MutexLock lock(mutex_);
  return live_.back();
}

void LiveSegments::Push(SegmentPointer segment, LogPosition appended) {
  MutexLock lock(mutex_);
  if (!live_.empty()) {
    live_.back()->progress.sealed = true;
    live_.back()->progress.end = segment->start();
  }
  live_.push_back(std::move(segment));
  set_appended(appended);
}

Status LiveSegments::Sync(LogPosition upto) {
  FIRN_CHECK(upto <= appended());
  MutexLock lock(mutex_);
  if (durable() < upto) group_.Join();
  while (durable() < upto) {
    if (!failure_.ok() || dead()) return ClosedLocked();
    if (syncing_) {
      sync_done_.Wait(mutex_);
      // Who waited for the sync that failed hears of it as the leader does; later callers do not.
      if (!failure_.ok() && durable() < upto) {
        return BugIsOn(SeededBug::kFollowersNotToldOfFailure) ? Status() : failure_;
      }
      continue;
    }
    const Status led = LeadSync(SyncScope::kEverything);
    if (!led.ok()) return led;
  }
  return Status();
}

void LiveSegments::Gather() {
  if (group_.incomplete()) {
    const Micros end = clock_.Now() + last_sync_time_ / kGatherPart;
    const int turns_max = BugIsOn(SeededBug::kGatherTrustsClock) ? INT_MAX : kGatherTurnsMax;
    for (int turn = 0; turn < turns_max && group_.incomplete() && !dead(); ++turn) {
      mutex_.Unlock();
      YieldThread();
      mutex_.Lock();
      if (clock_.Now() >= end) break;
    }
  }
  group_.Closed();
}

// Requires: no leader at work, not dead.
Status LiveSegments::LeadSync(SyncScope scope) {
  syncing_ = true;
  if (scope == SyncScope::kEverything) Gather();
  LogPosition target = durable();
  std::vector<SegmentPointer> segments;
  for (const SegmentPointer& segment : live_) {
    if (!segment->progress.sealed || segment->progress.synced) continue;
    if (BugIsOn(SeededBug::kOldSegmentNotSynced) && scope == SyncScope::kEverything) continue;
    segments.push_back(segment);
    target = segment->progress.end;
  }
  const std::size_t sealed = segments.size();
  if (scope == SyncScope::kEverything) {
    segments.push_back(live_.back());
    target = appended();
    group_.SyncBegins();
  }
  const Micros begin = clock_.Now();
  mutex_.Unlock();
  YieldPoint("log: sync begins");
  Status status = SyncFiles(segments, target);
  YieldPoint("log: sync ended");
  mutex_.Lock();
  if (scope == SyncScope::kEverything) {
    group_.SyncEnds();
    last_sync_time_ = clock_.Now() - begin;
  }
  syncing_ = false;
  if (!BugIsOn(SeededBug::kFollowersNotWoken)) sync_done_.NotifyAll();
  if (!status.ok()) {
    if (!BugIsOn(SeededBug::kSyncRetriedAfterFailure)) DieLocked(status);
    return status;
  }
  // The current segment may have been sealed meanwhile, but its seal was not covered.
  for (std::size_t i = 0; i < sealed; ++i) segments[i]->progress.synced = true;
  if (BugIsOn(SeededBug::kLateBytesCountAsSynced)) target = appended();
  durable_.store(target, std::memory_order_release);
  return Status();
}

Status LiveSegments::SyncFiles(const std::vector<SegmentPointer>& segments, LogPosition target) {
  for (const SegmentPointer& segment : segments) {
    if (dead()) return Closed();
    Status status = segment->Sync(segment->OffsetOf(target));
    if (!status.ok()) return status;
  }
  return Status();
}

bool LiveSegments::AnyUnsyncedSealed() const {
  for (const SegmentPointer& segment : live_) {
    if (segment->progress.sealed && !segment->progress.synced) return true;
  }
  return false;
}

void LiveSegments::RetireSealed() {
  std::vector<SegmentPointer> closing;
  {
    MutexLock lock(mutex_);
    while (failure_.ok() && AnyUnsyncedSealed()) {
      if (syncing_) {
        sync_done_.Wait(mutex_);
      } else if (!LeadSync(SyncScope::kSealedOnly).ok()) {
        return;  // kept as failure_, and told to every caller from now on
      }
    }
    for (const SegmentPointer& segment : live_) {
      if (!segment->progress.synced || segment->progress.closing) continue;
      segment->progress.closing = true;
      closing.push_back(segment);
    }
  }
  for (const SegmentPointer& segment : closing) {
    const Status status = segment->Close();
    MutexLock lock(mutex_);
    if (!status.ok()) {
      DieLocked(status);
      return;
    }
    segment->progress.closed = true;
  }
  CollectObsolete();
}

void LiveSegments::Release(LogPosition position) {
  {
    MutexLock lock(mutex_);
    released_ = std::max(released_, position);
  }
  CollectObsolete();
}

void LiveSegments::CollectObsolete() {
  std::vector<SegmentPointer> obsolete;
  {
    MutexLock lock(mutex_);
    while (live_.front()->progress.closed && live_.front()->progress.sealed &&
           live_.front()->progress.end <= released_) {
      obsolete.push_back(live_.front());
      live_.pop_front();
    }
  }
  for (const SegmentPointer& segment : obsolete) {
    supply_.Recycle(segment->number(), segment->size());
  }
}

Status LiveSegments::Die(Status cause) {
  MutexLock lock(mutex_);
  DieLocked(cause);
  return cause;
}

void LiveSegments::DieLocked(const Status& cause) {
  if (failure_.ok()) failure_ = cause;
  dead_.store(true, std::memory_order_release);
  sync_done_.NotifyAll();
}

Status LiveSegments::Close() {
  std::vector<SegmentPointer> closing;
  {
    MutexLock lock(mutex_);
    for (const SegmentPointer& segment : live_) {
      if (segment->progress.closing) continue;
      segment->progress.closing = true;
      closing.push_back(segment);
    }
  }
  Status first;
  for (const SegmentPointer& segment : closing) {
    Status status = segment->Close();
    if (first.ok()) first = std::move(status);
  }
  MutexLock lock(mutex_);
  for (const SegmentPointer& segment : closing) segment->progress.closed = true;
  dead_.store(true, std::memory_order_release);
  if (!first.ok()) DieLocked(first);
  return first;
}

}  // namespace firn
