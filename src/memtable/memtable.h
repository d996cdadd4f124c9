// The mutable end of the tree: recent writes in order E1, in an arena.
//
// Not here: durability (wal/), deciding when to freeze (db/).
// Threads:  one writer at a time (the holder of the commit lock); any number of readers beside it,
//           without a lock and without waiting.
// Lifetime: views returned stay valid while the Memtable lives.
// M1  No two entries have the same key and sequence.
// M2  A reader that learned sequence s from an acquire load of a counter stored with release after
//     the insert of s finds every entry up to s.
// M3  After the last insert nothing moves: a frozen memtable is simply one nobody inserts into.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "base/entry.h"
#include "base/prefetch.h"
#include "memtable/arena.h"
#include "memtable/key_filter.h"
#include "memtable/memtable_tree.h"
#include "memtable/range_deletes.h"

namespace firn {

class Memtable {
 public:
  // The pool must outlive it. Takes no memory from it before the first insert. `bytes_planned` is
  // what bytes() is expected to reach: a filter is sized by it. 0 means none, for a memtable that
  // is not read.
  explicit Memtable(ArenaPool& pool, std::size_t bytes_planned = 0);
  Memtable(const Memtable&) = delete;
  Memtable& operator=(const Memtable&) = delete;

  // Writer only. Copies key and value. `sequence` is larger than that of every earlier insert of
  // the same key (recovery replays in order too). kind is kPut or kDelete.
  void Insert(Slice key, Slice value, SequenceNumber sequence, EntryKind kind);
  // Writer only. Requires: begin < end.
  void InsertRangeDelete(Slice begin, Slice end, SequenceNumber sequence);

  // False only if there is no entry of the key with this KeyHash, range tombstones not considered.
  // One cache line, where Get descends; PrefetchFilter asks for that line.
  [[nodiscard]] bool MayContain(std::uint64_t key_hash) const {
    const KeyFilter* const filter = filter_.load(std::memory_order_acquire);
    return filter == nullptr || filter->MayContain(key_hash);
  }
  void PrefetchFilter(std::uint64_t key_hash) const {
    const KeyFilter* const filter = filter_.load(std::memory_order_acquire);
    if (filter != nullptr) filter->Prefetch(key_hash);
  }
  // The newest entry of `key` with a sequence <= `at`, range tombstones not considered.
  [[nodiscard]] bool Get(Slice key, SequenceNumber at, Entry* entry) const;
  // The largest sequence <= `at` of a range tombstone over `key`; 0 when there is none.
  [[nodiscard]] SequenceNumber MaxCovering(Slice key, SequenceNumber at) const;
  [[nodiscard]] bool has_range_tombstones() const;
  // All range tombstones with a sequence <= `at`; views live as long as the memtable.
  void AppendRangeTombstones(SequenceNumber at, std::vector<RangeTombstone>& out) const;

  // Every version of every key; a cursor sees at least what M2 promises for the moment of each
  // Seek. The memtable must outlive it.
  [[nodiscard]] std::unique_ptr<EntryCursor> NewCursor() const;

  // Arena bytes in use, entries (range deletes included) and sequence bounds; readable by any
  // thread.
  [[nodiscard]] std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t entries() const { return entries_.load(std::memory_order_relaxed); }
  // Without range deletes: what a cursor yields.
  [[nodiscard]] std::uint64_t point_entries() const {
    return entries() - range_delete_count_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool empty() const { return entries() == 0; }
  // 0 when empty.
  [[nodiscard]] SequenceNumber sequence_min() const {
    return sequence_min_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] SequenceNumber sequence_max() const {
    return sequence_max_.load(std::memory_order_relaxed);
  }

 private:
  void Count(SequenceNumber sequence);
  void StoreBytes();
  void MakeFilter();

  const std::size_t bytes_planned_;
  Arena record_arena_;  // owned by the writer, like the next one
  Arena node_arena_;    // apart, so that the nodes of a descent share pages
  // What every Get reads lies on lines of its own: every insert writes those before and after.
  alignas(kCacheLineBytes) RangeDeletes range_deletes_;
  std::atomic<KeyFilter*> filter_{nullptr};  // set once, when it holds what is in the tree
  std::optional<KeyFilter> own_filter_;      // readers come through filter_ only
  MemtableTree tree_;
  // Stored by the writer, read by anyone for statistics: nothing is ordered by them.
  alignas(kCacheLineBytes) std::atomic<std::size_t> bytes_{0};
  std::atomic<std::uint64_t> entries_{0};
  std::atomic<std::uint64_t> range_delete_count_{0};
  std::atomic<SequenceNumber> sequence_min_{0};
  std::atomic<SequenceNumber> sequence_max_{0};
};

}  // namespace firn
