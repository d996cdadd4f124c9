// A data block as it is in memory and, uncompressed, on disk: up to 64 entries as columns, any of
// them addressable.
//
//   0 u8 entries (1..64) | 1 u8 flags | 2 u16 zero | 4 u32 prefix bytes | 8 u64 base sequence
//   tags: n x u8, zero-padded to 8     low byte of KeyHash of each key
//   heads: n x u64                     see key_column.h
//   bounds of tails: (n + 1) x u16 or u32, from the block's start; or, all tails being of one
//     length, that length as u32
//   ends of values: n x u16 or u32, behind the last bound of the tails, which is repeated in front
//     where those are even; or, all values being of one length, that length as u32
//   marks: n x u32 or u64              (sequence - base) << 8 | kind; absent: all puts, sequence 0
//   head lengths: n x u8               absent when every key has 8 bytes behind the prefix
//   prefix | tails | values
//
// B1  Entries are in order E1: key ascending, then sequence descending.
// B2  Sections follow each other without gaps; the last value ends where the block ends.
// Threads: a view over borrowed bytes. Members trust them: Check once, when they come from disk.
#pragma once

#include <cstdint>

#include "base/entry.h"
#include "base/prefetch.h"
#include "table/key_column.h"
#include "table/table_format.h"
#include "table/tag_match.h"

namespace firn {

inline constexpr std::size_t kBlockHeaderBytes = 16;
// A longer value is left to the processor's own prefetching.
inline constexpr std::size_t kValuePrefetchBytes = 256;
inline constexpr std::uint8_t kBlockWideBounds = 1;
inline constexpr std::uint8_t kBlockHasMarks = 2;
inline constexpr std::uint8_t kBlockWideMarks = 4;
inline constexpr std::uint8_t kBlockHasShortKeys = 8;
inline constexpr std::uint8_t kBlockEvenTails = 16;
inline constexpr std::uint8_t kBlockEvenValues = 32;
inline constexpr std::uint8_t kBlockKnownFlags = 63;

// Of the length that stands for bounds.
inline constexpr std::size_t kEvenLengthBytes = 4;

inline constexpr std::size_t PaddedTagBytes(std::size_t entries) { return (entries + 7) & ~7u; }

struct BlockLayout {
  std::size_t heads;
  std::size_t tail_bounds;
  std::size_t value_bounds;  // may share their first with the last of the tails
  std::size_t marks;
  std::size_t head_lengths;
  std::size_t prefix;
};
// Where the sections of a block with this header start.
inline BlockLayout LayoutOf(std::size_t entries, std::uint8_t flags) {
  const std::size_t bound_bytes = (flags & kBlockWideBounds) != 0 ? 4 : 2;
  const std::size_t wide_mark = (flags & kBlockWideMarks) != 0 ? 8 : 4;
  const std::size_t mark_bytes = (flags & kBlockHasMarks) != 0 ? wide_mark : 0;
  const std::size_t length_bytes = (flags & kBlockHasShortKeys) != 0 ? 1 : 0;
  const bool even_tails = (flags & kBlockEvenTails) != 0;
  const bool even_values = (flags & kBlockEvenValues) != 0;
  BlockLayout layout;
  layout.heads = kBlockHeaderBytes + PaddedTagBytes(entries);
  layout.tail_bounds = layout.heads + kHeadBytes * entries;
  const std::size_t tails_end =
      layout.tail_bounds + (even_tails ? kEvenLengthBytes : bound_bytes * (entries + 1));
  layout.value_bounds = even_tails || even_values ? tails_end : tails_end - bound_bytes;
  layout.marks =
      layout.value_bounds + (even_values ? kEvenLengthBytes : bound_bytes * (entries + 1));
  layout.head_lengths = layout.marks + mark_bytes * entries;
  layout.prefix = layout.head_lengths + length_bytes * entries;
  return layout;
}

class BlockView {
 public:
  BlockView() = default;
  explicit BlockView(const char* block);

  // Null, or what is wrong with the bytes as a block. Checks everything but the tags.
  [[nodiscard]] static const char* Check(Slice raw);
  // Those of the layout, of a block that was checked.
  [[nodiscard]] static std::uint8_t Flags(const char* block) {
    return static_cast<std::uint8_t>(block[1]);
  }
  // Whether the tags belong to the keys.
  [[nodiscard]] bool TagsMatch() const;

  [[nodiscard]] std::size_t count() const { return keys_.count; }
  // All entries are puts of sequence 0, each of another key (B1).
  [[nodiscard]] bool plain() const { return marks_ == nullptr; }
  [[nodiscard]] const KeyColumn& keys() const { return keys_; }
  [[nodiscard]] Slice value(std::size_t i) const {
    const std::size_t begin = values_[i];
    return {keys_.base + begin, values_[i + 1] - begin};
  }
  [[nodiscard]] SequenceNumber sequence(std::size_t i) const {
    return marks_ == nullptr ? 0 : base_sequence_ + (mark(i) >> 8);
  }
  [[nodiscard]] EntryKind kind(std::size_t i) const {
    return marks_ == nullptr ? EntryKind::kPut : static_cast<EntryKind>(mark(i) & 0xFF);
  }

  // Index of the newest entry of the key with sequence <= at; count() when there is none.
  [[nodiscard]] std::size_t Find(Slice key, std::uint64_t hash, SequenceNumber at) const {
    const auto tag = static_cast<std::uint8_t>(hash);
    std::uint64_t matches = MatchTags(keys_.base + kBlockHeaderBytes, count(), tag);
    while (matches != 0) {
      const auto i = static_cast<std::size_t>(__builtin_ctzll(matches));
      PrefetchEntry(i);  // the key almost surely matches
      if (keys_.Equals(i, key) && sequence(i) <= at) return i;
      matches &= matches - 1;
    }
    return count();
  }
  // Fetches the entry that Find with this hash looks at first.
  void PrefetchTagged(std::uint64_t hash) const {
    const auto tag = static_cast<std::uint8_t>(hash);
    const std::uint64_t matches = MatchTags(keys_.base + kBlockHeaderBytes, count(), tag);
    if (matches != 0) PrefetchEntry(static_cast<std::size_t>(__builtin_ctzll(matches)));
  }

 private:
  // Its head, tail, mark and value come in together.
  void PrefetchEntry(std::size_t i) const {
    __builtin_prefetch(keys_.heads + i * kHeadBytes);
    __builtin_prefetch(keys_.base + keys_.tails[i]);
    if (marks_ != nullptr) __builtin_prefetch(mark_address(i));
    const Slice expected = value(i);
    PrefetchLines(expected.data(), std::min(expected.size(), kValuePrefetchBytes));
  }
  [[nodiscard]] std::uint64_t mark(std::size_t i) const {
    return wide_marks_ ? LoadFixed<std::uint64_t>(mark_address(i))
                       : LoadFixed<std::uint32_t>(mark_address(i));
  }
  [[nodiscard]] const char* mark_address(std::size_t i) const {
    return marks_ + i * (wide_marks_ ? sizeof(std::uint64_t) : sizeof(std::uint32_t));
  }
  [[nodiscard]] const char* CheckEntries() const;

  KeyColumn keys_;
  BoundColumn values_;  // count + 1 bounds
  const char* marks_ = nullptr;
  SequenceNumber base_sequence_ = 0;
  bool wide_marks_ = false;
};

inline BlockView::BlockView(const char* block) {
  const auto entries = static_cast<std::uint8_t>(block[0]);
  const std::uint8_t flags = Flags(block);
  const BlockLayout layout = LayoutOf(entries, flags);
  keys_.count = entries;
  keys_.base = block;
  keys_.heads = block + layout.heads;
  keys_.prefix = {block + layout.prefix, LoadFixed<std::uint32_t>(block + 4)};
  const bool wide = (flags & kBlockWideBounds) != 0;
  if ((flags & kBlockEvenTails) != 0) {
    keys_.tails.first = layout.prefix + keys_.prefix.size();
    keys_.tails.step = LoadFixed<std::uint32_t>(block + layout.tail_bounds);
  } else {
    keys_.tails = {.stored = block + layout.tail_bounds, .wide = wide};
  }
  if ((flags & kBlockEvenValues) != 0) {
    values_.first = keys_.tails[entries];
    values_.step = LoadFixed<std::uint32_t>(block + layout.value_bounds);
  } else {
    values_ = {.stored = block + layout.value_bounds, .wide = wide};
  }
  if ((flags & kBlockHasShortKeys) != 0) keys_.head_lengths = block + layout.head_lengths;
  if ((flags & kBlockHasMarks) != 0) {
    marks_ = block + layout.marks;
    base_sequence_ = LoadFixed<std::uint64_t>(block + 8);
    wide_marks_ = (flags & kBlockWideMarks) != 0;
  }
}

}  // namespace firn
