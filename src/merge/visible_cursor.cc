// Source entries arrive in batches in order E1 or its reverse and pass a filter that keeps one
// group, the versions of one key, in mind.
//
// U1  Items are views into the source's current batch (or the seam buffers), so the source is only
//     read while the batch being delivered is still empty.
// U2  Forwards the first version with a sequence <= at decides its key, the rest of the group is
//     skipped. Backwards versions arrive oldest first: the last one with a sequence <= at decides,
//     and it is known only when the next key or the end appears.
// U3  Where the source offers plain entries and no range tombstone is about, they go past the
//     filter straight into the delivered batch. Forwards the first may be an old version of the
//     group in mind; backwards they end that group, which goes out before them.
// U4  What must outlive a source batch (the group's key; backwards its deciding version) is copied
//     into the seam buffers right before the source is read.
#include "merge/visible_cursor.h"

#include <algorithm>

#include "base/check.h"
#include "base/status_macros.h"

namespace firn {

VisibleCursor::VisibleCursor(std::unique_ptr<EntryCursor> source, VisibleCursorSettings settings)
    : source_(std::move(source)),
      settings_(std::move(settings)),
      tombstones_(settings_.tombstones, settings_.at) {}

template <typename SeekSource>
Status VisibleCursor::Start(SeekSource seek_source) {
  Forget();
  anchor_ = Anchor::kSource;
  fill_limit_ = 0;
  hidden_ = 0;
  failure_ = seek_source();
  return failure_;
}

Status VisibleCursor::SeekToFirst() {
  return Start([this] { return SeekToLower(); });
}
Status VisibleCursor::SeekToLast() {
  return Start([this] { return SeekToUpper(); });
}
// Targets are pulled to the bounds, because either direction may be read next.
Status VisibleCursor::Seek(Slice target) {
  return Start([&] {
    if (BelowLower(target)) return SeekToLower();
    return AboveUpper(target) ? SeekToUpper() : source_->Seek(target);
  });
}
Status VisibleCursor::SeekForPrev(Slice target) {
  return Start([&] {
    if (BelowLower(target)) return SeekToLower();
    return AboveUpper(target) ? SeekToUpper() : source_->SeekForPrev(target);
  });
}

Status VisibleCursor::SeekToLower() {
  return settings_.lower ? source_->Seek(*settings_.lower) : source_->SeekToFirst();
}
// Before the first key that is too large, which is behind the last that is not.
Status VisibleCursor::SeekToUpper() {
  return settings_.upper ? source_->Seek(*settings_.upper) : source_->SeekToLast();
}

void VisibleCursor::Forget() {
  next_ = in_count_ = 0;
  in_group_ = false;
  group_has_visible_ = false;
  source_done_ = false;
  tombstones_.Reset();
}

Status VisibleCursor::Move(Direction direction, Items out, std::size_t* count) {
  FIRN_DCHECK(!out.empty());
  *count = 0;
  FIRN_RETURN_IF_ERROR(failure_);
  failure_ = TurnTo(direction);
  while (failure_.ok() && *count == 0) {
    if (next_ == in_count_) {
      if (source_done_) break;
      failure_ = TakePlain(out, count);
      if (!failure_.ok() || *count != 0 || source_done_) break;
      failure_ = Refill(out.size());
      if (!failure_.ok()) break;
    }
    if (direction == Direction::kForward) {
      TakeForward(out, count);
    } else {
      TakeBackward(out, count);
    }
    if (*count == 0 && anchor_ == Anchor::kSource) hidden_ += in_count_;
  }
  anchor_ = *count == 0 ? Anchor::kEnd : Anchor::kItem;
  if (*count != 0) last_item_key_ = out[*count - 1].key;
  return failure_;
}

Status VisibleCursor::TurnTo(Direction direction) {
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

Status VisibleCursor::TakePlain(Items out, std::size_t* count) {
  if (!tombstones_.empty()) return {};
  const bool forward = direction_ == Direction::kForward;
  // Backwards the group at hand is complete once another key is seen; its item needs a place.
  const bool owes_item =
      !forward && in_group_ && group_has_visible_ && newest_.kind == EntryKind::kPut;
  if (owes_item && out.size() == 1) return {};
  if (in_group_) MoveGroupToSeam();

  const Items room = out.subspan(owes_item ? 1 : 0);
  std::size_t found = 0;
  FIRN_RETURN_IF_ERROR(forward ? source_->NextPlain(room, nullptr, &found)
                               : source_->PrevPlain(room, nullptr, &found));
  if (found == 0) return {};
  const std::size_t inside = CountInside(room.data(), found);
  source_done_ = inside < found;
  if (owes_item) out[0] = {.key = newest_.key, .value = newest_.value};
  *count = inside + (owes_item ? 1 : 0);
  if (forward && in_group_ && inside != 0 && out[0].key == group_key_) {
    std::copy(out.begin() + 1, out.begin() + static_cast<std::ptrdiff_t>(inside), out.begin());
    --*count;
  }
  in_group_ = false;
  group_has_visible_ = false;
  return {};
}

Status VisibleCursor::Refill(std::size_t limit) {
  if (in_group_) MoveGroupToSeam();
  // A short scan asks for little, a long one soon for whole batches. One more than wanted,
  // because backwards an item is known to be complete only at the next key.
  fill_limit_ = std::min(std::max(2 * fill_limit_, limit + 1), EntryBatch::kCapacity);
  if (in_ == nullptr) in_ = std::make_unique<EntryBatch>();
  next_ = in_count_ = 0;
  FIRN_RETURN_IF_ERROR(direction_ == Direction::kForward ? source_->Next(*in_, fill_limit_)
                                                         : source_->Prev(*in_, fill_limit_));
  in_count_ = CountInside(in_->entries.data(), in_->count);
  source_done_ = in_->count == 0 || in_count_ < in_->count;
  return {};
}

void VisibleCursor::MoveGroupToSeam() {
  seam_key_.assign(group_key_);
  group_key_ = seam_key_;
  if (direction_ == Direction::kBackward && group_has_visible_) {
    seam_value_.assign(newest_.value);
    newest_.key = seam_key_;
    newest_.value = seam_value_;
  }
}

template <typename Keyed>
std::size_t VisibleCursor::CountInside(const Keyed* first, std::size_t count) const {
  const bool forward = direction_ == Direction::kForward;
  const auto inside = [&](const Keyed& item) {
    return forward ? !AboveUpper(item.key) : !BelowLower(item.key);
  };
  if (count == 0 || inside(first[count - 1])) return count;
  return static_cast<std::size_t>(std::partition_point(first, first + count, inside) - first);
}

// Heads differ for nearly all neighbours, so the key itself is rarely compared.
bool VisibleCursor::InGroup(std::size_t index) const {
  return in_group_ && in_->heads[index] == group_head_ && in_->entries[index].key == group_key_;
}

void VisibleCursor::OpenGroup(std::size_t index) {
  in_group_ = true;
  group_head_ = in_->heads[index];
  group_key_ = in_->entries[index].key;
}

bool VisibleCursor::Shown(const Entry& entry) {
  FIRN_DCHECK(entry.kind == EntryKind::kPut || entry.kind == EntryKind::kDelete);
  return entry.kind == EntryKind::kPut &&
         (tombstones_.empty() || tombstones_.Covering(entry.key) <= entry.sequence);
}

void VisibleCursor::TakeForward(Items out, std::size_t* count) {
  for (; next_ < in_count_ && *count < out.size(); ++next_) {
    const Entry& entry = in_->entries[next_];
    if (entry.sequence > settings_.at || InGroup(next_)) continue;
    OpenGroup(next_);
    if (Shown(entry)) out[(*count)++] = {.key = entry.key, .value = entry.value};
  }
}

void VisibleCursor::TakeBackward(Items out, std::size_t* count) {
  for (; next_ < in_count_; ++next_) {
    const Entry& entry = in_->entries[next_];
    if (!InGroup(next_)) {
      CloseGroup(out, count);
      if (*count == out.size()) return;
      OpenGroup(next_);
    }
    if (entry.sequence <= settings_.at) {
      newest_ = entry;
      group_has_visible_ = true;
    }
  }
  if (source_done_) CloseGroup(out, count);
}

void VisibleCursor::CloseGroup(Items out, std::size_t* count) {
  if (group_has_visible_ && Shown(newest_)) {
    out[(*count)++] = {.key = newest_.key, .value = newest_.value};
  }
  in_group_ = false;
  group_has_visible_ = false;
}

}  // namespace firn
