#include "db/checkpoint.h"

#include <algorithm>

#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "db/file_names.h"
#include "db/recovery.h"
#include "table/table_settings.h"

namespace firn {
namespace {

constexpr std::uint64_t kCopyBytes = std::uint64_t{1} << 20;

Status CopyFile(FileSystem& files, const std::string& from, const std::string& to,
                PageCache cache) {
  FIRN_ASSIGN_OR_RETURN(auto source, files.OpenFile(from, cache));
  FIRN_ASSIGN_OR_RETURN(const std::uint64_t size, source->Size());
  FIRN_ASSIGN_OR_RETURN(auto target, files.CreateFile(to, cache));
  std::string buffer;
  for (std::uint64_t offset = 0; offset < size; offset += buffer.size()) {
    buffer.resize(static_cast<std::size_t>(std::min(kCopyBytes, size - offset)));
    FIRN_RETURN_IF_ERROR(source->ReadAt(offset, buffer));
    FIRN_RETURN_IF_ERROR(target->Append(buffer));
  }
  FIRN_RETURN_IF_ERROR(target->SyncData());
  return target->Close();
}

Status FillCheckpoint(FileSystem& files, const std::string& source, const std::string& target,
                      ManifestState state, PageCache cache) {
  for (const auto& table : TablesOf(*state.version)) {
    const std::string name = TableFileName(table->metadata().number);
    const std::string from = source + "/" + name;
    const std::string to = target + "/" + name;
    // Across file systems, or where links are unknown, a copy does as well.
    if (files.Link(from, to).ok()) continue;
    FIRN_RETURN_IF_ERROR(CopyFile(files, from, to, cache));
  }
  // Everything is in tables: the copy needs no log, and must not miss the original's.
  state.log_durable = state.replay_from;
  const FileNumber manifest{state.next_file_number++};
  state.manifest = manifest;
  FIRN_ASSIGN_OR_RETURN(auto directory_handle, files.OpenDirectory(target));
  FIRN_ASSIGN_OR_RETURN(
      auto writer, ManifestWriter::Create(files, *directory_handle, target, manifest, state));
  return writer->Close();
}

}  // namespace

std::vector<std::shared_ptr<const TableReader>> TablesOf(const Version& version) {
  std::vector<std::shared_ptr<const TableReader>> tables;
  version.keyspaces.ForEach([&](KeyspaceId, const KeyspaceVersion& keyspace) {
    for (const auto& level : keyspace.tree->levels) {
      for (const auto& run : level) {
        tables.insert(tables.end(), run->tables.begin(), run->tables.end());
      }
    }
  });
  return tables;
}

Status CheckNothingThere(FileSystem& file_system, const std::string& directory,
                         const std::string& maker) {
  const Status listed =
      directory.empty() ? Status() : file_system.List(directory).status();
  if (listed.code() == StatusCode::kNotFound) return Status();
  if (!listed.ok()) return listed;
  return Status(StatusCode::kConflict, "'" + directory + "' exists already; " + maker +
                                           " makes its own directory");
}

Status WriteCheckpoint(FileSystem& file_system, const std::string& source,
                       const std::string& target, ManifestState state, PageCache cache) {
  FIRN_RETURN_IF_ERROR(CheckNothingThere(file_system, target, "a checkpoint"));
  FIRN_RETURN_IF_ERROR(file_system.CreateDirectory(target));
  Status status = FillCheckpoint(file_system, source, target, std::move(state), cache);
  if (status.ok()) {
    FIRN_ASSIGN_OR_RETURN(auto parent, file_system.OpenDirectory(ParentDirectory(target)));
    if (!BugIsOn(SeededBug::kCheckpointNameNotSynced)) status = parent->Sync();
  }
  if (!status.ok()) {
    const Status removed = RemoveStore(file_system, target);
    static_cast<void>(removed.ok());  // the first failure is the one to report
  }
  return status;
}

Status RemoveStore(FileSystem& file_system, const std::string& directory) {
  FIRN_ASSIGN_OR_RETURN(const std::vector<std::string> names, file_system.List(directory));
  const auto remove = [&](const std::string& name) {
    Status removed = file_system.Remove(directory + "/" + name);
    return removed.code() == StatusCode::kNotFound ? Status() : removed;
  };
  FIRN_RETURN_IF_ERROR(remove(std::string(kCurrentFileName)));
  {
    FIRN_ASSIGN_OR_RETURN(auto handle, file_system.OpenDirectory(directory));
    FIRN_RETURN_IF_ERROR(handle->Sync());
  }
  for (const std::string& name : names) {
    const auto file = ParseFileName(name);
    if (!file.has_value() || file->kind == FileKind::kLock) continue;
    FIRN_RETURN_IF_ERROR(remove(name));
  }
  FIRN_RETURN_IF_ERROR(remove(std::string(kLockFileName)));
  const Status emptied = file_system.RemoveDirectory(directory);
  static_cast<void>(emptied.ok());  // somebody else's files may be in it: they stay, and so does it
  return Status();
}

}  // namespace firn
