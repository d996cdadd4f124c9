// What a user sees: at one sequence, the newest version of each key that is not deleted, within
// bounds, forwards and backwards. Allocates nothing per call; backwards, the value at the seam of
// two source batches is copied.
//
// Threads: one at a time.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/entry.h"
#include "firn/slice.h"
#include "format/range_tombstones.h"
#include "merge/direction.h"
#include "merge/tombstone_walk.h"

namespace firn {

struct VisibleCursorSettings {
  SequenceNumber at = 0;
  std::optional<std::string> lower = std::nullopt;  // inclusive
  std::optional<std::string> upper = std::nullopt;  // exclusive
  // Range tombstones of every source, merged into one set by the caller; null when there are none.
  // Outlives the cursor. Hidden entries are walked over, never sought past: an entry under a
  // tombstone may be newer than it, and only a source that knows its own newest sequence could
  // tell.
  const FragmentedTombstones* tombstones = nullptr;
};

class VisibleCursor {
 public:
  VisibleCursor(std::unique_ptr<EntryCursor> source, VisibleCursorSettings settings);
  VisibleCursor(const VisibleCursor&) = delete;
  VisibleCursor& operator=(const VisibleCursor&) = delete;

  Status SeekToFirst();
  Status SeekToLast();
  Status Seek(Slice target);         // next Next starts at the first visible key >= target
  Status SeekForPrev(Slice target);  // next Prev starts at the last visible key <= target

  // Fills `out` (1 item and more) with items following (preceding) the position, which moves behind
  // (in front of) them; `*count` 0 with ok() is the end of the bounds. Views are valid until the
  // next call. As in EntryCursor the position lies between two items, so turning round meets the
  // item delivered last again: after Next gave "a" and "b", Prev gives "b" and "a". After a failure
  // every call fails alike until the next seek.
  Status Next(std::span<KeyValue> out, std::size_t* count) {
    return Move(Direction::kForward, out, count);
  }
  Status Prev(std::span<KeyValue> out, std::size_t* count) {
    return Move(Direction::kBackward, out, count);
  }
  // `target`, or the lower bound where that comes later.
  [[nodiscard]] Slice Inside(Slice target) const {
    return BelowLower(target) ? Slice(*settings_.lower) : target;
  }
  // Null: unbounded.
  [[nodiscard]] const std::string* upper() const {
    return settings_.upper ? &*settings_.upper : nullptr;
  }
  // How many entries nobody sees were walked over, about, between the last seek and the first item.
  [[nodiscard]] std::size_t hidden() const { return hidden_; }

 private:
  // Where the position is, once the source has been read.
  enum class Anchor : std::uint8_t {
    kSource,  // nothing read: the source's own position
    kItem,    // beside the item delivered last
    kEnd,     // at the end of the bounds in this direction
  };

  template <typename SeekSource>
  Status Start(SeekSource seek_source);
  [[nodiscard]] bool BelowLower(Slice key) const {
    return settings_.lower && key < *settings_.lower;
  }
  [[nodiscard]] bool AboveUpper(Slice key) const {
    return settings_.upper && key >= *settings_.upper;
  }
  Status SeekToLower();
  Status SeekToUpper();
  void Forget();

  using Items = std::span<KeyValue>;
  Status Move(Direction direction, Items out, std::size_t* count);
  Status TurnTo(Direction direction);
  // Each adds to the `*count` items that `out` holds already.
  Status TakePlain(Items out, std::size_t* count);
  Status Refill(std::size_t limit);
  void MoveGroupToSeam();
  // How many of the first `count`, in walking order, lie within the bounds.
  template <typename Keyed>
  [[nodiscard]] std::size_t CountInside(const Keyed* first, std::size_t count) const;
  [[nodiscard]] bool InGroup(std::size_t index) const;
  void OpenGroup(std::size_t index);
  void CloseGroup(Items out, std::size_t* count);
  [[nodiscard]] bool Shown(const Entry& entry);
  void TakeForward(Items out, std::size_t* count);
  void TakeBackward(Items out, std::size_t* count);

  const std::unique_ptr<EntryCursor> source_;
  const VisibleCursorSettings settings_;
  TombstoneWalk tombstones_;

  Direction direction_ = Direction::kForward;
  Anchor anchor_ = Anchor::kSource;
  Slice last_item_key_;  // valid until the next call, like the item
  Status failure_;
  std::string turn_key_;

  bool source_done_ = false;  // nothing more within the bounds in this direction
  std::size_t hidden_ = 0;
  std::size_t fill_limit_ = 0;
  std::size_t next_ = 0;  // first entry of in_ not looked at
  std::size_t in_count_ = 0;

  bool in_group_ = false;
  bool group_has_visible_ = false;  // backwards only, like newest_
  std::uint64_t group_head_ = 0;
  Slice group_key_;
  Entry newest_;  // the group's newest version with a sequence <= at
  std::string seam_key_;
  std::string seam_value_;

  // Made when first needed: a short scan of settled data never does, and stays a small object.
  std::unique_ptr<EntryBatch> in_;
};

}  // namespace firn
