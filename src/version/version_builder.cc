#include "version/version_builder.h"

#include <unordered_set>

#include "base/check.h"
#include "base/status_macros.h"

namespace firn {
namespace {

Status Misfit(const std::string& what) {
  return Status(StatusCode::kCorruption, "version edit does not fit the version: " + what);
}

std::string Place(KeyspaceId keyspace, std::uint8_t level, RunId run, FileNumber number) {
  return "table " + std::to_string(number.value) + " (keyspace " + std::to_string(keyspace) +
         ", level " + std::to_string(level) + ", run " + std::to_string(run.value) + ")";
}

}  // namespace

Status VersionBuilder::Add(const VersionEdit& edit) {
  removed_.clear();
  FIRN_RETURN_IF_ERROR(AddNames(edit));
  for (const RemovedTable& removed : edit.removed) FIRN_RETURN_IF_ERROR(Remove(removed));
  for (const AddedTable& added : edit.added) FIRN_RETURN_IF_ERROR(Insert(added));
  for (const auto& [id, sequence] : edit.flushed) {
    OpenTree* tree = Open(id);
    if (tree == nullptr) return Misfit("keyspace " + std::to_string(id) + " does not exist");
    if (sequence < tree->flushed) {
      return Misfit("the flushed sequence of keyspace " + std::to_string(id) + " goes backwards");
    }
    tree->flushed = sequence;
  }
  return {};
}

Status VersionBuilder::AddNames(const VersionEdit& edit) {
  for (const KeyspaceId id : edit.dropped) {
    if (id == kDefaultKeyspace) return Misfit("the default keyspace is dropped");
    if (!result_.keyspaces.Erase(id)) {
      return Misfit("dropped keyspace " + std::to_string(id) + " does not exist");
    }
    open_.erase(id);
  }
  if (edit.created.empty()) return {};
  for (const auto& [id, name] : edit.created) {
    for (const KeyspaceId dropped : edit.dropped) {
      if (dropped == id)
        return Misfit("keyspace " + std::to_string(id) + " is dropped and created");
    }
    if (name.empty() || name.size() > kKeyspaceNameBytesMax) {
      return Misfit("keyspace " + std::to_string(id) + " has an empty or overlong name");
    }
    const KeyspaceVersion* old = result_.keyspaces.Find(id);
    result_.keyspaces.Set(id, {name, old != nullptr ? old->tree : std::make_shared<const Tree>()});
  }
  std::unordered_set<Slice> names;
  Status status;
  result_.keyspaces.ForEach([&](KeyspaceId id, const KeyspaceVersion& keyspace) {
    if (names.insert(keyspace.name).second || !status.ok()) return;
    status = Misfit("keyspace " + std::to_string(id) + " takes a name already in use");
  });
  return status;
}

VersionBuilder::OpenTree* VersionBuilder::Open(KeyspaceId id) {
  const auto known = open_.find(id);
  if (known != open_.end()) return &known->second;
  const Tree* tree = result_.FindTree(id);
  if (tree == nullptr) return nullptr;
  OpenTree& open = open_[id];
  open.flushed = tree->flushed;
  for (std::size_t level = 0; level < kLevelsMax; ++level) {
    for (const auto& run : tree->levels[level]) open.levels[level][run->id].unchanged = run;
  }
  return &open;
}

Status VersionBuilder::Remove(const RemovedTable& removed) {
  const auto missing = [&] {
    return Misfit(Place(removed.keyspace, removed.level, removed.run, removed.number) +
                  " is removed but not there");
  };
  OpenTree* tree = Open(removed.keyspace);
  if (tree == nullptr || removed.level >= kLevelsMax) return missing();
  auto& level = tree->levels[removed.level];
  const auto run = level.find(removed.run);
  if (run == level.end()) return missing();
  OpenRun& open = run->second;
  if (open.unchanged != nullptr) {
    for (const auto& table : open.unchanged->tables) {
      open.slots[table->metadata().number.value] = {table, {}};
    }
    open.unchanged = nullptr;
  }
  const auto slot = open.slots.find(removed.number.value);
  if (slot == open.slots.end()) return missing();
  removed_[removed.number.value] = std::move(slot->second);
  open.slots.erase(slot);
  if (open.slots.empty()) level.erase(run);
  return {};
}

Status VersionBuilder::Insert(const AddedTable& added) {
  const TableMetadata& table = added.metadata;
  const std::string place = Place(added.keyspace, added.level, added.run, table.number);
  OpenTree* tree = Open(added.keyspace);
  if (tree == nullptr || added.level >= kLevelsMax) return Misfit(place + " has no place");
  Slot slot;
  const auto moved = removed_.find(table.number.value);
  if (moved == removed_.end()) {
    slot.metadata = table;
  } else {
    slot = std::move(moved->second);
    removed_.erase(moved);
    const TableMetadata& before = slot.reader != nullptr ? slot.reader->metadata() : slot.metadata;
    if (!(before == table)) return Misfit(place + " moves with different metadata");
  }
  OpenRun& open = tree->levels[added.level][added.run];
  if (open.unchanged != nullptr) {
    for (const auto& present : open.unchanged->tables) {
      open.slots[present->metadata().number.value] = {present, {}};
    }
    open.unchanged = nullptr;
  }
  if (!open.slots.emplace(table.number.value, std::move(slot)).second) {
    return Misfit(place + " is there already");
  }
  return {};
}

Result<std::shared_ptr<const Tree>> VersionBuilder::Build(OpenTree& open,
                                                          const TableMaker& make_table) {
  auto tree = std::make_shared<Tree>();
  tree->flushed = open.flushed;
  for (std::size_t level = 0; level < kLevelsMax; ++level) {
    for (auto& [id, run] : open.levels[level]) {
      if (run.unchanged != nullptr) {
        tree->levels[level].push_back(run.unchanged);
        continue;
      }
      std::vector<std::shared_ptr<const TableReader>> tables;
      tables.reserve(run.slots.size());
      for (auto& [number, slot] : run.slots) {
        if (slot.reader == nullptr) slot.reader = make_table(std::move(slot.metadata));
        tables.push_back(slot.reader);
      }
      FIRN_ASSIGN_OR_RETURN(auto built, MakeRun(id, std::move(tables)));
      tree->levels[level].push_back(std::move(built));
    }
  }
  if (tree->levels[kLastLevel].size() > 1) {
    return Misfit("the last level would hold more than one run (V3)");
  }
  return std::shared_ptr<const Tree>(std::move(tree));
}

Result<std::shared_ptr<const Version>> VersionBuilder::Finish(const TableMaker& make_table) {
  for (auto& [id, open] : open_) {
    FIRN_ASSIGN_OR_RETURN(auto tree, Build(open, make_table));
    result_.keyspaces.Set(id, {result_.keyspaces.Find(id)->name, std::move(tree)});
  }
  open_.clear();
  return std::make_shared<const Version>(std::move(result_));
}

Result<std::shared_ptr<const Version>> Apply(const Version& base, const VersionEdit& edit,
                                             const TableMaker& make_table) {
  VersionBuilder builder(base);
  FIRN_RETURN_IF_ERROR(builder.Add(edit));
  FIRN_ASSIGN_OR_RETURN(auto version, builder.Finish(make_table));
#if defined(FIRN_CHECKED)
  FIRN_RETURN_IF_ERROR(CheckInvariants(*version));
#endif
  return version;
}

}  // namespace firn
