// Answers "newest range tombstone over this key at this sequence" for keys that come in order,
// forwards or backwards: it remembers the stretch of keys around the last answer, a fragment or
// the gap between two, and searches again only when a key leaves it.
//
// Threads: one. Lifetime: the tombstones outlive the walk.
#pragma once

#include <optional>

#include "format/range_tombstones.h"

namespace firn {

class TombstoneWalk {
 public:
  // `tombstones` may be null. Only sequences <= `at` count.
  TombstoneWalk(const FragmentedTombstones* tombstones, SequenceNumber at)
      : tombstones_(tombstones), at_(at) {}

  [[nodiscard]] bool empty() const { return tombstones_ == nullptr || tombstones_->empty(); }
  void Reset() { known_ = false; }

  // 0 when there is none. Requires: !empty(). Keys in any order are right, in order fast.
  [[nodiscard]] SequenceNumber Covering(Slice key) {
    if (!known_ || (begin_ && key < *begin_) || (end_ && key >= *end_)) Find(key);
    return covering_;
  }

 private:
  void Find(Slice key) {
    const std::size_t index = tombstones_->FindFragment(key);
    known_ = true;
    covering_ = 0;
    begin_.reset();
    end_.reset();
    if (index < tombstones_->size()) {
      const FragmentedTombstones::Fragment found = tombstones_->fragment(index);
      if (found.begin <= key) {
        begin_ = found.begin;
        end_ = found.end;
        covering_ = found.NewestUpTo(at_);
        return;
      }
      end_ = found.begin;
    }
    if (index > 0) begin_ = tombstones_->fragment(index - 1).end;
  }

  const FragmentedTombstones* tombstones_;
  SequenceNumber at_;
  bool known_ = false;
  std::optional<Slice> begin_;  // unset: unbounded
  std::optional<Slice> end_;
  SequenceNumber covering_ = 0;
};

}  // namespace firn
