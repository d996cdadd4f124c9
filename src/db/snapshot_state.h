// What a Snapshot holds: its place in the registry and the engine that keeps it.
#pragma once

#include <memory>

#include "db/engine.h"

namespace firn::internal {

class SnapshotState {
 public:
  // Requires: `sequence` is registered; this object takes it out again.
  SnapshotState(std::shared_ptr<Engine> engine, SequenceNumber sequence)
      : engine_(std::move(engine)), sequence_(sequence) {}
  ~SnapshotState() {
    MutexLock lock(engine_->state().mutex);
    engine_->state().snapshots.Erase(sequence_);
    engine_->state().snapshot_released.store(true, std::memory_order_relaxed);
  }
  SnapshotState(const SnapshotState&) = delete;
  SnapshotState& operator=(const SnapshotState&) = delete;
  [[nodiscard]] SequenceNumber sequence() const { return sequence_; }
  [[nodiscard]] const Engine* engine() const { return engine_.get(); }

 private:
  const std::shared_ptr<Engine> engine_;
  const SequenceNumber sequence_;
};

}  // namespace firn::internal
