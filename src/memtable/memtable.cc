#include "memtable/memtable.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "memtable/memtable_cursor.h"

namespace firn {
namespace {

// A filter is made when so much of the plan is in: until then the whole tree is in the processor's
// cache, and what came so far tells how many keys will come.
constexpr std::size_t kFilterFromPart = 128;
// The bytes an entry and its share of the nodes take, as the forecast is bounded by: the least
// that there is, and enough for a beginning with a few large values not to cost the rest.
constexpr std::size_t kEntryBytesMin = 32;
constexpr std::size_t kEntryBytesMax = 1024;

}  // namespace

Memtable::Memtable(ArenaPool& pool, std::size_t bytes_planned)
    : bytes_planned_(bytes_planned),
      record_arena_(pool),
      node_arena_(pool),
      range_deletes_(record_arena_),
      tree_(node_arena_) {}

void Memtable::Insert(Slice key, Slice value, SequenceNumber sequence, EntryKind kind) {
  FIRN_DCHECK(kind == EntryKind::kPut || kind == EntryKind::kDelete);
  FIRN_DCHECK(key.size() <= kKeyBytesMax);
  FIRN_DCHECK(value.size() <= kValueBytesMax);
  FIRN_DCHECK(sequence <= kSequenceMax);
  KeyFilter* const filter = filter_.load(std::memory_order_relaxed);
  const std::uint64_t hash = filter == nullptr ? 0 : KeyHash(key);
  if (filter != nullptr) filter->Prefetch(hash);  // on its way while the record is copied
  const Record record(Record::Create(record_arena_, {key, value, sequence, kind}));
  if (filter != nullptr) filter->Add(hash);
  tree_.Insert(record);
  Count(sequence);
  if (filter == nullptr && bytes_planned_ != 0 && bytes() >= bytes_planned_ / kFilterFromPart)
      [[unlikely]] {
    MakeFilter();
  }
}

void Memtable::MakeFilter() {
  const std::size_t entry_bytes =
      std::clamp<std::size_t>(bytes() / point_entries(), kEntryBytesMin, kEntryBytesMax);
  KeyFilter& filter = own_filter_.emplace(node_arena_, bytes_planned_ / entry_bytes);
  MemtableTree::LeafCopy copy;
  for (const Leaf* leaf = tree_.first_leaf(); leaf != nullptr; leaf = copy.next) {
    MemtableTree::CopyLeaf(leaf, copy);
    for (unsigned i = 0; i < copy.count; ++i) filter.Add(KeyHash(Record(copy.records[i]).key()));
  }
  filter_.store(&filter, std::memory_order_release);
  StoreBytes();
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
  StoreBytes();
  entries_.store(entries + 1, kRelaxed);
}

void Memtable::StoreBytes() {
  bytes_.store(record_arena_.used_bytes() + node_arena_.used_bytes(), std::memory_order_relaxed);
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
