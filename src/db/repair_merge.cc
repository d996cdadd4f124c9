#include "db/repair_merge.h"

#include <algorithm>

#include "base/forward_cursor.h"
#include "base/status_macros.h"
#include "db/compaction_policy.h"
#include "merge/concatenating_cursor.h"
#include "merge/merging_cursor.h"

namespace firn {
namespace {

bool IsHidden(const SurveyedTable& table, Slice key) {
  return std::ranges::any_of(table.hidden,
                             [key](const KeySpan& span) { return span.Contains(key); });
}

std::unique_ptr<EntryCursor> CursorOf(const SurveyedTable& table) {
  if (table.whole != nullptr) return table.whole->NewCursor(TableReader::CursorUse::kJob);
  return table.salvaged->NewCursor();
}

// What of a table was not replaced by another.
class VisiblePartCursor final : public ForwardCursor {
 public:
  explicit VisiblePartCursor(const SurveyedTable& table) : table_(table), all_(CursorOf(table)) {}

  Status SeekToFirst() override { return all_->SeekToFirst(); }
  Status Next(EntryBatch& batch, std::size_t limit) override {
    do {
      FIRN_RETURN_IF_ERROR(all_->Next(batch, limit));
      if (batch.count == 0) return Status();
      std::size_t kept = 0;
      for (std::size_t i = 0; i < batch.count; ++i) {
        if (IsHidden(table_, batch.entries[i].key)) continue;
        batch.entries[kept] = batch.entries[i];
        batch.heads[kept++] = batch.heads[i];
      }
      batch.count = kept;
    } while (batch.count == 0);
    return Status();
  }

 private:
  const SurveyedTable& table_;
  const std::unique_ptr<EntryCursor> all_;
};

// Tables of one chain, from `tables[0]` on.
std::unique_ptr<EntryCursor> ChainCursor(std::vector<const SurveyedTable*> tables) {
  struct Bounds {
    std::vector<Slice> lowers;
    std::vector<Slice> uppers;
  };
  const auto bounds = std::make_shared<Bounds>();
  for (const SurveyedTable* table : tables) {
    bounds->lowers.emplace_back(table->salvaged->first_key());
    bounds->uppers.emplace_back(table->salvaged->last_key());
  }
  return NewConcatenatingCursor({.lowers = bounds->lowers,
                                 .uppers = bounds->uppers,
                                 .open = [tables = std::move(tables), bounds](std::size_t part) {
                                   return CursorOf(*tables[part]);
                                 }});
}

Result<std::uint64_t> CountEntries(EntryCursor& cursor) {
  std::uint64_t count = 0;
  EntryBatch batch;
  FIRN_RETURN_IF_ERROR(cursor.SeekToFirst());
  do {
    FIRN_RETURN_IF_ERROR(cursor.Next(batch, EntryBatch::kCapacity));
    count += batch.count;
  } while (batch.count > 0);
  return count;
}

// What of a range tombstone lies outside the hidden spans.
void AppendVisible(const RangeTombstone& tombstone, std::span<const KeySpan> hidden,
                   std::vector<RangeTombstone>& out) {
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    const Slice begin = hidden[i].begin ? Slice(*hidden[i].begin) : Slice();
    const bool behind = hidden[i].end && Slice(*hidden[i].end) <= tombstone.begin;
    if (behind || begin >= tombstone.end) continue;
    const std::span<const KeySpan> rest = hidden.subspan(i + 1);
    if (tombstone.begin < begin) {
      AppendVisible({tombstone.begin, begin, tombstone.sequence}, rest, out);
    }
    if (hidden[i].end && Slice(*hidden[i].end) < tombstone.end) {
      AppendVisible({*hidden[i].end, tombstone.end, tombstone.sequence}, rest, out);
    }
    return;
  }
  out.push_back(tombstone);
}

}  // namespace

Result<MergeJobOutput> WriteSalvaged(StoreContext& context, KeyspaceId id,
                                     const SurveyedKeyspace& keyspace) {
  MergeJobInput input = FlushJobInput(context, id);
  std::vector<std::unique_ptr<EntryCursor>> sources;
  std::vector<const SurveyedTable*> chain;
  const auto end_chain = [&] {
    if (!chain.empty()) sources.push_back(ChainCursor(std::move(chain)));
    chain.clear();
  };
  for (const SurveyedTable& table : keyspace.tables) {
    for (const RangeTombstone& tombstone : table.salvaged->tombstones()) {
      AppendVisible(tombstone, table.hidden, input.tombstones);
    }
    if (table.salvaged->entries() == 0) continue;
    if (!chain.empty() && chain.back()->chain != table.chain) end_chain();
    if (table.hidden.empty()) {
      chain.push_back(&table);
      input.expected_entries += table.salvaged->entries();
      continue;
    }
    end_chain();
    VisiblePartCursor counted(table);
    FIRN_ASSIGN_OR_RETURN(const std::uint64_t visible, CountEntries(counted));
    input.expected_entries += visible;
    sources.push_back(std::make_unique<VisiblePartCursor>(table));
  }
  end_chain();
  if (sources.empty()) return MergeJobOutput();  // range deletes alone delete nothing
  input.source = NewMergingCursor(std::move(sources));
  input.retention.bottom = true;
  input.table.compression = context.options.compression;
  return RunMergeJob(std::move(input), JobEnvironment(context, nullptr));
}

}  // namespace firn
