// Entries that arrive all at once, in the order of their sequences, and are read in order E1 only
// when the last one is there: what recovery uses in place of a memtable, because sorting many
// entries is several times cheaper than finding a place for each.
//
// Not here: finding a key, concurrent readers, deciding when it is full (db/log_replay.h).
// Threads:  one at a time.
// Lifetime: views and cursors stay valid while this object lives and nothing is added.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/entry.h"
#include "memtable/arena.h"
#include "memtable/record_sort.h"

namespace firn {

class SortedEntries {
 public:
  // The pool must outlive it. Takes no memory from it before the first Add.
  explicit SortedEntries(ArenaPool& pool) : arena_(pool) {}
  SortedEntries(const SortedEntries&) = delete;
  SortedEntries& operator=(const SortedEntries&) = delete;

  // Copies key and value. `entry.sequence` is larger than that of every earlier call of either
  // Add; its kind is kPut or kDelete.
  void Add(const Entry& entry);
  // Requires: begin < end.
  void AddRangeDelete(Slice begin, Slice end, SequenceNumber sequence);

  [[nodiscard]] bool empty() const { return last_sequence_ == 0; }
  [[nodiscard]] std::size_t point_entries() const { return point_entries_; }
  [[nodiscard]] SequenceNumber sequence_max() const { return last_sequence_; }
  // Memory it uses, with what Sort is going to need.
  [[nodiscard]] std::size_t bytes() const {
    return arena_.used_bytes() + point_entries_ * sizeof(RecordPlace) +
           range_tombstones_.size() * sizeof(RangeTombstone);
  }
  [[nodiscard]] std::span<const RangeTombstone> range_tombstones() const {
    return range_tombstones_;
  }

  // Once, after the last Add.
  void Sort();
  // Every version of every key. Requires: sorted.
  [[nodiscard]] std::unique_ptr<EntryCursor> NewCursor() const;

 private:
  using Places = std::span<RecordPlace>;

  void AddPlace(RecordPlace place);
  [[nodiscard]] RecordPlace* RoomFor(std::size_t count);
  [[nodiscard]] Slice Copy(Slice bytes);

  Arena arena_;
  // As they arrive: blocks in the arena, each larger than the one before, the last one with room.
  std::vector<Places> blocks_;
  std::size_t last_block_used_ = 0;
  Slice first_key_;
  std::size_t common_bytes_ = 0;  // with which every key begins
  Places sorted_;
  bool is_sorted_ = false;
  std::vector<RangeTombstone> range_tombstones_;
  std::size_t point_entries_ = 0;
  SequenceNumber last_sequence_ = 0;
};

}  // namespace firn
