// The names of the simulated disk: a tree of directories in which every change is visible at once
// and durable only after its directory was synced.
//
// Not here: file content (memory_file.h), faults, locking.
// Threads: one at a time.
// N1  A change (creation, link, removal, rename) is atomic: a crash keeps all of it or nothing.
// N2  Syncing a directory makes the changes that touch it durable, in their order, and no others.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "firn/status.h"
#include "sim/memory_file.h"

namespace firn::testing {

struct MemoryDirectory;

// What a name stands for: a file, a directory, or nothing (both null).
struct MemoryEntry {
  std::shared_ptr<MemoryFile> file;
  std::shared_ptr<MemoryDirectory> directory;
  [[nodiscard]] bool empty() const { return file == nullptr && directory == nullptr; }
};

using MemoryNames = std::map<std::string, MemoryEntry>;

struct MemoryDirectory {
  MemoryNames visible;
  MemoryNames durable;
};

class MemoryTree {
 public:
  MemoryTree() : root_(std::make_shared<MemoryDirectory>()) {}

  // What `path` stands for; empty when it, or a directory on the way, does not exist. Relative
  // paths start at the root.
  [[nodiscard]] MemoryEntry Find(const std::string& path) const;

  // Each changes the visible names. kNotFound when a parent directory is missing.
  Status Add(const std::string& path, MemoryEntry entry);  // kConflict when it exists
  Status RemoveFile(const std::string& path);
  Status RemoveDirectory(const std::string& path);
  Status Rename(const std::string& from, const std::string& to);

  void Sync(const MemoryDirectory& directory);

  // Every file reachable by a visible name, once.
  [[nodiscard]] std::vector<const MemoryFile*> Files() const;

  // The tree after a power loss.
  [[nodiscard]] MemoryTree CrashCopy(const CrashKeep& keep, SeededRandom& random) const;
  [[nodiscard]] std::vector<UnsyncedUnit> Unsynced() const;
  // The same with one decision for each unit of Unsynced().
  [[nodiscard]] MemoryTree CrashCopyOf(const std::vector<bool>& kept) const;
  // Files and directories of its own, pending changes included.
  [[nodiscard]] MemoryTree Clone() const;
  [[nodiscard]] std::uint64_t Fingerprint() const;

 private:
  struct Place {
    std::shared_ptr<MemoryDirectory> parent;  // null: missing
    std::string name;                         // empty: the root
  };
  // One name given a meaning, or an empty entry: taken away.
  struct Binding {
    std::shared_ptr<MemoryDirectory> directory;
    std::string name;
    MemoryEntry entry;
  };
  using Change = std::vector<Binding>;

  class CrashCopier;
  class Cloner;

  [[nodiscard]] Place Locate(const std::string& path) const;
  void Apply(Change change);
  [[nodiscard]] std::vector<const Change*> Surviving(CrashKeep::Names keep,
                                                     SeededRandom& random) const;
  // Every file that is reachable, was reachable or would be after some crash; always in the same
  // order.
  [[nodiscard]] std::vector<const MemoryFile*> FilesEver() const;
  static void Bind(MemoryNames& names, const Binding& binding);

  std::shared_ptr<MemoryDirectory> root_;
  std::vector<Change> pending_;  // in the order they were made
};

}  // namespace firn::testing
