#include "memtable/memtable.h"

#include <algorithm>

#include "base/check.h"
#include "memtable/memtable_cursor.h"

namespace firn {

Memtable::Memtable(ArenaPool& pool)
    : record_arena_(pool), node_arena_(pool), tree_(node_arena_), range_deletes_(record_arena_) {}

void Memtable::Insert(Slice key, Slice value, SequenceNumber sequence, EntryKind kind) {
  FIRN_DCHECK(kind == EntryKind::kPut || kind == EntryKind::kDelete);
  FIRN_DCHECK(key.size() <= kKeyBytesMax);
  FIRN_DCHECK(value.size() <= kValueBytesMax);
  FIRN_DCHECK(sequence <= kSequenceMax);
  tree_.Insert(Record(Record::Create(record_arena_, {key, value, sequence, kind})));
  Count(sequence);
}

void Memtable::InsertRangeDelete(Slice begin, Slice end, SequenceNumber sequence) {
  range_deletes_.Insert(begin, end, sequence);
  Count(sequence);
  range_delete_count_.store(range_delete_count_.load(std::memory_order_relaxed) + 1,
                            std::memory_order_relaxed);
}

void Memtable::Count(SequenceNumber sequence) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const std::uint64_t entries = entries_.load(kRelaxed);
  const bool first = entries == 0;
  if (first || sequence < sequence_min_.load(kRelaxed)) sequence_min_.store(sequence, kRelaxed);
  if (sequence > sequence_max_.load(kRelaxed)) sequence_max_.store(sequence, kRelaxed);
  bytes_.store(record_arena_.used_bytes() + node_arena_.used_bytes(), kRelaxed);
  entries_.store(entries + 1, kRelaxed);
}

bool Memtable::Get(Slice key, SequenceNumber at, Entry* entry) const {
  const auto newest = static_cast<std::int64_t>(std::min(at, kSequenceMax));
  const char* const bytes = tree_.FindWithEqualHead(Target(key, newest));
  if (bytes == nullptr) return false;
  const Entry found = Record(bytes).entry();
  if (found.key != key) return false;
  *entry = found;
  return true;
}

SequenceNumber Memtable::MaxCovering(Slice key, SequenceNumber at) const {
  return range_deletes_.MaxCovering(key, at);
}

bool Memtable::has_range_tombstones() const { return !range_deletes_.empty(); }

void Memtable::AppendRangeTombstones(SequenceNumber at, std::vector<RangeTombstone>& out) const {
  range_deletes_.AppendTo(at, out);
}

std::unique_ptr<EntryCursor> Memtable::NewCursor() const {
  return std::make_unique<MemtableCursor>(tree_);
}

}  // namespace firn
