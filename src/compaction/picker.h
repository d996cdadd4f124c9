// Decides which tables to merge next. Pure: no files, no threads, no clock; the same inputs give
// the same choice (docs/compaction.md, "Picking").
//
// Shape: the levels above the last are tiered (a level of `runs_per_level` runs becomes one run of
// the next), the last level is one run whose tables are replaced piece by piece, a connected
// component of overlapping key ranges at a time. Whatever can join the last level at a fair price
// does so at once, from whichever level; how many tiered levels are in use follows from that.
//
// P1  Executing a choice keeps V1-V4: inputs are replaced by tables inside the interval of their
//     keys.
// P2  A choice holds no table that a running job reads; choices may be executed side by side.
// P3  A choice into the last level takes every table of the levels from its topmost input's level
//     down that overlaps its interval, so its `bottom` is true.
// P4  Picking and executing in turn comes to an end.
// P5  Outputs of jobs side by side never overlap in the last level, whatever is flushed or merged
//     above it meanwhile.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compaction/running_jobs.h"
#include "version/version.h"

namespace firn {

struct CompactionPolicy {
  std::size_t runs_per_level = 4;  // K; at least 2
  // R: a merge into the last level may rewrite up to this many last-level bytes for each byte it
  // brings down. Also bounds the space newer versions take above it to about 1/R of the last level.
  std::uint64_t size_ratio_max = 4;
  std::uint64_t table_bytes = std::uint64_t{32} << 20;
  // Idle work: worth doing when at least this part of what it reads may turn out dead.
  double dead_fraction_max = 0.10;
  // Tombstones up to this sequence are needed by no snapshot: the smallest of the live snapshots,
  // or the newest visible sequence. Tombstones in the last level are merged away only if older than
  // this, so that such a merge surely succeeds and is not picked again.
  SequenceNumber droppable_max = 0;
  // Whether a table of an upper level may become one of the last level as it is. Not so when the
  // last level is compressed and the others are not.
  bool moves_to_last = true;
};

struct CompactionInput {
  std::uint8_t level = 0;
  RunId run;
  std::shared_ptr<const TableReader> table;
};

struct CompactionChoice {
  std::vector<CompactionInput> inputs;  // newest run first, by key inside a run
  std::uint8_t output_level = 0;
  // The run the output joins: the existing last run, or unset for a new run; OutputRun says it
  // again when the outputs are installed. Ordering V2 for a new run is kept because the inputs are
  // the oldest runs of their level, all of them or a suffix.
  std::optional<RunId> output_run;
  bool bottom = false;        // nothing outside the inputs holds older entries of their range
  bool trivial_move = false;  // one or more tables change level, no file is read
  // Keys at which outputs should end, so that later jobs into the last level stay small: lower
  // bounds of some of the last run's tables, ascending. Empty for outputs of the last level.
  std::vector<std::string> cut_points;
  const char* reason = "";  // for the event journal: "level 0 has 4 runs", ...
};

enum class Urgency : std::uint8_t {
  kNeeded,  // keep the shape: too many runs, too many tombstones
  kIdle,    // settle: also merge what only costs readers and space
};

[[nodiscard]] std::optional<CompactionChoice> PickCompaction(const Tree& tree,
                                                             const CompactionPolicy& policy,
                                                             const RunningJobs& running,
                                                             Urgency urgency);

// For CompactRange: everything that overlaps [lower, upper) goes to the last level, tombstones
// there go away. Null bounds are open. Nothing to pick and no job running means done.
[[nodiscard]] std::optional<CompactionChoice> PickRange(const Tree& tree,
                                                        const CompactionPolicy& policy,
                                                        const RunningJobs& running,
                                                        std::optional<Slice> lower,
                                                        std::optional<Slice> upper);

// The run that outputs in `level` join when `tree` is the installed one: unset for a new run, whose
// id is larger than all others. A job asks at its end: another one may have begun the last run
// meanwhile.
[[nodiscard]] std::optional<RunId> OutputRun(const Tree& tree, std::uint8_t level);

// Keys at which tables of a new run of `bytes` above the last level should end, ascending: so
// chosen that runs written at different times are cut alike and their components stay small.
// Flushes use it.
[[nodiscard]] std::vector<std::string> PickCutPoints(const Tree& tree,
                                                     const CompactionPolicy& policy,
                                                     std::uint64_t bytes);

}  // namespace firn
