// The connected components of key-range overlap: what can be merged on its own.
//
// Two tables belong together when their ranges overlap; a component is a largest set of tables tied
// together so. The ranges of its tables cover its whole key interval without a gap, and no table
// outside it (in the levels looked at) overlaps that interval. So a merge of whole components may
// write anything inside their interval without touching another table.
// Threads: pure. Lifetime: views into the tree.
#pragma once

#include <cstdint>
#include <vector>

#include "compaction/picker.h"
#include "version/version.h"

namespace firn {

struct PlacedTable {
  std::uint8_t level = 0;
  std::size_t run_index = 0;  // in its level; 0 is the newest
  const Run* run = nullptr;
  const std::shared_ptr<const TableReader>* table = nullptr;

  [[nodiscard]] const TableMetadata& metadata() const { return (*table)->metadata(); }
};

// Order of the inputs of a choice: by level, then run, newest first, then key.
[[nodiscard]] inline bool ComesBefore(const PlacedTable& a, const PlacedTable& b) {
  if (a.level != b.level) return a.level < b.level;
  if (a.run_index != b.run_index) return a.run_index < b.run_index;
  return a.table < b.table;  // the tables of a run stand in key order in one array
}

struct KeyComponent {
  std::vector<PlacedTable> tables;  // in the order of ComesBefore
  std::uint64_t upper_bytes = 0;    // of tables above the last level
  std::uint64_t last_bytes = 0;     // of tables in it
  std::uint64_t upper_entries = 0;  // puts and tombstones of both kinds
  std::uint64_t upper_deletes = 0;  // tombstones of both kinds
  std::uint64_t last_entries = 0;
  bool busy = false;  // a running job reads one of its tables, or may put one into its interval

  [[nodiscard]] std::uint64_t bytes() const { return upper_bytes + last_bytes; }
};

// All components of the levels from `top` down, in key order.
[[nodiscard]] std::vector<KeyComponent> FindComponents(const Tree& tree, std::uint8_t top,
                                                       const RunningJobs& running);

}  // namespace firn
