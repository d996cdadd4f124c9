#include "db/active_memtables.h"

#include <algorithm>

#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "db/await.h"
#include "db/compaction_policy.h"

namespace firn {

using internal::FrozenMemtable;
using internal::KeyspaceState;

ActiveMemtables::ActiveMemtables(StoreContext& context, StoreState& state,
                                 std::function<void()> frozen)
    : context_(context), state_(state), frozen_(std::move(frozen)) {}

Status ActiveMemtables::MakeRoom(LogPosition log_end) {
  const Tuning& tuning = context_.tuning;
  if (log_end - log_checked_ > tuning.log_segment_bytes) {
    // An idle keyspace must not pin the log: whatever its first record lies too far back is
    // flushed.
    log_checked_ = log_end;
    if (log_end > tuning.log_bytes_max) {
      FreezeOlderThan(log_end - tuning.log_bytes_max, log_end);
    }
  }
  if (bytes_ < tuning.memtable_bytes) [[likely]] return Status();

  FIRN_RETURN_IF_ERROR(WaitForFlush([&]() FIRN_NO_THREAD_ANALYSIS {
    return FrozenBytes() + bytes_ <= tuning.memtables_bytes_max || FrozenBytes() == 0;
  }));
  FIRN_RETURN_IF_ERROR(WaitForFlush(
      [&]() FIRN_NO_THREAD_ANALYSIS { return NewestLevelRuns() < tuning.runs_stop; }));
  while (bytes_ >= tuning.memtable_bytes) FreezeLargest(log_end);
  return Status();
}

template <typename Enough>
Status ActiveMemtables::WaitForFlush(const Enough& enough) {
  MutexLock lock(state_.mutex);
  if (enough()) return Status();
  const Micros began = context_.runtime.clock->Now();
  state_.counters.write_stalls.fetch_add(1, std::memory_order_relaxed);
  Await(*context_.runtime.executor, state_.mutex, state_.changed, [&]() FIRN_NO_THREAD_ANALYSIS {
    return enough() || !state_.background_error.ok() || state_.closing.load();
  });
  const auto waited = context_.runtime.clock->Now() - began;
  state_.counters.write_stall_micros.fetch_add(static_cast<std::uint64_t>(waited.count()),
                                               std::memory_order_relaxed);
  if (enough()) return Status();
  if (!state_.background_error.ok()) return state_.background_error;
  return Status(StatusCode::kClosed, "the store was closed while this write waited for a flush");
}

std::uint64_t ActiveMemtables::FrozenBytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [id, keyspace] : state_.by_id) {
    for (const FrozenMemtable& frozen : keyspace->frozen) bytes += frozen.memtable->bytes();
  }
  return bytes;
}

std::size_t ActiveMemtables::NewestLevelRuns() const {
  std::size_t most = 0;
  for (const auto& [id, keyspace] : state_.by_id) {
    most = std::max(most, keyspace->tree->levels[0].size());
  }
  return most;
}

void ActiveMemtables::Ensure(KeyspaceState& keyspace, LogPosition log_end) {
  if (keyspace.active != nullptr) [[likely]] return;
  auto memtable = std::make_shared<Memtable>(context_.arenas, context_.tuning.memtable_bytes);
  MutexLock lock(state_.mutex);
  keyspace.active = std::move(memtable);
  keyspace.active_log_begin = log_end;
  keyspace.PublishView();
}

void ActiveMemtables::Freeze(KeyspaceState& keyspace, LogPosition log_end) {
  if (keyspace.active == nullptr || keyspace.active->empty()) return;
  bytes_ -= std::min<std::uint64_t>(bytes_, keyspace.active->bytes());
  keyspace.frozen.push_back(
      FrozenMemtable{std::move(keyspace.active), keyspace.active_log_begin, log_end});
  keyspace.active = nullptr;
  keyspace.PublishView();
  state_.flush_due.store(true, std::memory_order_release);
}

void ActiveMemtables::FreezeLargest(LogPosition log_end) {
  {
    MutexLock lock(state_.mutex);
    KeyspaceState* largest = nullptr;
    for (const auto& [id, keyspace] : state_.by_id) {
      if (keyspace->active == nullptr || keyspace->active->empty()) continue;
      if (largest == nullptr || keyspace->active->bytes() > largest->active->bytes()) {
        largest = keyspace.get();
      }
    }
    if (largest == nullptr) {
      bytes_ = 0;  // what was counted belonged to dropped keyspaces
    } else {
      Freeze(*largest, log_end);
    }
  }
  frozen_();
}

void ActiveMemtables::FreezeOlderThan(LogPosition position, LogPosition log_end) {
  {
    MutexLock lock(state_.mutex);
    for (const auto& [id, keyspace] : state_.by_id) {
      if (keyspace->active != nullptr && keyspace->active_log_begin < position) {
        Freeze(*keyspace, log_end);
      }
    }
  }
  frozen_();
}

void ActiveMemtables::FreezeAll(LogPosition log_end) {
  {
    MutexLock lock(state_.mutex);
    for (const auto& [id, keyspace] : state_.by_id) Freeze(*keyspace, log_end);
  }
  frozen_();
}

// The last level is about to be rewritten, or most of it: what is in memory goes along for the
// price of its flush. Left behind it would lie above a settled tree, and every read meet it.
bool ActiveMemtables::WillSettle(const KeyspaceState& keyspace) const {
  const Run* last = keyspace.tree->last_run();
  const std::uint64_t settled = last == nullptr ? 0 : last->file_bytes;
  std::uint64_t above = keyspace.tree->file_bytes() - settled;
  for (const FrozenMemtable& frozen : keyspace.frozen) above += frozen.memtable->bytes();
  return above > 0 && static_cast<double>(above) >= PolicyOf(context_, state_).dead_fraction_max *
                                                        static_cast<double>(above + settled);
}

void ActiveMemtables::FreezeIdle(LogPosition log_end) {
  {
    MutexLock lock(state_.mutex);
    for (const auto& [id, keyspace] : state_.by_id) {
      if (keyspace->active == nullptr) continue;
      if (keyspace->active->bytes() >= context_.tuning.idle_flush_bytes || WillSettle(*keyspace)) {
        Freeze(*keyspace, log_end);
        if (BugIsOn(SeededBug::kCallbackUnderLock)) frozen_();
      }
    }
  }
  frozen_();
}

void ActiveMemtables::Drop(KeyspaceState& keyspace) {
  if (keyspace.active != nullptr) {
    bytes_ -= std::min<std::uint64_t>(bytes_, keyspace.active->bytes());
  }
}

}  // namespace firn
