#include "sim/memory_directory.h"

#include <algorithm>
#include <set>
#include <utility>

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
  CrashCopier(const std::vector<const Change*>& surviving, CrashKeep::Data keep,
              SeededRandom& random)
      : keep_(keep), random_(random) {
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
        if (file == nullptr) file = entry.file->CrashCopy(keep_, random_);
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

  const CrashKeep::Data keep_;
  SeededRandom& random_;
  std::map<const MemoryDirectory*, MemoryNames> names_;
  std::map<const MemoryFile*, std::shared_ptr<MemoryFile>> files_;
};

MemoryTree MemoryTree::CrashCopy(const CrashKeep& keep, SeededRandom& random) const {
  MemoryTree copy;
  copy.root_ = CrashCopier(Surviving(keep.names, random), keep.data, random).Copy(*root_);
  return copy;
}

}  // namespace firn::testing
