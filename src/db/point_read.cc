#include "db/point_read.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/status_macros.h"

namespace firn {
namespace {

// What older sources still have to tell.
struct Search {
  const LookupKey& key;
  const SequenceNumber at;
  PointResult* const result;
  SequenceNumber covering = 0;  // the newest range tombstone over the key seen so far
  bool decided = false;         // no older source can matter
};

void ReadMemtables(const ReadView& view, Search& search) {
  const LookupKey& key = search.key;
  for (const Memtable* memtable : view.memtables()) memtable->PrefetchFilter(key.hash);
  for (const Memtable* memtable : view.memtables()) {
    if (memtable->has_range_tombstones()) {
      search.covering = std::max(search.covering, memtable->MaxCovering(key.key, search.at));
    }
    Entry entry;
    if (memtable->MayContain(key.hash) && memtable->Get(key.key, search.at, &entry)) {
      search.decided = true;
      search.result->found = entry.kind == EntryKind::kPut && entry.sequence >= search.covering;
      search.result->value = entry.value;
      search.result->frame = nullptr;
      return;
    }
    if (search.covering != 0) {
      search.decided = true;  // everything older lies under the tombstone
      return;
    }
  }
}

// The one table of a run that may hold the key.
struct Candidate {
  const TableReader* table;
  bool range_tombstones;  // the run holds some; the table need not
};

Status ReadTable(const Candidate& candidate, Search& search) {
  const TableReader& table = *candidate.table;
  if (candidate.range_tombstones && table.metadata().range_tombstones > 0) {
    FIRN_ASSIGN_OR_RETURN(const FragmentedTombstones* tombstones, table.Tombstones());
    search.covering =
        std::max(search.covering, tombstones->MaxCovering(search.key.key, search.at));
  }
  TableLookup lookup;
  FIRN_ASSIGN_OR_RETURN(const bool found, table.Get(search.key, search.at, &lookup));
  if (found) {
    search.decided = true;
    search.result->found = lookup.kind == EntryKind::kPut && lookup.sequence >= search.covering;
    search.result->value = lookup.value;
    search.result->frame = lookup.frame;
  } else if (search.covering != 0) {
    search.decided = true;  // everything older lies under the tombstone
  }
  return Status();
}

// Looks into `runs`, at most kRunsInWave: the filter lines of several are fetched in one wave
// instead of one miss after the other.
constexpr std::size_t kRunsInWave = 16;

Status ReadRuns(std::span<const Run* const> runs, Search& search) {
  std::array<Candidate, kRunsInWave> candidates;
  std::size_t count = 0;
  for (const Run* run : runs) {
    const TableReader* const table = run->Find(search.key);
    if (table == nullptr) continue;
    if (runs.size() > 1) table->Prefetch(search.key);
    candidates[count++] = {table, run->range_tombstones > 0};
  }
  for (std::size_t i = 0; i < count && !search.decided; ++i) {
    FIRN_RETURN_IF_ERROR(ReadTable(candidates[i], search));
  }
  return Status();
}

}  // namespace

Status PointRead(const ReadView& view, const LookupKey& key, SequenceNumber at,
                 PointResult* result) {
  Search search{key, at, result};
  ReadMemtables(view, search);
  std::span<const Run* const> runs(view.runs());
  while (!search.decided && !runs.empty()) {
    const std::size_t wave = std::min(runs.size(), kRunsInWave);
    FIRN_RETURN_IF_ERROR(ReadRuns(runs.first(wave), search));
    runs = runs.subspan(wave);
  }
  return Status();
}

}  // namespace firn
