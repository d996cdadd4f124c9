#include "merge/concatenating_cursor.h"

#include <algorithm>

#include "base/check.h"
#include "base/status_macros.h"

namespace firn {
namespace {

// The position is inside a part, where that part's cursor keeps it, or at an edge of a part, which
// needs no cursor: so a seek between two parts, and reaching the end, open nothing.
class ConcatenatingCursor final : public EntryCursor {
 public:
  explicit ConcatenatingCursor(ConcatenatingParts parts) : parts_(std::move(parts)) {
    FIRN_CHECK(parts_.lowers.size() == parts_.uppers.size());
  }

  Status SeekToFirst() override { return StandAt(0, Place::kBefore); }
  Status SeekToLast() override {
    return count() == 0 ? Status() : StandAt(count() - 1, Place::kAfter);
  }

  Status Seek(Slice target) override {
    const auto found = std::ranges::lower_bound(parts_.uppers, target);
    if (found == parts_.uppers.end()) return SeekToLast();
    const auto part = static_cast<std::size_t>(found - parts_.uppers.begin());
    if (target <= parts_.lowers[part]) return StandAt(part, Place::kBefore);
    return Enter(part, [&](EntryCursor& cursor) { return cursor.Seek(target); });
  }

  Status SeekForPrev(Slice target) override {
    const auto found = std::ranges::upper_bound(parts_.lowers, target);
    if (found == parts_.lowers.begin()) return SeekToFirst();
    const auto part = static_cast<std::size_t>(found - parts_.lowers.begin()) - 1;
    if (target >= parts_.uppers[part]) return StandAt(part, Place::kAfter);
    return Enter(part, [&](EntryCursor& cursor) { return cursor.SeekForPrev(target); });
  }

  Status Next(EntryBatch& batch, std::size_t limit) override {
    batch.count = 0;
    FIRN_RETURN_IF_ERROR(failure_);
    while (count() != 0) {
      if (place_ == Place::kBefore) {
        FIRN_RETURN_IF_ERROR(Enter(part_, [](EntryCursor& part) { return part.SeekToFirst(); }));
      }
      if (place_ == Place::kInside) {
        FIRN_RETURN_IF_ERROR(cursor_->Next(batch, limit));
        if (batch.count != 0) return {};
        place_ = Place::kAfter;
      }
      if (part_ + 1 == count()) return {};
      FIRN_RETURN_IF_ERROR(StandAt(part_ + 1, Place::kBefore));
    }
    return {};
  }

  Status Prev(EntryBatch& batch, std::size_t limit) override {
    batch.count = 0;
    FIRN_RETURN_IF_ERROR(failure_);
    while (count() != 0) {
      if (place_ == Place::kAfter) {
        FIRN_RETURN_IF_ERROR(Enter(part_, [](EntryCursor& part) { return part.SeekToLast(); }));
      }
      if (place_ == Place::kInside) {
        FIRN_RETURN_IF_ERROR(cursor_->Prev(batch, limit));
        if (batch.count != 0) return {};
        place_ = Place::kBefore;
      }
      if (part_ == 0) return {};
      FIRN_RETURN_IF_ERROR(StandAt(part_ - 1, Place::kAfter));
    }
    return {};
  }

  Status NextPlain(std::span<KeyValue> items, const Slice* stop, std::size_t* count) override {
    *count = 0;
    FIRN_RETURN_IF_ERROR(failure_);
    return place_ == Place::kInside ? cursor_->NextPlain(items, stop, count) : Status();
  }
  Status PrevPlain(std::span<KeyValue> items, const Slice* stop, std::size_t* count) override {
    *count = 0;
    FIRN_RETURN_IF_ERROR(failure_);
    return place_ == Place::kInside ? cursor_->PrevPlain(items, stop, count) : Status();
  }

 private:
  enum class Place : std::uint8_t { kBefore, kInside, kAfter };

  [[nodiscard]] std::size_t count() const { return parts_.uppers.size(); }

  Status StandAt(std::size_t part, Place place) {
    part_ = part;
    place_ = place;
    failure_ = Status();
    return {};
  }

  template <typename SeekIn>
  Status Enter(std::size_t part, SeekIn seek_in) {
    if (cursor_ == nullptr || opened_ != part) {
      cursor_.reset();  // gives back what it pins before the next one pins more
      cursor_ = parts_.open(part);
      opened_ = part;
    }
    part_ = part;
    place_ = Place::kInside;
    failure_ = seek_in(*cursor_);
    return failure_;
  }

  ConcatenatingParts parts_;
  std::size_t part_ = 0;
  Place place_ = Place::kBefore;
  std::unique_ptr<EntryCursor> cursor_;
  std::size_t opened_ = 0;  // which part cursor_ reads
  Status failure_;          // of the last seek: until the next one there is no position
};

}  // namespace

std::unique_ptr<EntryCursor> NewConcatenatingCursor(ConcatenatingParts parts) {
  return std::make_unique<ConcatenatingCursor>(std::move(parts));
}

}  // namespace firn
