// Collects the entries of one data block and encodes them column by column (block.h).
//
// Keys and values are copied once, into buffers kept over blocks: no allocation per entry.
// Threads: one. Lifetime: a value given to SetOversizedValue must outlive Encode.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/entry.h"
#include "table/block.h"

namespace firn {

class BlockBuilder {
 public:
  // Requires: room() and order E1.
  void Add(const Entry& entry, std::uint64_t hash);
  // The only entry of an oversized block: its value is borrowed, not copied. Requires: empty().
  void AddOversized(const Entry& entry, std::uint64_t hash);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] bool room() const { return count_ < kBlockEntriesMax; }
  [[nodiscard]] std::size_t count() const { return count_; }
  // Size of the block if it were encoded now, within its common prefix.
  [[nodiscard]] std::size_t bytes() const {
    return kBlockHeaderBytes + count_ * kEntryOverheadBytes + keys_.size() + values().size();
  }
  // Valid until the next Add or Clear. Requires: not empty.
  [[nodiscard]] Slice last_key() const { return key(count_ - 1); }

  // The block is front() followed by values(); both are valid until the next change.
  [[nodiscard]] Slice EncodeFront();
  [[nodiscard]] Slice values() const { return oversized_.empty() ? Slice(values_) : oversized_; }
  void Clear();

  // Tag, head, two narrow offsets and a narrow mark.
  static constexpr std::size_t kEntryOverheadBytes = 1 + kHeadBytes + 2 * 2 + 4;

 private:
  [[nodiscard]] Slice key(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : key_ends_[i - 1];
    return Slice(keys_).substr(begin, key_ends_[i] - begin);
  }
  void AddColumns(const Entry& entry, std::uint64_t hash);
  [[nodiscard]] std::uint8_t FlagsFor(const KeyColumnEncoder& encoder) const;
  char* WriteOffsets(char* to, const KeyColumnEncoder& encoder, std::size_t first, bool wide) const;
  char* WriteMarks(char* to, bool wide) const;

  std::size_t count_ = 0;
  std::string keys_;
  std::string values_;
  Slice oversized_;
  std::array<std::uint32_t, kBlockEntriesMax> key_ends_;
  std::array<std::uint32_t, kBlockEntriesMax> value_ends_;
  std::array<std::uint64_t, kBlockEntriesMax> sequences_;
  std::array<EntryKind, kBlockEntriesMax> kinds_;
  std::array<std::uint8_t, kBlockEntriesMax> tags_;
  SequenceNumber sequence_min_ = 0;
  SequenceNumber sequence_max_ = 0;
  bool all_puts_ = true;
  std::string front_;
};

}  // namespace firn
