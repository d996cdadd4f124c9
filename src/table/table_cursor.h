// A cursor over one table, from either kind of source. Blocks hold what a batch needs side by side,
// so a batch never spans two of them: one pin, one key buffer.
//
// A seek finds the block, hints at it and leaves the rest to the first read, so that its cache
// misses run while a merge seeks in its other sources.
//
// After an error the cursor answers it until the next seek: an error never looks like the end.
// Threads: one. Lifetime: the reader outlives it.
#pragma once

#include <memory>
#include <string>

#include "base/check.h"
#include "base/entry.h"
#include "base/status_macros.h"
#include "table/block_source.h"

namespace firn {

// Keys are copied in whole words, which may read into what follows a block in memory.
static_assert(KeyColumn::kCopySlack <= kBlockTrailerBytes);

// A short scan may end anywhere in its only batch: the first values alone are fetched ahead of it.
// Whoever reads them runs into the next ones soon enough, and what is never read costs nothing.
inline constexpr std::size_t kShortBatch = 16;
inline constexpr std::size_t kShortBatchValues = 8;

template <typename Source>
class TableCursor final : public EntryCursor {
 public:
  explicit TableCursor(const TableFileReader& reader) : source_(reader) {}

  Status SeekToFirst() override { return Settle(GoToFirst()); }
  Status SeekToLast() override { return Settle(GoToLast()); }
  Status Seek(Slice target) override { return Settle(GoTo<false>(target)); }
  Status SeekForPrev(Slice target) override { return Settle(GoTo<true>(target)); }
  Status Next(EntryBatch& batch, std::size_t limit) override;
  Status Prev(EntryBatch& batch, std::size_t limit) override;
  Status NextPlain(std::span<KeyValue> items, const Slice* stop, std::size_t* count) override;
  Status PrevPlain(std::span<KeyValue> items, const Slice* stop, std::size_t* count) override;

 private:
  Status Settle(Status status) {
    failed_ = std::move(status);
    return failed_;
  }
  Status GoToFirst();
  Status GoToLast();
  // Towards the front of the first key >= target, or (kBehind) the back of the last key <= target.
  template <bool kBehind>
  Status GoTo(Slice target);
  // Enters the block that a seek found.
  Status Arrive();
  Status Enter(std::size_t partition);
  Status EnterBlock(std::size_t block);
  // To a block with entries after (before) the position, if need be; false at the table's end.
  Result<bool> HaveNext();
  Result<bool> HavePrevious();
  // To the neighbouring block; false at the end of the table, where the position stays.
  Result<bool> StepForward();
  Result<bool> StepBackward();
  // Fills the batch with entries [first, first + count), forwards or backwards.
  template <bool kForwards>
  void Emit(EntryBatch& batch, std::size_t first, std::size_t count);
  template <bool kForwards>
  void EmitPlain(std::span<KeyValue> items, std::size_t first);
  char* ReserveKeys(std::size_t first, std::size_t count);

  Source source_;
  const TopView* top_ = nullptr;
  const PartitionView* partition_ = nullptr;  // null: none entered (an empty table, an error)
  std::size_t partition_index_ = 0;
  std::size_t block_index_ = 0;
  BlockView block_;
  std::size_t position_ = 0;  // in front of this entry of block_
  enum class Pending : std::uint8_t { kNothing, kLowerBound, kUpperBound };
  Pending pending_ = Pending::kNothing;  // of target_ in block_index_
  std::string target_;
  std::unique_ptr<char[]> keys_;
  std::size_t keys_capacity_ = 0;
  Status failed_;
};

template <typename Source>
Status TableCursor<Source>::Enter(std::size_t partition) {
  if (partition_ != nullptr && partition_index_ == partition) return {};
  partition_ = nullptr;
  FIRN_ASSIGN_OR_RETURN(partition_, source_.EnterPartition(partition));
  partition_index_ = partition;
  return {};
}

template <typename Source>
Status TableCursor<Source>::EnterBlock(std::size_t block) {
  const auto entered = source_.EnterBlock(block);
  if (!entered.ok()) {
    partition_ = nullptr;
    return entered.status();
  }
  block_ = BlockView(*entered);
  block_index_ = block;
  position_ = 0;
  pending_ = Pending::kNothing;
  return {};
}

template <typename Source>
Status TableCursor<Source>::GoToFirst() {
  FIRN_ASSIGN_OR_RETURN(top_, source_.Open());
  if (top_->partitions == 0) return {};
  FIRN_RETURN_IF_ERROR(Enter(0));
  return EnterBlock(0);
}

template <typename Source>
Status TableCursor<Source>::GoToLast() {
  FIRN_ASSIGN_OR_RETURN(top_, source_.Open());
  if (top_->partitions == 0) return {};
  FIRN_RETURN_IF_ERROR(Enter(top_->partitions - 1));
  FIRN_RETURN_IF_ERROR(EnterBlock(partition_->blocks - 1));
  position_ = block_.count();
  return {};
}

template <typename Source>
template <bool kBehind>
Status TableCursor<Source>::GoTo(Slice target) {
  const auto bound = [target](const KeyColumn& keys) {
    return kBehind ? keys.UpperBound(target) : keys.LowerBound(target);
  };
  FIRN_ASSIGN_OR_RETURN(top_, source_.Open());
  const std::size_t partition = bound(top_->fences);
  if (partition == top_->partitions) return GoToLast();
  FIRN_RETURN_IF_ERROR(Enter(partition));
  // The partition's last fence is its fence in the top (P2), so there is such a block.
  block_index_ = kBehind ? bound(partition_->fences) : partition_->FindBlock(target);
  source_.Prefetch(block_index_);
  pending_ = kBehind ? Pending::kUpperBound : Pending::kLowerBound;
  target_.assign(target);
  return {};
}

template <typename Source>
Status TableCursor<Source>::Arrive() {
  const bool behind = pending_ == Pending::kUpperBound;
  FIRN_RETURN_IF_ERROR(EnterBlock(block_index_));
  const KeyColumn& keys = block_.keys();
  position_ = behind ? keys.UpperBound(target_) : keys.LowerBound(target_);
  return {};
}

template <typename Source>
Result<bool> TableCursor<Source>::StepForward() {
  if (partition_ == nullptr) return false;
  if (block_index_ + 1 < partition_->blocks) {
    FIRN_RETURN_IF_ERROR(EnterBlock(block_index_ + 1));
    // A walk that came here will most likely go on.
    if (block_index_ + 1 < partition_->blocks) source_.Prefetch(block_index_ + 1);
    return true;
  }
  if (partition_index_ + 1 == top_->partitions) return false;
  FIRN_RETURN_IF_ERROR(Enter(partition_index_ + 1));
  FIRN_RETURN_IF_ERROR(EnterBlock(0));
  return true;
}

template <typename Source>
Result<bool> TableCursor<Source>::StepBackward() {
  if (partition_ == nullptr) return false;
  if (block_index_ > 0) {
    FIRN_RETURN_IF_ERROR(EnterBlock(block_index_ - 1));
    if (block_index_ > 0) source_.Prefetch(block_index_ - 1);
  } else if (partition_index_ > 0) {
    FIRN_RETURN_IF_ERROR(Enter(partition_index_ - 1));
    FIRN_RETURN_IF_ERROR(EnterBlock(partition_->blocks - 1));
  } else {
    return false;
  }
  position_ = block_.count();
  return true;
}

template <typename Source>
char* TableCursor<Source>::ReserveKeys(std::size_t first, std::size_t count) {
  const KeyColumn& keys = block_.keys();
  const std::size_t bytes = count * (keys.prefix.size() + kHeadBytes) + keys.offset(first + count) -
                            keys.offset(first) + KeyColumn::kCopySlack;
  if (bytes > keys_capacity_) {
    keys_capacity_ = std::max(bytes, 2 * keys_capacity_);
    keys_ = std::make_unique_for_overwrite<char[]>(keys_capacity_);
  }
  return keys_.get();
}

template <typename Source>
template <bool kForwards>
void TableCursor<Source>::Emit(EntryBatch& batch, std::size_t first, std::size_t count) {
  // A copy of the view: what it points to may not alias the batch, but its fields could.
  const BlockView block = block_;
  const KeyColumn& keys = block.keys();
  char* to = ReserveKeys(first, count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = kForwards ? first + i : first + count - 1 - i;
    char* const begin = to;
    to = keys.CopyKeyLoosely(entry, begin);
    const Slice key(begin, static_cast<std::size_t>(to - begin));
    batch.heads[i] = keys.prefix.empty() ? keys.head(entry) : KeyHead(key);
    batch.entries[i] = {.key = key,
                        .value = block.value(entry),
                        .sequence = block.sequence(entry),
                        .kind = block.kind(entry)};
  }
  batch.count = count;
}

template <typename Source>
template <bool kForwards>
void TableCursor<Source>::EmitPlain(std::span<KeyValue> items, std::size_t first) {
  const BlockView block = block_;
  const KeyColumn& keys = block.keys();
  char* to = ReserveKeys(first, items.size());
  const std::size_t fetched = items.size() <= kShortBatch ? kShortBatchValues : items.size();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t entry = kForwards ? first + i : first + items.size() - 1 - i;
    char* const begin = to;
    to = keys.CopyKeyLoosely(entry, begin);
    const Slice value = block.value(entry);
    if (i < fetched) PrefetchLines(value.data(), std::min(value.size(), kValuePrefetchBytes));
    items[i] = {.key = Slice(begin, static_cast<std::size_t>(to - begin)), .value = value};
  }
}

template <typename Source>
Result<bool> TableCursor<Source>::HaveNext() {
  FIRN_RETURN_IF_ERROR(failed_);
  if (pending_ != Pending::kNothing) FIRN_RETURN_IF_ERROR(Settle(Arrive()));
  if (partition_ != nullptr && position_ < block_.count()) return true;
  const auto stepped = StepForward();
  if (!stepped.ok()) return Settle(stepped.status());
  return *stepped;
}

template <typename Source>
Result<bool> TableCursor<Source>::HavePrevious() {
  FIRN_RETURN_IF_ERROR(failed_);
  if (pending_ != Pending::kNothing) FIRN_RETURN_IF_ERROR(Settle(Arrive()));
  if (partition_ != nullptr && position_ > 0) return true;
  const auto stepped = StepBackward();
  if (!stepped.ok()) return Settle(stepped.status());
  return *stepped;
}

template <typename Source>
Status TableCursor<Source>::Next(EntryBatch& batch, std::size_t limit) {
  FIRN_DCHECK(limit > 0 && limit <= EntryBatch::kCapacity);
  batch.count = 0;
  FIRN_ASSIGN_OR_RETURN(const bool have, HaveNext());
  if (!have) return {};
  const std::size_t count = std::min(limit, block_.count() - position_);
  Emit<true>(batch, position_, count);
  position_ += count;
  return {};
}

template <typename Source>
Status TableCursor<Source>::Prev(EntryBatch& batch, std::size_t limit) {
  FIRN_DCHECK(limit > 0 && limit <= EntryBatch::kCapacity);
  batch.count = 0;
  FIRN_ASSIGN_OR_RETURN(const bool have, HavePrevious());
  if (!have) return {};
  const std::size_t count = std::min(limit, position_);
  position_ -= count;
  Emit<false>(batch, position_, count);
  return {};
}

template <typename Source>
Status TableCursor<Source>::NextPlain(std::span<KeyValue> items, const Slice* stop,
                                      std::size_t* count) {
  *count = 0;
  FIRN_ASSIGN_OR_RETURN(const bool have, HaveNext());
  if (!have || !block_.plain()) return {};
  const std::size_t end = stop == nullptr ? block_.count() : block_.keys().LowerBound(*stop);
  if (end <= position_) return {};
  *count = std::min(items.size(), end - position_);
  EmitPlain<true>(items.first(*count), position_);
  position_ += *count;
  return {};
}

template <typename Source>
Status TableCursor<Source>::PrevPlain(std::span<KeyValue> items, const Slice* stop,
                                      std::size_t* count) {
  *count = 0;
  FIRN_ASSIGN_OR_RETURN(const bool have, HavePrevious());
  if (!have || !block_.plain()) return {};
  // Newer versions of the block's first key may end the block before.
  std::size_t begin = 1;
  if (stop != nullptr) begin = std::max(begin, block_.keys().UpperBound(*stop));
  if (position_ <= begin) return {};
  *count = std::min(items.size(), position_ - begin);
  position_ -= *count;
  EmitPlain<false>(items.first(*count), position_);
  return {};
}

}  // namespace firn
