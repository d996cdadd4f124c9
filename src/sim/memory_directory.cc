#include "sim/memory_directory.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/hash.h"

namespace firn::testing {
namespace {

std::vector<std::string> SplitPath(const std::string& path) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : path + "/") {
    if (c != '/') {
      part.push_back(c);
    } else if (!part.empty()) {
      if (part != ".") parts.push_back(part);
      part.clear();
    }
  }
  return parts;
}

Status NoDirectory(const std::string& path) {
  return Status(StatusCode::kNotFound, path + ": its directory does not exist");
}

Status NoSuchName(const std::string& path) {
  return Status(StatusCode::kNotFound, path + ": no such file or directory");
}

void CollectFiles(const MemoryDirectory& directory, std::set<const MemoryFile*>& seen,
                  std::vector<const MemoryFile*>& files) {
  for (const auto& [name, entry] : directory.visible) {
    if (entry.file != nullptr && seen.insert(entry.file.get()).second) {
      files.push_back(entry.file.get());
    }
    if (entry.directory != nullptr) CollectFiles(*entry.directory, seen, files);
  }
}

}  // namespace

MemoryTree::Place MemoryTree::Locate(const std::string& path) const {
  std::vector<std::string> parts = SplitPath(path);
  if (parts.empty()) return {root_, ""};
  std::shared_ptr<MemoryDirectory> directory = root_;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const auto found = directory->visible.find(parts[i]);
    if (found == directory->visible.end() || found->second.directory == nullptr) return {};
    directory = found->second.directory;
  }
  return {directory, parts.back()};
}

MemoryEntry MemoryTree::Find(const std::string& path) const {
  const Place place = Locate(path);
  if (place.parent == nullptr) return {};
  if (place.name.empty()) return {.file = nullptr, .directory = root_};
  const auto found = place.parent->visible.find(place.name);
  return found == place.parent->visible.end() ? MemoryEntry() : found->second;
}

void MemoryTree::Bind(MemoryNames& names, const Binding& binding) {
  if (binding.entry.empty()) {
    names.erase(binding.name);
  } else {
    names[binding.name] = binding.entry;
  }
}

void MemoryTree::Apply(Change change) {
  for (const Binding& binding : change) Bind(binding.directory->visible, binding);
  pending_.push_back(std::move(change));
}

Status MemoryTree::Add(const std::string& path, MemoryEntry entry) {
  const Place place = Locate(path);
  if (place.parent == nullptr) return NoDirectory(path);
  if (!Find(path).empty()) return Status(StatusCode::kConflict, path + ": exists already");
  Apply({{place.parent, place.name, std::move(entry)}});
  return Status();
}

Status MemoryTree::RemoveFile(const std::string& path) {
  const Place place = Locate(path);
  const MemoryEntry entry = Find(path);
  if (entry.empty()) return NoSuchName(path);
  if (entry.file == nullptr) return Status(StatusCode::kIo, path + ": is a directory");
  Apply({{place.parent, place.name, MemoryEntry()}});
  return Status();
}

Status MemoryTree::RemoveDirectory(const std::string& path) {
  const Place place = Locate(path);
  const MemoryEntry entry = Find(path);
  if (entry.empty()) return NoSuchName(path);
  if (entry.directory == nullptr) return Status(StatusCode::kIo, path + ": is not a directory");
  if (entry.directory == root_) return Status(StatusCode::kIo, path + ": is the root");
  if (!entry.directory->visible.empty()) {
    return Status(StatusCode::kIo, path + ": directory is not empty");
  }
  Apply({{place.parent, place.name, MemoryEntry()}});
  return Status();
}

Status MemoryTree::Rename(const std::string& from, const std::string& to) {
  const Place source = Locate(from);
  const Place target = Locate(to);
  const MemoryEntry entry = Find(from);
  if (entry.empty()) return NoSuchName(from);
  if (target.parent == nullptr) return NoDirectory(to);
  if (entry.directory == root_ || target.name.empty() || Find(to).directory != nullptr) {
    return Status(StatusCode::kIo, "rename " + from + " to " + to + ": would replace a directory");
  }
  if (Find(to).file != nullptr && Find(to).file == entry.file) return Status();
  Apply({{target.parent, target.name, entry}, {source.parent, source.name, MemoryEntry()}});
  return Status();
}

void MemoryTree::Sync(const MemoryDirectory& directory) {
  std::erase_if(pending_, [&directory](const Change& change) {
    const bool touches =
        std::any_of(change.begin(), change.end(), [&directory](const Binding& binding) {
          return binding.directory.get() == &directory;
        });
    if (!touches) return false;
    for (const Binding& binding : change) Bind(binding.directory->durable, binding);
    return true;
  });
}

std::vector<const MemoryFile*> MemoryTree::Files() const {
  std::set<const MemoryFile*> seen;
  std::vector<const MemoryFile*> files;
  CollectFiles(*root_, seen, files);
  return files;
}

std::vector<const MemoryTree::Change*> MemoryTree::Surviving(CrashKeep::Names keep,
                                                             SeededRandom& random) const {
  std::size_t candidates = pending_.size();
  if (keep == CrashKeep::Names::kNothing) candidates = 0;
  if (keep == CrashKeep::Names::kRandomPrefix) candidates = random.Below(pending_.size() + 1);
  std::vector<const Change*> surviving;
  for (std::size_t i = 0; i < candidates; ++i) {
    if (keep == CrashKeep::Names::kRandomSubset && !random.Coin()) continue;
    surviving.push_back(&pending_[i]);
  }
  return surviving;
}

// Rebuilds the tree top-down from what survived of each directory's names. Hard links stay links.
class MemoryTree::CrashCopier {
 public:
  using FileCopy = std::function<std::shared_ptr<MemoryFile>(const MemoryFile&)>;

  CrashCopier(const std::vector<const Change*>& surviving, FileCopy copy_file)
      : copy_file_(std::move(copy_file)) {
    for (const Change* change : surviving) {
      for (const Binding& binding : *change) Bind(NamesOf(*binding.directory), binding);
    }
  }

  std::shared_ptr<MemoryDirectory> Copy(const MemoryDirectory& directory) {
    auto copy = std::make_shared<MemoryDirectory>();
    for (const auto& [name, entry] : NamesOf(directory)) {
      MemoryEntry& target = copy->visible[name];
      if (entry.directory != nullptr) {
        target.directory = Copy(*entry.directory);
      } else {
        std::shared_ptr<MemoryFile>& file = files_[entry.file.get()];
        if (file == nullptr) file = copy_file_(*entry.file);
        target.file = file;
      }
    }
    copy->durable = copy->visible;
    return copy;
  }

 private:
  MemoryNames& NamesOf(const MemoryDirectory& directory) {
    return names_.try_emplace(&directory, directory.durable).first->second;
  }

  const FileCopy copy_file_;
  std::map<const MemoryDirectory*, MemoryNames> names_;
  std::map<const MemoryFile*, std::shared_ptr<MemoryFile>> files_;
};

MemoryTree MemoryTree::CrashCopy(const CrashKeep& keep, SeededRandom& random) const {
  MemoryTree copy;
  const auto copy_file = [&](const MemoryFile& file) { return file.CrashCopy(keep.data, random); };
  copy.root_ = CrashCopier(Surviving(keep.names, random), copy_file).Copy(*root_);
  return copy;
}

std::vector<const MemoryFile*> MemoryTree::FilesEver() const {
  std::set<const void*> seen;
  std::vector<const MemoryFile*> files;
  const std::function<void(const MemoryEntry&)> visit = [&](const MemoryEntry& entry) {
    const void* const what = entry.file != nullptr ? static_cast<const void*>(entry.file.get())
                                                   : entry.directory.get();
    if (what == nullptr || !seen.insert(what).second) return;
    if (entry.file != nullptr) {
      files.push_back(entry.file.get());
      return;
    }
    for (const auto& [name, child] : entry.directory->durable) visit(child);
    for (const auto& [name, child] : entry.directory->visible) visit(child);
  };
  visit({.file = nullptr, .directory = root_});
  for (const Change& change : pending_) {
    for (const Binding& binding : change) visit(binding.entry);
  }
  return files;
}

std::vector<UnsyncedUnit> MemoryTree::Unsynced() const {
  using Kind = UnsyncedUnit::Kind;
  std::vector<UnsyncedUnit> units(pending_.size());
  const std::vector<const MemoryFile*> files = FilesEver();
  for (std::size_t file = 0; file < files.size(); ++file) {
    const MemoryFile::Unsynced unsynced = files[file]->GetUnsynced();
    if (unsynced.size) units.push_back({Kind::kSize, file, 0});
    for (const std::uint64_t sector : unsynced.sectors) {
      units.push_back({Kind::kSector, file, sector});
    }
  }
  return units;
}

MemoryTree MemoryTree::CrashCopyOf(const std::vector<bool>& kept) const {
  const std::vector<UnsyncedUnit> units = Unsynced();
  FIRN_CHECK(kept.size() == units.size());
  const std::vector<const MemoryFile*> files = FilesEver();
  std::vector<const Change*> surviving;
  std::map<const MemoryFile*, MemoryFile::Unsynced> parts;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (!kept[i]) continue;
    switch (units[i].kind) {
      case UnsyncedUnit::Kind::kName: surviving.push_back(&pending_[i]); break;
      case UnsyncedUnit::Kind::kSize: parts[files[units[i].file]].size = true; break;
      case UnsyncedUnit::Kind::kSector:
        parts[files[units[i].file]].sectors.push_back(units[i].sector);
    }
  }
  MemoryTree copy;
  const auto copy_file = [&](const MemoryFile& file) { return file.CrashCopyOf(parts[&file]); };
  copy.root_ = CrashCopier(surviving, copy_file).Copy(*root_);
  return copy;
}

class MemoryTree::Cloner {
 public:
  MemoryEntry Copy(const MemoryEntry& entry) {
    MemoryEntry copy;
    if (entry.file != nullptr) {
      copy.file = files_[entry.file.get()];
      if (copy.file == nullptr) copy.file = entry.file->Clone();
      files_[entry.file.get()] = copy.file;
    }
    if (entry.directory != nullptr) copy.directory = CopyDirectory(*entry.directory);
    return copy;
  }
  std::shared_ptr<MemoryDirectory> CopyDirectory(const MemoryDirectory& directory) {
    std::shared_ptr<MemoryDirectory>& copy = directories_[&directory];
    if (copy != nullptr) return copy;
    copy = std::make_shared<MemoryDirectory>();
    const std::shared_ptr<MemoryDirectory> result = copy;
    for (const auto& [name, entry] : directory.visible) result->visible[name] = Copy(entry);
    for (const auto& [name, entry] : directory.durable) result->durable[name] = Copy(entry);
    return result;
  }

 private:
  std::map<const MemoryFile*, std::shared_ptr<MemoryFile>> files_;
  std::map<const MemoryDirectory*, std::shared_ptr<MemoryDirectory>> directories_;
};

MemoryTree MemoryTree::Clone() const {
  MemoryTree copy;
  Cloner cloner;
  copy.root_ = cloner.CopyDirectory(*root_);
  for (const Change& change : pending_) {
    Change& cloned = copy.pending_.emplace_back();
    for (const Binding& binding : change) {
      cloned.push_back({cloner.CopyDirectory(*binding.directory), binding.name,
                        cloner.Copy(binding.entry)});
    }
  }
  return copy;
}

std::uint64_t MemoryTree::Fingerprint() const {
  std::uint64_t mixed = 0;
  const auto mix = [&mixed](std::uint64_t value) { mixed = SeededRandom(mixed ^ value).Next64(); };
  const std::function<void(const MemoryDirectory&)> visit = [&](const MemoryDirectory& directory) {
    mix(directory.durable.size());
    for (const auto& [name, entry] : directory.durable) {
      mix(KeyHash(name));
      if (entry.file != nullptr) mix(entry.file->Fingerprint());
      if (entry.directory != nullptr) visit(*entry.directory);
    }
  };
  visit(*root_);
  return mixed;
}

}  // namespace firn::testing
