// Collects edits and builds the version they lead to. A replay of a whole manifest costs its tables
// once, not once per edit.
//
// Not here: store-wide numbers (manifest.h), V2-V4 (CheckInvariants).
// Threads: one at a time. Lifetime: copies what it needs of the base.
#pragma once

#include <array>
#include <map>
#include <unordered_map>

#include "version/version_edit.h"

namespace firn {

class VersionBuilder {
 public:
  // Starts from `base`, which is never changed.
  explicit VersionBuilder(const Version& base) : result_(base) {}

  // kCorruption, naming what, when the edit does not fit. After a failure the builder is of no use.
  [[nodiscard]] Status Add(const VersionEdit& edit);
  // Makes readers for added tables; readers of tables that stay or move are shared. Checks V1.
  [[nodiscard]] Result<std::shared_ptr<const Version>> Finish(const TableMaker& make_table);

 private:
  // A table of the base, or one yet to get a reader.
  struct Slot {
    std::shared_ptr<const TableReader> reader;
    TableMetadata metadata;  // when there is no reader
  };
  struct OpenRun {
    std::shared_ptr<const Run> unchanged;           // set until a table changes
    std::unordered_map<std::uint64_t, Slot> slots;  // by table number, when changed
  };
  struct OpenTree {
    // Newest first, as in a Tree.
    std::array<std::map<RunId, OpenRun, std::greater<>>, kLevelsMax> levels;
    SequenceNumber flushed = 0;
  };

  [[nodiscard]] Status AddNames(const VersionEdit& edit);
  [[nodiscard]] Status Remove(const RemovedTable& removed);
  [[nodiscard]] Status Insert(const AddedTable& added);
  // The tree open for changes; null when there is no such keyspace.
  OpenTree* Open(KeyspaceId id);
  [[nodiscard]] static Result<std::shared_ptr<const Tree>> Build(OpenTree& open,
                                                                 const TableMaker& make_table);

  Version result_;  // names are current; the trees of open_ are stale
  std::map<KeyspaceId, OpenTree> open_;
  // Removed by the edit being added: a trivial move takes its reader from here.
  std::unordered_map<std::uint64_t, Slot> removed_;
};

}  // namespace firn
