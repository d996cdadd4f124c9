// Decides which tables to merge next. Pure: no files, no threads, no clock; the same inputs give the
// same choice (docs/compaction.md, "Picking").
//
// Shape: levels 0 .. n-2 are tiered (a level of `runs_per_level` runs is merged into one run of the
// next), the last level is one run whose tables are replaced piece by piece. Levels grow by
// `runs_per_level`; how many tiered levels are used follows from the size of the last one.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "version/version.h"

namespace firn {

struct CompactionPolicy {
  std::uint64_t flush_bytes = 0;       // expected size of a flushed run
  std::size_t runs_per_level = 4;      // K
  std::uint64_t size_ratio_max = 4;    // the tiered levels together may hold last level / this
  std::uint64_t table_bytes = std::uint64_t{32} << 20;
  double dead_fraction_max = 0.10;     // idle work: above it the tree is settled into one run
};

// Tables some running job reads; they are in no other choice.
using BusyTables = std::set<FileNumber>;

struct CompactionInput {
  std::uint8_t level = 0;
  RunId run;
  std::shared_ptr<const TableReader> table;
};

struct CompactionChoice {
  std::vector<CompactionInput> inputs;  // newest run first, by key inside a run
  std::uint8_t output_level = 0;
  // The run the output joins: the existing last run, or unset for a new run. Ordering V2 for a new run
  // is kept because the inputs are the oldest runs of their level, all of them or a suffix.
  std::optional<RunId> output_run;
  bool bottom = false;        // nothing outside the inputs holds older entries of their range
  bool trivial_move = false;  // one or more tables change level, no file is read
  // Keys at which outputs should end, so that later jobs into the last level stay small: lower bounds
  // of the last run's tables.
  std::vector<std::string> cut_points;
  const char* reason = "";    // for the event journal: "level 0 has 4 runs", ...
};

enum class Urgency : std::uint8_t {
  kNeeded,  // keep the shape: too many runs, too many tombstones
  kIdle,    // settle: also merge what only costs readers and space
};

[[nodiscard]] std::optional<CompactionChoice> PickCompaction(const Tree& tree,
                                                             const CompactionPolicy& policy,
                                                             const BusyTables& busy,
                                                             Urgency urgency);

// For CompactRange: everything that overlaps [lower, upper) goes to the last level. Null bounds are open.
[[nodiscard]] std::optional<CompactionChoice> PickRange(const Tree& tree,
                                                        const CompactionPolicy& policy,
                                                        const BusyTables& busy,
                                                        std::optional<Slice> lower,
                                                        std::optional<Slice> upper);

}  // namespace firn
