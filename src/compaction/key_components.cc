#include "compaction/key_components.h"

#include <algorithm>

#include "base/entry.h"
#include "base/seeded_bug.h"

namespace firn {
namespace {

// Sorting compares heads first, so that most comparisons touch no key.
struct KeyedTable {
  std::uint64_t head;
  PlacedTable placed;
};

std::vector<KeyedTable> TablesByLowerBound(const Tree& tree, std::uint8_t top) {
  std::vector<KeyedTable> tables;
  for (std::uint8_t level = top; level < kLevelsMax; ++level) {
    for (std::size_t i = 0; i < tree.levels[level].size(); ++i) {
      const Run& run = *tree.levels[level][i];
      for (std::size_t j = 0; j < run.tables.size(); ++j) {
        tables.push_back({run.lower_heads[j], {level, i, &run, &run.tables[j]}});
      }
    }
  }
  std::sort(tables.begin(), tables.end(), [](const KeyedTable& a, const KeyedTable& b) {
    if (a.head != b.head) return a.head < b.head;
    return a.placed.metadata().lower < b.placed.metadata().lower;
  });
  return tables;
}

// The farthest upper bound seen in a component.
struct Reach {
  Slice upper;
  bool exclusive = false;

  [[nodiscard]] bool Covers(Slice lower) const {
    const bool strict = exclusive || BugIsOn(SeededBug::kBoundaryTableMissed);
    return strict ? lower < upper : lower <= upper;
  }
  void Extend(const TableMetadata& table) {
    if (table.upper > upper) {
      upper = table.upper;
      exclusive = table.upper_exclusive;
    } else if (table.upper == upper && !table.upper_exclusive) {
      exclusive = false;
    }
  }
};

void Add(KeyComponent& component, const PlacedTable& placed,
         const RunningJobs& running) {
  const TableMetadata& table = placed.metadata();
  component.tables.push_back(placed);
  component.busy |= running.Reads(table.number);
  if (placed.level == kLastLevel) {
    component.last_bytes += table.file_bytes;
    component.last_entries += table.entries + table.range_tombstones;
  } else {
    component.upper_bytes += table.file_bytes;
    component.upper_entries += table.entries + table.range_tombstones;
    component.upper_deletes += table.deletes + table.range_tombstones;
  }
}

}  // namespace

std::vector<KeyComponent> FindComponents(const Tree& tree, std::uint8_t top,
                                         const RunningJobs& running) {
  std::vector<KeyComponent> components;
  Slice lower;
  Reach reach;
  for (const KeyedTable& keyed : TablesByLowerBound(tree, top)) {
    const TableMetadata& table = keyed.placed.metadata();
    if (components.empty() || !reach.Covers(table.lower)) {
      components.emplace_back();
      lower = table.lower;
      reach = {table.upper, table.upper_exclusive};
    }
    Add(components.back(), keyed.placed, running);
    reach.Extend(table);
    components.back().busy |= running.MayFill(lower, reach.upper);
  }
  for (KeyComponent& component : components) {
    std::sort(component.tables.begin(), component.tables.end(), ComesBefore);
  }
  return components;
}

}  // namespace firn
