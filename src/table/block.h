// A data block as it is in memory and, uncompressed, on disk: up to 64 entries as columns, any of
// them addressable.
//
//   0 u8 entries (1..64) | 1 u8 flags | 2 u16 zero | 4 u32 prefix bytes | 8 u64 base sequence
//   tags: n x u8, zero-padded to 8     low byte of KeyHash of each key
//   heads: n x u64                     see key_column.h
//   offsets: (2n + 1) x u16 or u32     ends of tails, then ends of values; from the block's start
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
inline constexpr std::uint8_t kBlockWideOffsets = 1;
inline constexpr std::uint8_t kBlockHasMarks = 2;
inline constexpr std::uint8_t kBlockWideMarks = 4;
inline constexpr std::uint8_t kBlockHasShortKeys = 8;
inline constexpr std::uint8_t kBlockKnownFlags = 15;

inline constexpr std::size_t PaddedTagBytes(std::size_t entries) { return (entries + 7) & ~7u; }

struct BlockLayout {
  std::size_t heads;
  std::size_t offsets;
  std::size_t marks;
  std::size_t head_lengths;
  std::size_t prefix;
};
// Where the sections of a block with this header start.
inline BlockLayout LayoutOf(std::size_t entries, std::uint8_t flags) {
  const std::size_t offset_bytes = (flags & kBlockWideOffsets) != 0 ? 4 : 2;
  const std::size_t wide_mark = (flags & kBlockWideMarks) != 0 ? 8 : 4;
  const std::size_t mark_bytes = (flags & kBlockHasMarks) != 0 ? wide_mark : 0;
  const std::size_t length_bytes = (flags & kBlockHasShortKeys) != 0 ? 1 : 0;
  BlockLayout layout;
  layout.heads = kBlockHeaderBytes + PaddedTagBytes(entries);
  layout.offsets = layout.heads + kHeadBytes * entries;
  layout.marks = layout.offsets + offset_bytes * (2 * entries + 1);
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
  // Whether the tags belong to the keys.
  [[nodiscard]] bool TagsMatch() const;

  [[nodiscard]] std::size_t count() const { return keys_.count; }
  // All entries are puts of sequence 0, each of another key (B1).
  [[nodiscard]] bool plain() const { return marks_ == nullptr; }
  [[nodiscard]] const KeyColumn& keys() const { return keys_; }
  [[nodiscard]] Slice value(std::size_t i) const {
    const std::size_t begin = keys_.offset(count() + i);
    return {keys_.base + begin, keys_.offset(count() + i + 1) - begin};
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
      // The key almost surely matches: its tail, its head and its value come in together.
      __builtin_prefetch(keys_.heads + i * kHeadBytes);
      const Slice expected = value(i);
      PrefetchLines(expected.data(), std::min(expected.size(), kValuePrefetchBytes));
      if (keys_.Equals(i, key) && sequence(i) <= at) return i;
      matches &= matches - 1;
    }
    return count();
  }

 private:
  [[nodiscard]] std::uint64_t mark(std::size_t i) const {
    return wide_marks_ ? LoadFixed<std::uint64_t>(marks_ + i * sizeof(std::uint64_t))
                       : LoadFixed<std::uint32_t>(marks_ + i * sizeof(std::uint32_t));
  }
  [[nodiscard]] const char* CheckEntries() const;

  KeyColumn keys_;
  const char* marks_ = nullptr;
  SequenceNumber base_sequence_ = 0;
  bool wide_marks_ = false;
};

inline BlockView::BlockView(const char* block) {
  const auto entries = static_cast<std::uint8_t>(block[0]);
  const auto flags = static_cast<std::uint8_t>(block[1]);
  const BlockLayout layout = LayoutOf(entries, flags);
  keys_.count = entries;
  keys_.base = block;
  keys_.heads = block + layout.heads;
  keys_.offsets = block + layout.offsets;
  keys_.wide = (flags & kBlockWideOffsets) != 0;
  keys_.prefix = {block + layout.prefix, LoadFixed<std::uint32_t>(block + 4)};
  if ((flags & kBlockHasShortKeys) != 0) keys_.head_lengths = block + layout.head_lengths;
  if ((flags & kBlockHasMarks) != 0) {
    marks_ = block + layout.marks;
    base_sequence_ = LoadFixed<std::uint64_t>(block + 8);
    wide_marks_ = (flags & kBlockWideMarks) != 0;
  }
}

}  // namespace firn
