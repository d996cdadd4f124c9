#include "memtable/sorted_entries.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "base/common_prefix.h"

namespace firn {
namespace {

constexpr std::size_t kBlockPlacesMin = 16;
constexpr std::size_t kBlockPlacesMax = 4096;  // 64 KiB: little is left over in the last one

class SortedEntriesCursor final : public EntryCursor {
 public:
  explicit SortedEntriesCursor(std::span<const RecordPlace> places) : places_(places) {}

  Status SeekToFirst() override {
    position_ = 0;
    return Status();
  }
  Status SeekToLast() override {
    position_ = places_.size();
    return Status();
  }
  Status Seek(Slice target) override {
    return SeekBehind([target](Slice key) { return key < target; });
  }
  Status SeekForPrev(Slice target) override {
    return SeekBehind([target](Slice key) { return key <= target; });
  }
  Status Next(EntryBatch& batch, std::size_t limit) override {
    FIRN_DCHECK(limit >= 1 && limit <= EntryBatch::kCapacity);
    const std::size_t count = std::min(limit, places_.size() - position_);
    for (std::size_t i = 0; i < count; ++i, ++position_) {
      Prefetch(position_ + kPrefetchDistance);
      Emit(batch, i, position_);
    }
    batch.count = count;
    return Status();
  }
  Status Prev(EntryBatch& batch, std::size_t limit) override {
    FIRN_DCHECK(limit >= 1 && limit <= EntryBatch::kCapacity);
    const std::size_t count = std::min(limit, position_);
    for (std::size_t i = 0; i < count; ++i) Emit(batch, i, --position_);
    batch.count = count;
    return Status();
  }

 private:
  // Records lie anywhere. As many are on their way as a processor has misses in flight.
  static constexpr std::size_t kPrefetchDistance = 12;
  // A record of usual size; what is behind that the processor finds by itself.
  static constexpr std::size_t kPrefetchLines = 3;

  void Prefetch(std::size_t position) const {
    if (position >= places_.size()) return;
    const char* const bytes = places_[position].record.bytes();
    for (std::size_t line = 0; line < kPrefetchLines; ++line) __builtin_prefetch(bytes + 64 * line);
  }
  void Emit(EntryBatch& batch, std::size_t i, std::size_t position) const {
    const Entry entry = places_[position].record.entry();
    batch.heads[i] = KeyHead(entry.key);
    batch.entries[i] = entry;
  }
  template <typename IsBefore>
  Status SeekBehind(const IsBefore& is_before) {
    const auto found = std::partition_point(
        places_.begin(), places_.end(),
        [&](const RecordPlace& place) { return is_before(place.record.key()); });
    position_ = static_cast<std::size_t>(found - places_.begin());
    return Status();
  }

  const std::span<const RecordPlace> places_;
  std::size_t position_ = 0;
};

}  // namespace

void SortedEntries::Add(const Entry& entry) {
  FIRN_DCHECK(entry.kind == EntryKind::kPut || entry.kind == EntryKind::kDelete);
  FIRN_DCHECK(entry.sequence > last_sequence_ && !is_sorted_);
  const Record record(Record::Create(arena_, entry));
  if (point_entries_ == 0) {
    first_key_ = record.key();
    common_bytes_ = first_key_.size();
  } else if (common_bytes_ != 0) {
    common_bytes_ = CommonPrefixBytes(first_key_.substr(0, common_bytes_), entry.key);
  }
  AddPlace({KeyHead(entry.key), record});
  ++point_entries_;
  last_sequence_ = entry.sequence;
}

void SortedEntries::AddRangeDelete(Slice begin, Slice end, SequenceNumber sequence) {
  FIRN_CHECK(begin < end);
  FIRN_DCHECK(sequence > last_sequence_ && !is_sorted_);
  range_tombstones_.push_back({Copy(begin), Copy(end), sequence});
  last_sequence_ = sequence;
}

void SortedEntries::AddPlace(RecordPlace place) {
  if (blocks_.empty() || last_block_used_ == blocks_.back().size()) {
    const std::size_t count =
        blocks_.empty() ? kBlockPlacesMin : std::min(2 * blocks_.back().size(), kBlockPlacesMax);
    blocks_.emplace_back(RoomFor(count), count);
    last_block_used_ = 0;
  }
  std::construct_at(&blocks_.back()[last_block_used_++], place);
}

// Behind a common prefix heads are taken anew: else every comparison would be a tie.
void SortedEntries::Sort() {
  FIRN_CHECK(!is_sorted_);
  is_sorted_ = true;
  if (point_entries_ == 0) return;
  blocks_.back() = blocks_.back().first(last_block_used_);
  sorted_ = {RoomFor(point_entries_), point_entries_};
  RecordPlace* to = sorted_.data();
  for (const Places block : blocks_) to = std::uninitialized_copy(block.begin(), block.end(), to);
  if (common_bytes_ != 0) {
    for (RecordPlace& place : sorted_) {
      place.head = KeyHead(place.record.key().substr(common_bytes_));
    }
  }
  SortRecords(sorted_, common_bytes_);
}

std::unique_ptr<EntryCursor> SortedEntries::NewCursor() const {
  FIRN_CHECK(is_sorted_);
  return std::make_unique<SortedEntriesCursor>(sorted_);
}

RecordPlace* SortedEntries::RoomFor(std::size_t count) {
  return reinterpret_cast<RecordPlace*>(
      arena_.Allocate(count * sizeof(RecordPlace), alignof(RecordPlace)));
}

Slice SortedEntries::Copy(Slice bytes) {
  char* const to = arena_.Allocate(bytes.size(), 1);
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return Slice(to, bytes.size());
}

}  // namespace firn
