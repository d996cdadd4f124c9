// Walks a keyspace in key order, both ways, at one moment in time.
#pragma once

#include <cstddef>
#include <memory>

#include "firn/export.h"
#include "firn/slice.h"
#include "firn/status.h"

namespace firn {

// Starts unpositioned: Seek first. An error makes it invalid and stays in status(); a loop that
// ends must look there before it believes it saw everything. After Db::Close the entries already
// fetched can be read; moving on answers kClosed. May outlive the Db.
// Threads: one at a time. Holding one pins the tables and memtables it started with.
class FIRN_EXPORT Iterator {
 public:
  class Source;  // src/db: refills the window
  explicit Iterator(std::unique_ptr<Source> source);
  Iterator(Iterator&&) noexcept;
  Iterator& operator=(Iterator&&) noexcept;
  ~Iterator();

  [[nodiscard]] bool Valid() const { return position_ < count_; }
  void SeekToFirst();
  void SeekToLast();
  void Seek(Slice target);         // to the first key >= target
  void SeekForPrev(Slice target);  // to the last key <= target
  // Require Valid().
  void Next() {
    if (forward_ && position_ + 1 < count_) [[likely]] {
      ++position_;
    } else {
      MoveForward();
    }
  }
  void Prev() {
    if (!forward_ && position_ + 1 < count_) [[likely]] {
      ++position_;
    } else {
      MoveBackward();
    }
  }
  // Require Valid(). The views are valid until the iterator moves.
  [[nodiscard]] Slice key() const { return items_[position_].key; }
  [[nodiscard]] Slice value() const { return items_[position_].value; }
  [[nodiscard]] const Status& status() const;

 private:
  void MoveForward();
  void MoveBackward();
  void ShowWindow(bool forward);

  // The current window, in walking order; owned by source_.
  const KeyValue* items_ = nullptr;
  std::size_t position_ = 0;
  std::size_t count_ = 0;
  bool forward_ = true;
  std::unique_ptr<Source> source_;
};

}  // namespace firn
