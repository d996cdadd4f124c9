#include "power/image_check.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "power/writer.h"

namespace firn::power {
namespace {

std::string ScratchParent(Medium medium) {
  const std::string memory = "/dev/shm";
  if (medium == Medium::kMemory && ::access(memory.c_str(), W_OK) == 0) return memory;
  return std::filesystem::temp_directory_path().string();
}

std::optional<std::string> ReadKeyspace(Db& db, const Keyspace& keyspace,
                                        std::map<std::string, std::string>* table) {
  IteratorOptions options;
  options.keyspace = keyspace;
  Iterator iterator = db.NewIterator(options);
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
    table->emplace(std::string(iterator.key()), std::string(iterator.value()));
  }
  if (!iterator.status().ok()) return "scan: " + iterator.status().ToString();
  auto backwards = table->rbegin();
  for (iterator.SeekToLast(); iterator.Valid(); iterator.Prev(), ++backwards) {
    const bool same = backwards != table->rend() && backwards->first == iterator.key() &&
                      backwards->second == iterator.value();
    if (!same) return "a backward scan differs at " + std::string(iterator.key());
  }
  if (backwards != table->rend()) return "a backward scan ends before " + backwards->first;
  for (const auto& [key, value] : *table) {
    const auto got = db.Get(key, {.keyspace = keyspace});
    if (!got.ok()) return "get: " + got.status().ToString();
    if (!got->has_value() || **got != value) return "get disagrees with the scan at " + key;
  }
  return std::nullopt;
}

// Opens, reads and closes.
std::optional<std::string> ReadAt(const Workload& workload, const std::string& directory,
                                  Contents* contents) {
  auto db = OpenStore(workload, directory);
  if (!db.ok()) return "open: " + db.status().ToString();
  if (auto wrong = ReadStore(**db, contents)) return wrong;
  const Status closed = (*db)->Close();
  if (!closed.ok()) return "close: " + closed.ToString();
  return std::nullopt;
}

std::optional<std::string> CheckCheckpoints(const Workload& workload, const std::string& root,
                                            const Timeline& timeline, bool* opened) {
  for (const auto& [name, checkpoint] : timeline.checkpoints()) {
    // Half of a checkpoint that was not acknowledged is no store yet.
    const bool is_store = std::filesystem::exists(root + "/" + name + "/CURRENT");
    if (!is_store && !checkpoint.made) continue;
    if (!is_store) return name + " was made and is gone";
    Contents contents;
    *opened = true;
    auto wrong = ReadAt(workload, root + "/" + name, &contents);
    if (!wrong.has_value()) wrong = timeline.CheckCheckpoint(contents, checkpoint.commit);
    if (wrong.has_value()) return name + ": " + *wrong;
  }
  return std::nullopt;
}

}  // namespace

ScratchFolder::ScratchFolder(Medium medium)
    : path_(ScratchParent(medium) + "/firn-power-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) {
    std::fprintf(stderr, "cannot create %s\n", path_.c_str());
    std::abort();
  }
}

ScratchFolder::~ScratchFolder() {
  if (!keep_) std::filesystem::remove_all(path_);
}

std::optional<std::string> ReadStore(Db& db, Contents* contents) {
  for (const std::string& name : db.ListKeyspaces()) {
    const auto keyspace = db.OpenKeyspace(name);
    if (!keyspace.ok()) return "keyspace " + name + ": " + keyspace.status().ToString();
    if (auto wrong = ReadKeyspace(db, *keyspace, &(*contents)[name])) return name + ": " + *wrong;
  }
  const VerifyReport verified = db.Verify();
  if (!verified.ok()) return "verify: " + verified.status().ToString();
  if (!verified.orphan_files.empty()) return "orphan file " + verified.orphan_files.front();
  return std::nullopt;
}

ImageVerdict CheckImage(const Workload& workload, const RecordedDisk::Image& image,
                        const Timeline& timeline, bool killed) {
  ScratchFolder folder(Medium::kMemory);
  WriteFolder(folder.path(), image);
  const std::string store = folder.path() + "/" + kStoreName;
  ImageVerdict verdict;
  Contents found;
  verdict.wrong = ReadAt(workload, store, &found);
  if (!verdict.wrong.has_value()) verdict.wrong = timeline.Check(found, killed);
  verdict.reached = timeline.ReachedIn(found);
  if (!verdict.wrong.has_value()) {
    Contents again;
    verdict.wrong = ReadAt(workload, store, &again);
    if (!verdict.wrong.has_value() && again != found) verdict.wrong = "a second open finds less";
  }
  if (!verdict.wrong.has_value()) {
    verdict.wrong = CheckCheckpoints(workload, folder.path(), timeline,
                                     &verdict.opened_a_checkpoint);
  }
  if (verdict.wrong.has_value()) {
    // As it was found, not as the opens left it.
    const std::string kept = folder.Keep();
    std::filesystem::remove_all(kept);
    std::filesystem::create_directory(kept);
    WriteFolder(kept, image);
    *verdict.wrong += "; the image is kept in " + kept;
  }
  return verdict;
}

}  // namespace firn::power
