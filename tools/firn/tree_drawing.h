// The stats of a store as people read them: numbers, and the tree level by level, run by run.
// Threads: pure functions.
#pragma once

#include <string>

#include "firn/stats.h"

namespace firn::tool {

// Counters and memory, one fact a line.
[[nodiscard]] std::string DescribeStore(const Stats& stats);

// One keyspace: a line for the memtable and one for each run in the order a read consults them,
// with a bar that is as long as the run's share of the largest one.
[[nodiscard]] std::string DrawTree(const KeyspaceStats& keyspace);

// The same facts as one JSON object on one line, for programs (docs/command-line.md, "stats").
[[nodiscard]] std::string StatsToJson(const Stats& stats);

}  // namespace firn::tool
