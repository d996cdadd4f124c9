// Source entries arrive in batches in order E1 or its reverse and pass a filter that keeps one
// group, the versions of one key, in mind.
//
// U1  Items are views into the source's current batch (or the seam buffers), so the source is only
//     read while the batch being delivered is still empty.
// U2  Forwards the first version with a sequence <= at decides its key, the rest of the group is
//     skipped. Backwards versions arrive oldest first: the last one with a sequence <= at decides,
//     and it is known only when the next key or the end appears.
// U3  What must outlive a source batch (the group's key; backwards its deciding version) is copied
//     into the seam buffers right before the source is read.
#include "merge/visible_cursor.h"

#include <algorithm>

#include "base/check.h"
#include "base/status_macros.h"
#include "merge/direction.h"
#include "merge/tombstone_walk.h"

namespace firn {

class VisibleCursor::Impl {
 public:
  Impl(std::unique_ptr<EntryCursor> source, VisibleCursorSettings settings)
      : source_(std::move(source)),
        settings_(std::move(settings)),
        tombstones_(settings_.tombstones, settings_.at) {}

  Status SeekToFirst() { return Start([this] { return SeekToLower(); }); }
  Status SeekToLast() { return Start([this] { return SeekToUpper(); }); }
  // Targets are pulled to the bounds, because either direction may be read next.
  Status Seek(Slice target) {
    return Start([&] {
      if (BelowLower(target)) return SeekToLower();
      return AboveUpper(target) ? SeekToUpper() : source_->Seek(target);
    });
  }
  Status SeekForPrev(Slice target) {
    return Start([&] {
      if (BelowLower(target)) return SeekToLower();
      return AboveUpper(target) ? SeekToUpper() : source_->SeekForPrev(target);
    });
  }

  Status Move(Direction direction, VisibleBatch& out, std::size_t limit) {
    FIRN_DCHECK(limit >= 1 && limit <= VisibleBatch::kCapacity);
    out.count = 0;
    FIRN_RETURN_IF_ERROR(failure_);
    failure_ = TurnTo(direction);
    while (failure_.ok() && out.count == 0) {
      if (next_ == in_.count) {
        if (source_done_) break;
        failure_ = Refill(limit);
        if (!failure_.ok()) break;
      }
      if (direction == Direction::kForward) {
        TakeForward(out, limit);
      } else {
        TakeBackward(out, limit);
      }
    }
    anchor_ = out.count == 0 ? Anchor::kEnd : Anchor::kItem;
    if (out.count != 0) last_item_key_ = out.items[out.count - 1].key;
    return failure_;
  }

 private:
  // Where the position is, once the source has been read.
  enum class Anchor : std::uint8_t {
    kSource,  // nothing read: the source's own position
    kItem,    // beside the item delivered last
    kEnd,     // at the end of the bounds in this direction
  };

  template <typename SeekSource>
  Status Start(SeekSource seek_source) {
    Forget();
    anchor_ = Anchor::kSource;
    fill_limit_ = 0;
    failure_ = seek_source();
    return failure_;
  }
  [[nodiscard]] bool BelowLower(Slice key) const {
    return settings_.lower && key < *settings_.lower;
  }
  [[nodiscard]] bool AboveUpper(Slice key) const {
    return settings_.upper && key >= *settings_.upper;
  }
  Status SeekToLower() {
    return settings_.lower ? source_->Seek(*settings_.lower) : source_->SeekToFirst();
  }
  // Before the first key that is too large, which is behind the last that is not.
  Status SeekToUpper() {
    return settings_.upper ? source_->Seek(*settings_.upper) : source_->SeekToLast();
  }

  void Forget() {
    next_ = in_.count = 0;
    in_group_ = false;
    group_has_visible_ = false;
    source_done_ = false;
    tombstones_.Reset();
  }

  Status TurnTo(Direction direction) {
    if (direction == direction_) return {};
    direction_ = direction;
    if (anchor_ == Anchor::kSource) return {};
    const bool forward = direction == Direction::kForward;
    if (anchor_ == Anchor::kEnd) {
      Forget();
      return forward ? SeekToLower() : SeekToUpper();
    }
    turn_key_.assign(last_item_key_);
    Forget();
    return forward ? source_->Seek(turn_key_) : source_->SeekForPrev(turn_key_);
  }

  Status Refill(std::size_t limit) {
    if (in_group_) MoveGroupToSeam();
    // A short scan asks for little, a long one soon for whole batches. One more than wanted,
    // because backwards an item is known to be complete only at the next key.
    fill_limit_ = std::min(std::max(2 * fill_limit_, limit + 1), EntryBatch::kCapacity);
    next_ = in_.count = 0;
    FIRN_RETURN_IF_ERROR(direction_ == Direction::kForward ? source_->Next(in_, fill_limit_)
                                                           : source_->Prev(in_, fill_limit_));
    source_done_ = in_.count == 0;
    CutAtBound();
    return {};
  }

  void MoveGroupToSeam() {
    seam_key_.assign(group_key_);
    group_key_ = seam_key_;
    if (direction_ == Direction::kBackward && group_has_visible_) {
      seam_value_.assign(newest_.value);
      newest_.key = seam_key_;
      newest_.value = seam_value_;
    }
  }

  void CutAtBound() {
    if (in_.count == 0) return;
    const bool forward = direction_ == Direction::kForward;
    const auto inside = [&](const Entry& entry) {
      return forward ? !AboveUpper(entry.key) : !BelowLower(entry.key);
    };
    const auto begin = in_.entries.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(in_.count);
    if (inside(*(end - 1))) return;
    in_.count = static_cast<std::size_t>(std::partition_point(begin, end, inside) - begin);
    source_done_ = true;
  }

  // Heads differ for nearly all neighbours, so the key itself is rarely compared.
  [[nodiscard]] bool InGroup(std::size_t index) const {
    return in_group_ && in_.heads[index] == group_head_ && in_.entries[index].key == group_key_;
  }
  void OpenGroup(std::size_t index) {
    in_group_ = true;
    group_head_ = in_.heads[index];
    group_key_ = in_.entries[index].key;
  }

  [[nodiscard]] bool Shown(const Entry& entry) {
    FIRN_DCHECK(entry.kind == EntryKind::kPut || entry.kind == EntryKind::kDelete);
    return entry.kind == EntryKind::kPut &&
           (tombstones_.empty() || tombstones_.Covering(entry.key) <= entry.sequence);
  }

  void TakeForward(VisibleBatch& out, std::size_t limit) {
    for (; next_ < in_.count && out.count < limit; ++next_) {
      const Entry& entry = in_.entries[next_];
      if (entry.sequence > settings_.at || InGroup(next_)) continue;
      OpenGroup(next_);
      if (Shown(entry)) out.items[out.count++] = {.key = entry.key, .value = entry.value};
    }
  }

  void TakeBackward(VisibleBatch& out, std::size_t limit) {
    for (; next_ < in_.count; ++next_) {
      const Entry& entry = in_.entries[next_];
      if (!InGroup(next_)) {
        CloseGroup(out);
        if (out.count == limit) return;
        OpenGroup(next_);
      }
      if (entry.sequence <= settings_.at) {
        newest_ = entry;
        group_has_visible_ = true;
      }
    }
    if (source_done_) CloseGroup(out);
  }

  void CloseGroup(VisibleBatch& out) {
    if (group_has_visible_ && Shown(newest_)) {
      out.items[out.count++] = {.key = newest_.key, .value = newest_.value};
    }
    in_group_ = false;
    group_has_visible_ = false;
  }

  const std::unique_ptr<EntryCursor> source_;
  const VisibleCursorSettings settings_;
  TombstoneWalk tombstones_;

  Direction direction_ = Direction::kForward;
  Anchor anchor_ = Anchor::kSource;
  Slice last_item_key_;  // valid until the next call, like the item
  Status failure_;
  std::string turn_key_;

  EntryBatch in_;
  std::size_t next_ = 0;      // first entry of in_ not looked at
  bool source_done_ = false;  // nothing more within the bounds in this direction
  std::size_t fill_limit_ = 0;

  bool in_group_ = false;
  std::uint64_t group_head_ = 0;
  Slice group_key_;
  bool group_has_visible_ = false;  // backwards only, like newest_
  Entry newest_;                    // the group's newest version with a sequence <= at
  std::string seam_key_;
  std::string seam_value_;
};

VisibleCursor::VisibleCursor(std::unique_ptr<EntryCursor> source, VisibleCursorSettings settings)
    : impl_(std::make_unique<Impl>(std::move(source), std::move(settings))) {}
VisibleCursor::~VisibleCursor() = default;

Status VisibleCursor::SeekToFirst() { return impl_->SeekToFirst(); }
Status VisibleCursor::SeekToLast() { return impl_->SeekToLast(); }
Status VisibleCursor::Seek(Slice target) { return impl_->Seek(target); }
Status VisibleCursor::SeekForPrev(Slice target) { return impl_->SeekForPrev(target); }
Status VisibleCursor::Next(VisibleBatch& batch, std::size_t limit) {
  return impl_->Move(Direction::kForward, batch, limit);
}
Status VisibleCursor::Prev(VisibleBatch& batch, std::size_t limit) {
  return impl_->Move(Direction::kBackward, batch, limit);
}

}  // namespace firn
