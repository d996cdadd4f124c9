// A pick goes through its reasons in order of urgency and takes the first that yields a choice:
//   1. a level is full: what can sink into the last level at a fair price sinks, component by
//      component; what is left of the level becomes one run of the next;
//   2. tombstones weigh on readers: they are merged to where they can be dropped;
//   3. idle: everything worth its price sinks; runs that stay are merged with their like.
// Every choice of 1-3 either takes tables out of the upper levels, or leaves fewer runs one level
// deeper, or takes tombstones out of the last level for good: so picking ends (P4).
#include "compaction/picker.h"

#include <algorithm>
#include <functional>

#include "base/check.h"
#include "base/hash.h"
#include "base/seeded_bug.h"
#include "compaction/key_components.h"

namespace firn {
namespace {

// A table is heavy when more than one in this many of its entries is a tombstone.
constexpr std::uint64_t kHeavyDivisor = 3;
// Last-level bytes that heavy tombstones may rewrite for each byte of theirs.
constexpr std::uint64_t kHeavyPriceMax = 10;
// A table below this part of the target size is merged with its neighbours rather than moved.
constexpr std::uint64_t kMoveDivisor = 4;
// Cut points leave pieces of at least this part of the target size on average.
constexpr std::uint64_t kCutDivisor = 4;

std::uint64_t Tombstones(const TableMetadata& table) {
  return table.deletes + table.range_tombstones;
}

bool IsHeavy(const TableMetadata& table) {
  return kHeavyDivisor * Tombstones(table) > table.entries + table.range_tombstones;
}

// Last-level bytes to rewrite for each byte brought down.
double Price(const KeyComponent& component) {
  return static_cast<double>(component.last_bytes) /
         static_cast<double>(std::max<std::uint64_t>(component.upper_bytes, 1));
}

struct Picker {
  const Tree& tree;
  const CompactionPolicy& policy;
  const RunningJobs& running;

  [[nodiscard]] bool IsBusy(const TableReader& table) const {
    return running.Reads(table.metadata().number);
  }

  [[nodiscard]] bool IsMovable(const KeyComponent& component) const {
    if (!policy.moves_to_last || component.busy || component.tables.size() != 1) return false;
    // Tombstones would go nowhere from the last level: rewriting drops them.
    return component.last_bytes == 0 && component.upper_deletes == 0 &&
           component.tables[0].level != kLastLevel &&
           component.upper_bytes >= policy.table_bytes / kMoveDivisor;
  }

  [[nodiscard]] CompactionChoice IntoLast(std::vector<PlacedTable> tables,
                                          const char* reason) const {
    std::sort(tables.begin(), tables.end(), ComesBefore);
    CompactionChoice choice;
    for (const PlacedTable& placed : tables) {
      choice.inputs.push_back({placed.level, placed.run->id, *placed.table});
    }
    choice.output_level = kLastLevel;
    choice.output_run = OutputRun(tree, kLastLevel);
    choice.bottom = true;
    choice.reason = reason;
    return choice;
  }

  // A merge of component `index`. While the result would be a small table it takes neighbours in
  // that cost no more than R times what is there: so small tables grow together, each byte
  // rewritten a logarithmic number of times. Between neighbouring components there is no table to
  // disturb.
  [[nodiscard]] CompactionChoice Sink(const std::vector<KeyComponent>& components,
                                      std::size_t index, const char* reason) const {
    std::size_t first = index;
    std::size_t end = index + 1;
    std::uint64_t bytes = components[index].bytes();
    const auto fits = [&](std::size_t neighbour) {
      if (neighbour >= components.size() || components[neighbour].busy) return false;
      const std::uint64_t more = components[neighbour].bytes();
      return more <= policy.size_ratio_max * bytes && bytes + more <= policy.table_bytes;
    };
    for (;;) {
      if (first > 0 && fits(first - 1)) {
        bytes += components[--first].bytes();
      } else if (fits(end)) {
        bytes += components[end++].bytes();
      } else {
        break;
      }
    }
    std::vector<PlacedTable> tables;
    for (std::size_t i = first; i < end; ++i) {
      tables.insert(tables.end(), components[i].tables.begin(), components[i].tables.end());
    }
    return IntoLast(std::move(tables), reason);
  }

  using Predicate = std::function<bool(const KeyComponent&)>;
  struct Sinking {
    std::optional<CompactionChoice> choice;
    bool waits = false;  // something worth sinking is busy
  };

  // All movable tables `worth` it at once, else the cheapest component that is.
  [[nodiscard]] Sinking SinkCheapest(const std::vector<KeyComponent>& components,
                                     const Predicate& worth, const char* reason) const {
    Sinking sinking;
    std::vector<PlacedTable> movable;
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < components.size(); ++i) {
      if (!worth(components[i])) continue;
      if (components[i].busy) {
        sinking.waits = true;
      } else if (IsMovable(components[i])) {
        movable.push_back(components[i].tables[0]);
      } else if (!best.has_value() || Price(components[i]) < Price(components[*best])) {
        best = i;
      }
    }
    if (!movable.empty()) {
      sinking.choice = IntoLast(std::move(movable), reason);
      sinking.choice->trivial_move = true;
    } else if (best.has_value()) {
      sinking.choice = Sink(components, *best, reason);
    }
    return sinking;
  }

  // The runs of a level, from the oldest up to the first with a busy table, as one run of the next.
  [[nodiscard]] std::optional<CompactionChoice> MergeLevel(std::uint8_t level, std::size_t runs_min,
                                                           const char* reason) const {
    FIRN_DCHECK(level + 1 < kLastLevel);
    const auto& runs = tree.levels[level];
    std::size_t first = runs.size();
    while (first > 0 && std::none_of(runs[first - 1]->tables.begin(), runs[first - 1]->tables.end(),
                                     [&](const auto& table) { return IsBusy(*table); })) {
      --first;
    }
    if (runs.size() - first < runs_min) return std::nullopt;
    CompactionChoice choice;
    std::uint64_t bytes = 0;
    for (std::size_t i = first; i < runs.size(); ++i) {
      bytes += runs[i]->file_bytes;
      for (const auto& table : runs[i]->tables)
        choice.inputs.push_back({level, runs[i]->id, table});
    }
    choice.output_level = static_cast<std::uint8_t>(level + 1);
    choice.bottom = IsBottom(choice.inputs, choice.output_level) ||
                    BugIsOn(SeededBug::kDeleteDroppedBesideOlder);
    choice.trivial_move = AreDisjoint(choice.inputs);
    choice.cut_points = PickCutPoints(tree, policy, bytes);
    choice.reason = reason;
    return choice;
  }

  // Whether no table from `level` down lies inside the interval of the inputs.
  [[nodiscard]] bool IsBottom(const std::vector<CompactionInput>& inputs,
                              std::uint8_t level) const {
    TableMetadata interval = inputs[0].table->metadata();
    interval.upper_exclusive = false;  // a key more is on the safe side
    for (const CompactionInput& input : inputs) {
      interval.lower = std::min(interval.lower, input.table->metadata().lower);
      interval.upper = std::max(interval.upper, input.table->metadata().upper);
    }
    for (std::size_t below = level; below < kLevelsMax; ++below) {
      for (const auto& run : tree.levels[below]) {
        for (const auto& table : run->tables) {
          if (RangesOverlap(interval, table->metadata())) return false;
        }
      }
    }
    return true;
  }

  [[nodiscard]] static bool AreDisjoint(const std::vector<CompactionInput>& inputs) {
    std::vector<const TableMetadata*> tables;
    for (const CompactionInput& input : inputs) tables.push_back(&input.table->metadata());
    std::sort(tables.begin(), tables.end(),
              [](const auto* a, const auto* b) { return a->lower < b->lower; });
    // The first overlap in order of lower bounds is one of neighbours.
    return std::adjacent_find(tables.begin(), tables.end(), [](const auto* a, const auto* b) {
             return RangesOverlap(*a, *b);
           }) == tables.end();
  }

  [[nodiscard]] std::optional<CompactionChoice> PickFullLevel(std::uint8_t level) const {
    const auto components = FindComponents(tree, level, running);
    Sinking sinking = SinkCheapest(
        components,
        [&](const KeyComponent& component) {
          return component.tables[0].level == level &&
                 component.last_bytes <= policy.size_ratio_max * component.upper_bytes;
        },
        "level full, fair price into the last");
    if (sinking.choice.has_value() || sinking.waits) return std::move(sinking.choice);
    if (level + 1 < kLastLevel) {
      return MergeLevel(level, policy.runs_per_level, "level full, merged into the next");
    }
    // No tiered level is left: the shape matters more than the price.
    const auto here = [&](const KeyComponent& component) {
      return component.tables[0].level == level;
    };
    return SinkCheapest(components, here, "deepest tiered level full").choice;
  }

  // A last-level table whose tombstones surely go when it is rewritten.
  [[nodiscard]] std::optional<CompactionChoice> RewriteInLast(
      const std::function<bool(const TableMetadata&)>& worth, const char* reason) const {
    const Run* run = tree.last_run();
    if (run == nullptr || run->deletes == 0) return std::nullopt;
    for (const auto& table : run->tables) {
      const TableMetadata& metadata = table->metadata();
      if (IsBusy(*table) || !IsDroppable(metadata) || !worth(metadata)) continue;
      return IntoLast({{kLastLevel, 0, run, &table}}, reason);
    }
    return std::nullopt;
  }

  [[nodiscard]] bool IsDroppable(const TableMetadata& table) const {
    return Tombstones(table) > 0 && table.sequence_max <= policy.droppable_max;
  }

  [[nodiscard]] std::optional<CompactionChoice> PickHeavy() const {
    if (auto choice = RewriteInLast(IsHeavy, "tombstones in the last level")) return choice;
    int level = kLastLevel - 1;
    while (level >= 0 && tree.levels[static_cast<std::size_t>(level)].empty()) --level;
    if (level < 0) return std::nullopt;
    const auto& runs = tree.levels[static_cast<std::size_t>(level)];
    const bool any = std::any_of(runs.begin(), runs.end(), [](const auto& run) {
      return run->deletes > 0 &&
             std::any_of(run->tables.begin(), run->tables.end(),
                         [](const auto& table) { return IsHeavy(table->metadata()); });
    });
    if (!any) return std::nullopt;
    const auto worth = [&](const KeyComponent& component) {
      const bool heavy = std::any_of(
          component.tables.begin(), component.tables.end(), [](const PlacedTable& placed) {
            return placed.level != kLastLevel && IsHeavy(placed.metadata());
          });
      return heavy && (component.last_bytes <= kHeavyPriceMax * component.upper_bytes ||
                       IsWorthSettling(component));
    };
    return SinkCheapest(FindComponents(tree, static_cast<std::uint8_t>(level), running), worth,
                        "tombstones in the deepest tiered level")
        .choice;
  }

  // What may turn out dead: at most one older entry for each newer, and a tombstone itself too.
  [[nodiscard]] bool IsWorthSettling(const KeyComponent& component) const {
    const double part = policy.dead_fraction_max;
    return static_cast<double>(component.upper_bytes) >=
               part * static_cast<double>(component.bytes()) ||
           2.0 * static_cast<double>(component.upper_deletes) >=
               part * static_cast<double>(component.upper_entries + component.last_entries);
  }

  [[nodiscard]] std::optional<CompactionChoice> PickIdle() const {
    const auto components = FindComponents(tree, 0, running);
    Sinking sinking = SinkCheapest(
        components,
        [&](const KeyComponent& component) {
          return component.tables[0].level != kLastLevel && IsWorthSettling(component);
        },
        "idle, settled into the last level");
    if (sinking.choice.has_value() || sinking.waits) return std::move(sinking.choice);
    const auto dead = [&](const TableMetadata& table) {
      return static_cast<double>(Tombstones(table)) >
             policy.dead_fraction_max * static_cast<double>(table.entries + table.range_tombstones);
    };
    if (auto choice = RewriteInLast(dead, "idle, tombstones in the last level")) return choice;
    for (std::uint8_t level = 0; level + 1 < kLastLevel; ++level) {
      if (tree.levels[level].size() < 2) continue;
      if (auto choice = MergeLevel(level, 2, "idle, fewer runs to read")) return choice;
    }
    return std::nullopt;
  }
};

// Whether the table holds a key of [lower, upper), as far as its bounds tell.
bool OverlapsRange(const TableMetadata& table, std::optional<Slice> lower,
                   std::optional<Slice> upper) {
  if (upper.has_value() && Slice(table.lower) >= *upper) return false;
  if (!lower.has_value()) return true;
  return table.upper_exclusive ? Slice(table.upper) > *lower : Slice(table.upper) >= *lower;
}

}  // namespace

std::optional<RunId> OutputRun(const Tree& tree, std::uint8_t level) {
  if (level != kLastLevel || tree.last_run() == nullptr) return std::nullopt;
  return tree.last_run()->id;
}

std::vector<std::string> PickCutPoints(const Tree& tree, const CompactionPolicy& policy,
                                       std::uint64_t bytes) {
  const Run* last = tree.last_run();
  if (last == nullptr) return {};
  // A bound is taken when its hash ends in enough zeros. So the coarser set is part of the finer
  // one and neither depends on bounds elsewhere: runs of all sizes are cut at common keys.
  const std::uint64_t cuts_max =
      kCutDivisor * bytes / std::max<std::uint64_t>(policy.table_bytes, 1);
  std::uint64_t mask = 0;
  while (last->tables.size() / (mask + 1) > cuts_max && mask < last->tables.size()) {
    mask = 2 * mask + 1;
  }
  std::vector<std::string> cuts;
  for (const auto& table : last->tables) {
    const std::string& lower = table->metadata().lower;
    if ((KeyHash(lower) & mask) == 0) cuts.push_back(lower);
  }
  return cuts;
}

std::optional<CompactionChoice> PickCompaction(const Tree& tree, const CompactionPolicy& policy,
                                               const RunningJobs& running, Urgency urgency) {
  FIRN_CHECK(policy.runs_per_level >= 2);
  const Picker picker = {tree, policy, running};
  for (std::uint8_t level = 0; level < kLastLevel; ++level) {
    if (tree.levels[level].size() < policy.runs_per_level) continue;
    if (auto choice = picker.PickFullLevel(level)) return choice;
  }
  if (auto choice = picker.PickHeavy()) return choice;
  return urgency == Urgency::kIdle ? picker.PickIdle() : std::nullopt;
}

std::optional<CompactionChoice> PickRange(const Tree& tree, const CompactionPolicy& policy,
                                          const RunningJobs& running, std::optional<Slice> lower,
                                          std::optional<Slice> upper) {
  const Picker picker = {tree, policy, running};
  const auto unsettled = [&](const KeyComponent& component) {
    return std::any_of(
        component.tables.begin(), component.tables.end(), [&](const PlacedTable& placed) {
          return OverlapsRange(placed.metadata(), lower, upper) &&
                 (placed.level != kLastLevel || picker.IsDroppable(placed.metadata()));
        });
  };
  return picker.SinkCheapest(FindComponents(tree, 0, running), unsettled, "range compacted").choice;
}

}  // namespace firn
