// The read verbs: find the view, read at the right sequence, keep it alive as long as needed.

#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "cache/epoch.h"
#include "db/engine.h"
#include "db/snapshot_state.h"

namespace firn {

bool Engine::IsForeign(const Snapshot& snapshot) const {
  return snapshot.valid() && snapshot.state()->engine() != this;
}

Result<Engine::PointAnswer> Engine::Read(Slice key, const ReadOptions& options) const {
  const internal::KeyspaceState* keyspace = Find(options.keyspace);
  if (keyspace == nullptr || IsForeign(options.snapshot)) [[unlikely]] return ForeignHandle();
  // The view first: whatever was acknowledged before this call is in it, or in a newer one.
  ReadView* view = keyspace->view.load(std::memory_order_acquire);
  if (view == nullptr) [[unlikely]] return NotReadable(*keyspace);
  YieldPoint("read: view loaded");
  const SequenceNumber at = options.snapshot.valid()
                                ? options.snapshot.sequence()
                                : state_.visible.load(std::memory_order_acquire);
  PointAnswer answer;
  answer.view = view;
  const LookupKey lookup(key);
  FIRN_RETURN_IF_ERROR(PointRead(*view, lookup, at, &answer.result));
  return answer;
}

Result<Engine::Moment> Engine::TakeMoment(const Keyspace& keyspace,
                                          const Snapshot& snapshot) const {
  internal::KeyspaceState* const state = Find(keyspace);
  if (state == nullptr || IsForeign(snapshot)) [[unlikely]] return ForeignHandle();
  EpochDomain::Guard guard;
  for (;;) {
    ReadView* view = state->view.load(std::memory_order_acquire);
    if (view == nullptr) return NotReadable(*state);
    YieldPoint("moment: view loaded");
    // Before the keyspace's dead range is looked at: DeadRange, R1.
    const SequenceNumber visible = state_.visible.load(std::memory_order_acquire);
    YieldPoint("moment: sequence loaded");
    // If the view is still the current one, its memtables had received everything up to `visible`.
    // The guard keeps a freed view's address from coming back.
    if (state->view.load(std::memory_order_acquire) != view) continue;
    Moment moment;
    moment.view = ReadViewReference(view);
    moment.sequence = snapshot.valid() ? snapshot.sequence() : visible;
    moment.keyspace = state;
    return moment;
  }
}

Result<std::vector<std::optional<std::string>>> Engine::ReadMany(
    std::span<const Slice> keys, const ReadOptions& options) const {
  FIRN_ASSIGN_OR_RETURN(const Moment moment, TakeMoment(options.keyspace, options.snapshot));
  std::vector<std::optional<std::string>> values;
  values.reserve(keys.size());
  for (const Slice key : keys) {
    EpochDomain::Guard guard;
    PointResult result;
    FIRN_RETURN_IF_ERROR(
        PointRead(*moment.view.get(), LookupKey(key), moment.sequence, &result));
    values.push_back(result.found ? std::optional<std::string>(result.value) : std::nullopt);
  }
  return values;
}

Snapshot Engine::TakeSnapshot() {
  constexpr auto kAcquire = std::memory_order_acquire;
  const bool early = BugIsOn(SeededBug::kSnapshotTakenBeforeLock);
  const SequenceNumber before = early ? state_.visible.load(kAcquire) : 0;
  MutexLock lock(state_.mutex);
  const SequenceNumber sequence = early ? before : state_.visible.load(kAcquire);
  state_.snapshots.Insert(sequence);
  return Snapshot(std::make_shared<const internal::SnapshotState>(shared_from_this(), sequence));
}

}  // namespace firn
