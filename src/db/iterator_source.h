// Feeds the window of a public Iterator: one pinned moment of a keyspace, merged and filtered.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "db/engine.h"
#include "firn/iterator.h"
#include "format/range_tombstones.h"
#include "merge/visible_cursor.h"

namespace firn {

// Threads: one at a time. Lifetime: holds the engine, and the view until destroyed.
class Iterator::Source {
 public:
  // A failed source yields nothing and keeps the status.
  explicit Source(Status failure) : status_(std::move(failure)) {}
  Source(std::shared_ptr<Engine> engine, Engine::Moment moment,
         const IteratorOptions& options);
  ~Source();
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  void SeekToFirst();
  void SeekToLast();
  void Seek(Slice target);
  void SeekForPrev(Slice target);
  // Moves the window on; an empty one is the end or an error.
  void NextWindow();
  void PrevWindow();
  // Fetches a window in the other direction, beginning with the item the walk stands on.
  void Turn(bool forward, Slice current_key);

  [[nodiscard]] const KeyValue* items() const { return batch_.items.data(); }
  [[nodiscard]] std::size_t count() const { return batch_.count; }
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  [[nodiscard]] bool Ready();
  void Fail(Status status);
  void Fill(bool forward);
  Status CollectTombstones(const ReadView& view);

  std::shared_ptr<Engine> engine_;  // null in a failed source
  Engine::Moment moment_;
  FragmentedTombstones tombstones_;
  std::optional<VisibleCursor> cursor_;
  Status status_;
  // Grows while the walk goes on, so that a short scan decodes little and a long one wastes
  // nothing.
  std::size_t window_ = 0;
  VisibleBatch batch_;
};

}  // namespace firn
