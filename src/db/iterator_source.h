// Feeds the window of a public Iterator: one pinned moment of a keyspace, merged and filtered.
#pragma once

#include <array>
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
  explicit Source(Status failure);
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

  [[nodiscard]] const KeyValue* items() const { return items_; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  [[nodiscard]] bool Ready();
  void Fail(Status status);
  void Fill(bool forward);
  // To the first item at or behind `target`, past what is known to be dead.
  void SeekForward(Slice target);
  void RememberDead(Slice target);
  Status CollectTombstones(const ReadView& view);

  std::shared_ptr<Engine> engine_;  // null in a failed source
  Engine::Moment moment_;
  KeyspacePointer keyspace_;  // keeps a created one alive; null for the default
  FragmentedTombstones tombstones_;
  std::optional<VisibleCursor> cursor_;
  Status status_;
  // The window grows while the walk goes on: a short scan decodes little and needs no memory but
  // this object's, a long one wastes nothing.
  static constexpr std::size_t kFirstWindow = 16;
  static constexpr std::size_t kWindow = 64;
  bool walks_on_ = false;
  KeyValue* items_ = nullptr;
  std::size_t count_ = 0;
  std::unique_ptr<std::array<KeyValue, kWindow>> large_window_;
  union {  // keeps the array uninitialised
    std::array<KeyValue, kFirstWindow> first_window_;
  };
};

}  // namespace firn
