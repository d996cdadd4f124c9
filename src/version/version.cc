#include "version/version.h"

#include <algorithm>
#include <unordered_set>

#include "base/check.h"
#include "base/entry.h"
#include "base/status_macros.h"

namespace firn {
namespace {

using Tables = std::vector<std::shared_ptr<const TableReader>>;

std::string Name(const TableMetadata& table) {
  return "table " + std::to_string(table.number.value);
}

Status Broken(const char* rule, const std::string& what) {
  return Status(StatusCode::kCorruption, std::string("version breaks ") + rule + ": " + what +
                                             "; the manifest does not describe a valid tree, "
                                             "restore it from a backup or run repair");
}

// True if every key of `a` is smaller than every key of `b`.
bool Before(const TableMetadata& a, const TableMetadata& b) {
  return a.upper_exclusive ? a.upper <= b.lower : a.upper < b.lower;
}

Status CheckSorted(const Tables& tables) {
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const TableMetadata& table = tables[i]->metadata();
    const bool empty =
        table.upper_exclusive ? table.lower >= table.upper : table.lower > table.upper;
    if (empty) return Broken("V1", Name(table) + " has an inverted key range");
    if (i > 0 && !Before(tables[i - 1]->metadata(), table)) {
      return Broken("V1", Name(tables[i - 1]->metadata()) + " and " + Name(table) +
                              " of one run overlap or are out of order");
    }
  }
  return {};
}

// Sums and heads are derived data; a wrong one would send readers to the wrong table.
Status CheckRun(const Run& run) {
  FIRN_RETURN_IF_ERROR(CheckSorted(run.tables));
  bool heads_match = run.lower_heads.size() == run.tables.size();
  for (std::size_t i = 0; heads_match && i < run.tables.size(); ++i) {
    heads_match = run.lower_heads[i] == KeyHead(run.tables[i]->metadata().lower);
  }
  if (!heads_match) {
    return Broken("V1", "run " + std::to_string(run.id.value) + " has wrong key heads");
  }
  return {};
}

// A key both tables surely hold something at, when their bounds show one.
bool ShareABound(const TableMetadata& a, const TableMetadata& b) {
  if (a.lower == b.lower) return true;
  if (!a.upper_exclusive && (a.upper == b.lower || (!b.upper_exclusive && a.upper == b.upper))) {
    return true;
  }
  return !b.upper_exclusive && b.upper == a.lower;
}

Status CheckPair(const TableMetadata& newer, const TableMetadata& older, bool both_flushed) {
  const bool wrong = both_flushed
                         ? newer.sequence_min <= older.sequence_max
                         : newer.sequence_max < older.sequence_min && ShareABound(newer, older);
  if (!wrong) return {};
  return Broken(
      "V2", Name(newer) + " comes before " + Name(older) + " but does not hold the newer entries");
}

// Walks two sorted runs side by side and checks every overlapping pair.
Status CheckOrder(const Run& newer, const Run& older, bool both_flushed) {
  std::size_t first = 0;
  for (const auto& table : newer.tables) {
    const TableMetadata& metadata = table->metadata();
    while (first < older.tables.size() && Before(older.tables[first]->metadata(), metadata)) {
      ++first;
    }
    for (std::size_t i = first; i < older.tables.size(); ++i) {
      if (Before(metadata, older.tables[i]->metadata())) break;
      FIRN_RETURN_IF_ERROR(CheckPair(metadata, older.tables[i]->metadata(), both_flushed));
    }
  }
  return {};
}

struct PlacedRun {
  std::size_t level;
  const Run* run;
};

std::vector<PlacedRun> RunsNewestFirst(const Tree& tree) {
  std::vector<PlacedRun> runs;
  for (std::size_t level = 0; level < kLevelsMax; ++level) {
    for (const auto& run : tree.levels[level]) runs.push_back({level, run.get()});
  }
  return runs;
}

using NumberSet = std::unordered_set<std::uint64_t>;

Status CheckNumbers(const Tree& tree, NumberSet& seen) {
  for (const PlacedRun& placed : RunsNewestFirst(tree)) {
    for (const auto& table : placed.run->tables) {
      if (!seen.insert(table->metadata().number.value).second) {
        return Broken("V4", Name(table->metadata()) + " occurs twice");
      }
    }
  }
  return {};
}

Status CheckShape(const Tree& tree) {
  if (tree.levels[kLastLevel].size() > 1) {
    return Broken(
        "V3", "the last level holds " + std::to_string(tree.levels[kLastLevel].size()) + " runs");
  }
  const std::vector<PlacedRun> runs = RunsNewestFirst(tree);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].run->tables.empty()) return Broken("V1", "a run without tables");
    FIRN_RETURN_IF_ERROR(CheckRun(*runs[i].run));
    if (i > 0 && runs[i].level == runs[i - 1].level && runs[i - 1].run->id <= runs[i].run->id) {
      return Broken("V2",
                    "runs of level " + std::to_string(runs[i].level) + " are not ordered by id");
    }
    for (std::size_t j = i + 1; j < runs.size(); ++j) {
      const bool both_flushed = runs[i].level == 0 && runs[j].level == 0;
      FIRN_RETURN_IF_ERROR(CheckOrder(*runs[i].run, *runs[j].run, both_flushed));
    }
  }
  return {};
}

}  // namespace

bool RangesOverlap(const TableMetadata& a, const TableMetadata& b) {
  return !Before(a, b) && !Before(b, a);
}

const TableReader* Run::Find(Slice key, std::uint64_t head) const {
  FIRN_DCHECK(lower_heads.size() == tables.size());
  if (tables.empty()) return nullptr;
  // The last head <= `head`: halving by a conditional move, so the only misses are cache misses.
  const std::uint64_t* base = lower_heads.data();
  for (std::size_t length = lower_heads.size(); length > 1;) {
    const std::size_t half = length / 2;
    base += base[half] <= head ? half : 0;
    length -= half;
  }
  if (*base > head) return nullptr;
  auto index = static_cast<std::size_t>(base - lower_heads.data());
  if (lower_heads[index] == head) {  // equal heads: the rest of the key decides among them
    const auto first =
        std::lower_bound(lower_heads.begin(), lower_heads.end(), head) - lower_heads.begin();
    const auto last = tables.begin() + static_cast<std::ptrdiff_t>(index) + 1;
    const auto after = std::partition_point(tables.begin() + first, last, [&](const auto& table) {
      return Slice(table->metadata().lower) <= key;
    });
    if (after == tables.begin()) return nullptr;
    index = static_cast<std::size_t>(after - tables.begin()) - 1;
  }
  const TableMetadata& table = tables[index]->metadata();
  const int order = key.compare(table.upper);
  return order < 0 || (order == 0 && !table.upper_exclusive) ? tables[index].get() : nullptr;
}

Result<std::shared_ptr<const Run>> MakeRun(RunId id, Tables tables) {
  std::sort(tables.begin(), tables.end(),
            [](const auto& a, const auto& b) { return a->metadata().lower < b->metadata().lower; });
  FIRN_RETURN_IF_ERROR(CheckSorted(tables));
  auto run = std::make_shared<Run>();
  run->id = id;
  run->lower_heads.reserve(tables.size());
  run->lowers.reserve(tables.size());
  run->uppers.reserve(tables.size());
  for (const auto& table : tables) {
    const TableMetadata& metadata = table->metadata();
    run->lower_heads.push_back(KeyHead(metadata.lower));
    run->lowers.push_back(metadata.lower);
    run->uppers.push_back(metadata.upper);
    run->file_bytes += metadata.file_bytes;
    run->entries += metadata.entries;
    run->deletes += metadata.deletes + metadata.range_tombstones;
    run->range_tombstones += metadata.range_tombstones;
  }
  run->tables = std::move(tables);
  return std::shared_ptr<const Run>(std::move(run));
}

std::size_t Tree::run_count() const {
  std::size_t count = 0;
  for (const auto& level : levels) count += level.size();
  return count;
}

std::size_t Tree::table_count() const {
  std::size_t count = 0;
  for (const auto& level : levels) {
    for (const auto& run : level) count += run->tables.size();
  }
  return count;
}

std::uint64_t Tree::file_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& level : levels) {
    for (const auto& run : level) bytes += run->file_bytes;
  }
  return bytes;
}

std::shared_ptr<const Version> MakeEmptyVersion() {
  auto version = std::make_shared<Version>();
  version->keyspaces.Set(kDefaultKeyspace,
                         {std::string(kDefaultKeyspaceName), std::make_shared<const Tree>()});
  return version;
}

Status CheckInvariants(const Tree& tree) {
  FIRN_RETURN_IF_ERROR(CheckShape(tree));
  NumberSet seen;
  return CheckNumbers(tree, seen);
}

Status CheckInvariants(const Version& version) {
  NumberSet seen;
  Status status;
  version.keyspaces.ForEach([&](KeyspaceId, const KeyspaceVersion& keyspace) {
    if (status.ok()) status = CheckShape(*keyspace.tree);
    if (status.ok()) status = CheckNumbers(*keyspace.tree, seen);
  });
  return status;
}

}  // namespace firn
