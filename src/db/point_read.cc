#include "db/point_read.h"

#include <algorithm>

#include "base/status_macros.h"

namespace firn {
namespace {

// Looks into one table. `*covering` grows to the newest range tombstone over the key seen so far;
// `*decided` becomes true when no older source can matter.
Status ReadTable(const TableReader& table, const LookupKey& key, SequenceNumber at,
                 SequenceNumber* covering, bool* decided, PointResult* result) {
  if (table.metadata().range_tombstones > 0) {
    FIRN_ASSIGN_OR_RETURN(const FragmentedTombstones* tombstones, table.Tombstones());
    *covering = std::max(*covering, tombstones->MaxCovering(key.key, at));
  }
  TableLookup lookup;
  FIRN_ASSIGN_OR_RETURN(const bool found, table.Get(key, at, &lookup));
  if (found) {
    *decided = true;
    result->found = lookup.kind == EntryKind::kPut && lookup.sequence >= *covering;
    result->value = lookup.value;
    result->frame = lookup.frame;
  } else if (*covering != 0) {
    *decided = true;  // everything older lies under the tombstone
  }
  return Status();
}

}  // namespace

Status PointRead(const ReadView& view, const LookupKey& key, SequenceNumber at,
                 PointResult* result) {
  SequenceNumber covering = 0;
  for (const Memtable* memtable : view.memtables()) memtable->PrefetchFilter(key.hash);
  for (const Memtable* memtable : view.memtables()) {
    if (memtable->has_range_tombstones()) {
      covering = std::max(covering, memtable->MaxCovering(key.key, at));
    }
    Entry entry;
    if (memtable->MayContain(key.hash) && memtable->Get(key.key, at, &entry)) {
      result->found = entry.kind == EntryKind::kPut && entry.sequence >= covering;
      result->value = entry.value;
      result->frame = nullptr;
      return Status();
    }
    if (covering != 0) return Status();
  }
  // Several runs: their filter lines are fetched in one wave instead of one miss after the other.
  if (view.runs().size() > 1) {
    for (const Run* run : view.runs()) {
      if (const TableReader* table = run->Find(key); table != nullptr) table->Prefetch(key);
    }
  }
  for (const Run* run : view.runs()) {
    const TableReader* table = run->Find(key);
    if (table == nullptr) continue;
    bool decided = false;
    FIRN_RETURN_IF_ERROR(ReadTable(*table, key, at, &covering, &decided, result));
    if (decided) return Status();
  }
  return Status();
}

}  // namespace firn
