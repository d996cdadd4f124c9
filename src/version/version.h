// Which tables exist and in which order a read consults them. Immutable: a change makes a new one
// that shares every tree, run and reader it does not touch.
//
// V1  The tables of a run are sorted by key and their ranges are disjoint; no user key is in two.
// V2  Runs of a level are ordered newest first, levels from 0 down: for one key every entry in an
//     earlier run is newer than every entry in a later one.
// V3  The last level holds at most one run.
// V4  A table number occurs once in a version.
//
// Not here: how a version changes (version_edit.h), how changes are stored (manifest.h).
// Threads: immutable, share freely.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/types.h"
#include "firn/status.h"
#include "format/table_metadata.h"
#include "table/table_reader.h"
#include "version/keyspace_map.h"

namespace firn {

inline constexpr std::size_t kLevelsMax = 8;
inline constexpr std::uint8_t kLastLevel = kLevelsMax - 1;
inline constexpr Slice kDefaultKeyspaceName = "default";

struct Run {
  RunId id;  // larger is newer inside one level
  std::vector<std::shared_ptr<const TableReader>> tables;
  std::vector<std::uint64_t> lower_heads;  // KeyHead of each table's lower bound
  // Of each table, views of its metadata.
  std::vector<Slice> lowers;
  std::vector<Slice> uppers;
  std::uint64_t file_bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t deletes = 0;           // tombstones of both kinds
  std::uint64_t range_tombstones = 0;  // those of ranges

  // The one table that may hold the key, or null. `head` is KeyHead(key).
  [[nodiscard]] const TableReader* Find(Slice key, std::uint64_t head) const;
  [[nodiscard]] const TableReader* Find(const LookupKey& key) const {
    return Find(key.key, key.head);
  }
};

// A run of these tables, given in any order; kCorruption when V1 does not hold.
[[nodiscard]] Result<std::shared_ptr<const Run>> MakeRun(
    RunId id, std::vector<std::shared_ptr<const TableReader>> tables);

// The tables of one keyspace.
struct Tree {
  // levels[l] newest run first. Shared between versions when untouched.
  std::array<std::vector<std::shared_ptr<const Run>>, kLevelsMax> levels;
  SequenceNumber flushed = 0;  // every entry of the keyspace up to here is in tables

  [[nodiscard]] std::size_t run_count() const;
  [[nodiscard]] std::size_t table_count() const;
  [[nodiscard]] std::uint64_t file_bytes() const;
  // Null when the last level is empty.
  [[nodiscard]] const Run* last_run() const {
    return levels[kLastLevel].empty() ? nullptr : levels[kLastLevel].front().get();
  }
};

struct Version {
  KeyspaceMap keyspaces;

  // Null when the keyspace does not exist.
  [[nodiscard]] const Tree* FindTree(KeyspaceId id) const {
    const KeyspaceVersion* keyspace = keyspaces.Find(id);
    return keyspace == nullptr ? nullptr : keyspace->tree.get();
  }
};

// What a new store starts with: the default keyspace, empty.
[[nodiscard]] std::shared_ptr<const Version> MakeEmptyVersion();

// Whether some key can be in the ranges of both.
[[nodiscard]] bool RangesOverlap(const TableMetadata& a, const TableMetadata& b);

// Checks V1-V4; kCorruption naming the rule and the tables that break it. V2 is checked as far as
// metadata can prove a breach: run ids descend; in level 0, whose runs hold whole stretches of the
// sequence, overlapping tables must have ordered sequence ranges; elsewhere two tables that share a
// bound, so surely both hold something there, must not be in the wrong order altogether. (A merged
// table may span keys it does not hold, so overlapping ranges alone prove nothing below level 0.)
[[nodiscard]] Status CheckInvariants(const Tree& tree);
// The same for every tree, and V4 across them.
[[nodiscard]] Status CheckInvariants(const Version& version);

}  // namespace firn
