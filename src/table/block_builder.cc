#include "table/block_builder.h"

#include <algorithm>

#include "base/check.h"
#include "base/seeded_bug.h"

namespace firn {
namespace {

constexpr std::size_t kNarrowOffsetMax = 0xFFFF;
constexpr std::uint64_t kNarrowMarkSequences = std::uint64_t{1} << 24;

template <std::unsigned_integral T>
char* Put(char* to, std::uint64_t value) {
  StoreFixed<T>(to, static_cast<T>(value));
  return to + sizeof(T);
}

}  // namespace

void BlockBuilder::Add(const Entry& entry, std::uint64_t hash) {
  FIRN_DCHECK(room() && oversized_.empty());
  values_.append(entry.value);
  AddColumns(entry, hash);
}

void BlockBuilder::AddOversized(const Entry& entry, std::uint64_t hash) {
  FIRN_CHECK(empty());
  oversized_ = entry.value;
  AddColumns(entry, hash);
}

void BlockBuilder::AddColumns(const Entry& entry, std::uint64_t hash) {
  const std::size_t i = count_++;
  keys_.append(entry.key);
  key_ends_[i] = static_cast<std::uint32_t>(keys_.size());
  value_ends_[i] = static_cast<std::uint32_t>(values().size());
  sequences_[i] = entry.sequence;
  kinds_[i] = entry.kind;
  tags_[i] = static_cast<std::uint8_t>(hash);
  all_puts_ &= entry.kind == EntryKind::kPut;
  sequence_min_ = i == 0 ? entry.sequence : std::min(sequence_min_, entry.sequence);
  sequence_max_ = i == 0 ? entry.sequence : std::max(sequence_max_, entry.sequence);
}

void BlockBuilder::Clear() {
  count_ = 0;
  keys_.clear();
  values_.clear();
  oversized_ = {};
  all_puts_ = true;
}

std::uint8_t BlockBuilder::FlagsFor(const KeyColumnEncoder& encoder) const {
  std::uint8_t flags = 0;
  if (!all_puts_ || sequence_max_ != 0) {
    flags |= kBlockHasMarks;
    if (sequence_max_ - sequence_min_ >= kNarrowMarkSequences) flags |= kBlockWideMarks;
  }
  if (encoder.has_short_keys()) flags |= kBlockHasShortKeys;
  const std::size_t bytes = LayoutOf(count_, flags).prefix + encoder.prefix_bytes() +
                            encoder.tail_bytes() + values().size();
  const std::size_t narrow_max =
      kNarrowOffsetMax + (BugIsOn(SeededBug::kNarrowOffsetsOneTooFar) ? 1 : 0);
  if (bytes > narrow_max) flags |= kBlockWideOffsets;
  return flags;
}

Slice BlockBuilder::EncodeFront() {
  FIRN_CHECK(!empty());
  std::array<Slice, kBlockEntriesMax> keys;
  for (std::size_t i = 0; i < count_; ++i) keys[i] = key(i);
  const KeyColumnEncoder encoder({keys.data(), count_});
  const std::uint8_t flags = FlagsFor(encoder);
  const BlockLayout layout = LayoutOf(count_, flags);
  const std::size_t tails = layout.prefix + encoder.prefix_bytes();
  front_.resize(tails + encoder.tail_bytes());

  char* to = front_.data();
  to = Put<std::uint8_t>(to, count_);
  to = Put<std::uint8_t>(to, flags);
  to = Put<std::uint16_t>(to, 0);
  to = Put<std::uint32_t>(to, encoder.prefix_bytes());
  to = Put<std::uint64_t>(to, (flags & kBlockHasMarks) != 0 ? sequence_min_ : 0);
  std::memset(to, 0, PaddedTagBytes(count_));
  std::memcpy(to, tags_.data(), count_);
  to = encoder.WriteHeads(to + PaddedTagBytes(count_));
  to = WriteOffsets(to, encoder, tails, (flags & kBlockWideOffsets) != 0);
  if ((flags & kBlockHasMarks) != 0) to = WriteMarks(to, (flags & kBlockWideMarks) != 0);
  if (encoder.has_short_keys()) to = encoder.WriteHeadLengths(to);
  to = encoder.WritePrefixAndTails(to);
  FIRN_CHECK(to == front_.data() + front_.size());
  return front_;
}

char* BlockBuilder::WriteOffsets(char* to, const KeyColumnEncoder& encoder, std::size_t first,
                                 bool wide) const {
  const auto put = [wide, &to](std::size_t offset) {
    to = wide ? Put<std::uint32_t>(to, offset) : Put<std::uint16_t>(to, offset);
  };
  std::size_t offset = first;
  put(offset);
  for (std::size_t i = 0; i < count_; ++i) put(offset += encoder.tail_bytes(i));
  for (std::size_t i = 0; i < count_; ++i) put(offset + value_ends_[i]);
  return to;
}

char* BlockBuilder::WriteMarks(char* to, bool wide) const {
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint64_t mark =
        (sequences_[i] - sequence_min_) << 8 | static_cast<std::uint8_t>(kinds_[i]);
    to = wide ? Put<std::uint64_t>(to, mark) : Put<std::uint32_t>(to, mark);
  }
  return to;
}

}  // namespace firn
