// Which tables exist and in which order a read consults them. Immutable: a change makes a new one.
//
// V1  The tables of a run are sorted by key and their ranges are disjoint; no user key is in two.
// V2  Runs of a level are ordered newest first, levels from 0 down: for one key every entry in an
//     earlier run is newer than every entry in a later one.
// V3  The last level holds at most one run.
// V4  A table number occurs once in a version.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/types.h"
#include "format/table_metadata.h"
#include "table/table_reader.h"

namespace firn {

inline constexpr std::size_t kLevelsMax = 8;
inline constexpr std::uint8_t kLastLevel = kLevelsMax - 1;

struct Run {
  RunId id;  // larger is newer inside one level
  std::vector<std::shared_ptr<const TableReader>> tables;
  std::vector<std::uint64_t> lower_heads;  // KeyHead of each table's lower bound
  std::uint64_t file_bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t deletes = 0;           // tombstones of both kinds

  // The one table that may hold the key, or null.
  [[nodiscard]] const TableReader* Find(const LookupKey& key) const;
};

// The tables of one keyspace.
struct Tree {
  // levels[l] newest run first. Shared between versions when untouched.
  std::array<std::vector<std::shared_ptr<const Run>>, kLevelsMax> levels;
  SequenceNumber flushed = 0;  // every entry of the keyspace up to here is in tables

  [[nodiscard]] std::size_t run_count() const;
  [[nodiscard]] std::uint64_t file_bytes() const;
};

struct KeyspaceVersion {
  std::string name;
  std::shared_ptr<const Tree> tree;
};

struct Version {
  std::map<KeyspaceId, KeyspaceVersion> keyspaces;
};

// Checks V1-V4; kCorruption naming the rule and the tables that break it.
[[nodiscard]] Status CheckInvariants(const Tree& tree);

}  // namespace firn
