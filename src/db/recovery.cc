#include "db/recovery.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "db/checkpoint.h"
#include "db/file_names.h"
#include "db/log_replay.h"
#include "table/table_settings.h"

namespace firn {
namespace {

struct FoundFile {
  StoreFile file;
  std::string path;
};

Status PrepareDirectory(StoreContext& context) {
  FileSystem& files = *context.runtime.file_system;
  const std::string& directory = context.directory;
  FIRN_ASSIGN_OR_RETURN(const bool exists, StoreExists(files, directory));
  if (exists && context.options.error_if_exists) {
    return Status(StatusCode::kConflict, directory + " holds a store already");
  }
  if (!exists && !context.options.create_if_missing) {
    return Status(StatusCode::kNotFound,
                  directory + " holds no store; set Options::create_if_missing to make one");
  }
  if (!exists) {
    FIRN_RETURN_IF_ERROR(files.CreateDirectory(directory));
    FIRN_ASSIGN_OR_RETURN(auto parent, files.OpenDirectory(ParentDirectory(directory)));
    const bool synced = !BugIsOn(SeededBug::kStoreNameNotSynced);
    if (synced) FIRN_RETURN_IF_ERROR(parent->Sync());  // rule D3
  }
  const std::string lock = directory + "/" + std::string(kLockFileName);
  FIRN_ASSIGN_OR_RETURN(context.lock, files.Lock(lock));
  FIRN_RETURN_IF_ERROR(CheckDirectReads(files, context.options, lock));
  FIRN_ASSIGN_OR_RETURN(context.directory_handle, files.OpenDirectory(directory));
  return Status();
}

Result<std::vector<FoundFile>> FindFiles(StoreContext& context) {
  FIRN_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        context.runtime.file_system->List(context.directory));
  std::vector<FoundFile> found;
  for (const std::string& name : names) {
    if (const auto file = ParseFileName(name)) {
      found.push_back(FoundFile{*file, context.directory + "/" + name});
    }
  }
  return found;
}

// Without CURRENT nothing may be overwritten that could be somebody's data: an interrupted creation
// leaves no table and no log record.
Status CheckNothingIsLost(FileSystem& files, const std::vector<FoundFile>& found) {
  for (const FoundFile& each : found) {
    bool data = each.file.kind == FileKind::kTable;
    if (each.file.kind == FileKind::kLog) {
      // An unused segment is zero where its first batch would begin.
      char header[kRecordHeaderBytes];
      FIRN_ASSIGN_OR_RETURN(auto file, files.OpenFile(each.path));
      FIRN_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
      constexpr std::uint64_t kFirstBatch = kSegmentHeaderBytes + kChainRecordBytes;
      if (size >= kFirstBatch + sizeof(header)) {
        FIRN_RETURN_IF_ERROR(file->ReadAt(kFirstBatch, header));
        data = std::any_of(std::begin(header), std::end(header), [](char c) { return c != 0; });
      }
    }
    if (data) {
      return Status(StatusCode::kCorruption,
                    each.path + " holds data but CURRENT is missing: restore CURRENT, or repair "
                                "into a new directory");
    }
  }
  return Status();
}

DatabaseId NewDatabaseId(Random& random) {
  return DatabaseId{random.Next64(), random.Next64() | 1};  // never all zero
}

Result<ManifestState> ReadOrStartState(StoreContext& context,
                                       const std::vector<FoundFile>& found) {
  FileSystem& files = *context.runtime.file_system;
  FIRN_ASSIGN_OR_RETURN(const bool exists, StoreExists(files, context.directory));
  if (!exists) {
    FIRN_RETURN_IF_ERROR(CheckNothingIsLost(files, found));
    // The empty logs of an interrupted creation have an id of their own. They go before there is a
    // CURRENT: beside one they would be segments of another store, which open refuses.
    for (const FoundFile& each : found) {
      if (each.file.kind == FileKind::kLog) FIRN_RETURN_IF_ERROR(files.Remove(each.path));
    }
    ManifestState state;
    state.database = NewDatabaseId(*context.runtime.random);
    state.version = MakeEmptyVersion();
    context.tables.database = state.database;
    return state;
  }
  return ReadManifest(files, context.directory, [&](const DatabaseId& database) -> TableMaker {
    context.tables.database = database;
    return [&context](TableMetadata metadata) {
      return TableReader::Make(context.tables, std::move(metadata));
    };
  });
}

// Every table the version names must be there in its full size: a missing file is found at open,
// not by the read that needs it.
Status CheckTablesExist(const ManifestState& state, const std::vector<FoundFile>& found,
                        FileSystem& files, const std::string& directory) {
  std::set<FileNumber> present;
  for (const FoundFile& each : found) {
    if (each.file.kind == FileKind::kTable) present.insert(each.file.number);
  }
  for (const auto& table : TablesOf(*state.version)) {
    const TableMetadata& metadata = table->metadata();
    const std::string path = directory + "/" + TableFileName(metadata.number);
    if (!present.contains(metadata.number)) {
      return Status(StatusCode::kCorruption,
                    path + " is missing but the manifest refers to it: restore it, or repair into "
                           "a new directory");
    }
    FIRN_ASSIGN_OR_RETURN(const std::uint64_t size, files.FileSize(path));
    if (size != metadata.file_bytes) {
      return Status(StatusCode::kCorruption,
                    path + " has " + std::to_string(size) + " bytes, the manifest says " +
                        std::to_string(metadata.file_bytes));
    }
  }
  return Status();
}

Result<LogReplayResult> Replay(StoreContext& context, const std::vector<FoundFile>& found,
                               ManifestState& state) {
  LogReplayInput input;
  input.directory = context.directory;
  input.database = state.database;
  input.replay_from = state.replay_from;
  input.durable_at_least = state.log_durable;
  input.incarnation = state.incarnation;
  for (const FoundFile& each : found) {
    // Logs of an interrupted creation are empty and of another id: not this store's.
    if (each.file.kind == FileKind::kLog && state.incarnation > 0) {
      input.segments.push_back(each.file.number);
    }
  }
  LogReplay replay(context, state);
  const Result<LogReplayResult> read =
      ReplayLog(*context.runtime.file_system, input,
                [&](const ReplayedRecord& record) { return replay.Apply(record); });
  FIRN_RETURN_IF_ERROR(read.ok() ? replay.Finish() : replay.FinishWriting());
  FIRN_ASSIGN_OR_RETURN(const LogReplayResult result, read);

  VersionEdit& edit = replay.edit();
  edit.last_sequence = std::max(state.last_sequence, result.last_sequence);
  edit.replay_from = result.end;
  edit.log_durable = result.end;
  edit.incarnation = state.incarnation + 1;
  edit.next_file_number = context.next_file_number.load();
  FIRN_RETURN_IF_ERROR(ApplyToState(state, edit, [&context](TableMetadata metadata) {
    return TableReader::Make(context.tables, std::move(metadata));
  }));
  return result;
}

Result<std::unique_ptr<LogWriter>> CreateLog(StoreContext& context, const ManifestState& state) {
  LogWriterSettings settings;
  settings.directory = context.directory;
  settings.database = state.database;
  settings.incarnation = state.incarnation;
  settings.segment_bytes = context.tuning.log_segment_bytes;
  settings.recycled_max = context.tuning.log_recycled_max;
  settings.window_bytes = context.tuning.log_window_bytes;
  settings.backend = context.options.log_backend == LogBackend::kMapped
                         ? SegmentBackend::kMapped
                         : SegmentBackend::kPositioned;
  settings.start = state.replay_from;
  return LogWriter::Create(context.runtime, *context.directory_handle, context.ledger,
                           [&context] { return context.NextFileNumber(); }, settings);
}

// What was found and `state` does not need.
std::vector<ObsoleteFile> ObsoleteOf(const std::vector<FoundFile>& found,
                                     const ManifestState& state) {
  std::set<FileNumber> live;
  for (const auto& table : TablesOf(*state.version)) live.insert(table->metadata().number);
  std::vector<ObsoleteFile> obsolete;
  for (const FoundFile& each : found) {
    if (each.file.kind == FileKind::kCurrent || each.file.kind == FileKind::kLock) continue;
    if (each.file.kind == FileKind::kTable && live.contains(each.file.number)) continue;
    obsolete.push_back({each.file.number, each.path});
  }
  return obsolete;
}

}  // namespace

Status CheckDirectReads(FileSystem& file_system, const Options& options,
                        const std::string& file) {
  if (!options.direct_reads) return Status();
  const Status opened = file_system.OpenFile(file, PageCache::kBypass).status();
  if (opened.code() != StatusCode::kNotSupported) return opened;
  return Status(StatusCode::kNotSupported,
                std::string(opened.message()) +
                    "; set Options::direct_reads to false, or move the store to a disk");
}

std::string ParentDirectory(const std::string& directory) {
  const std::size_t last = directory.find_last_not_of('/');
  const std::size_t slash =
      last == std::string::npos ? std::string::npos : directory.find_last_of('/', last);
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : directory.substr(0, slash);
}

Result<bool> StoreExists(FileSystem& file_system, const std::string& directory) {
  const auto size = file_system.FileSize(directory + "/" + std::string(kCurrentFileName));
  if (size.ok()) return true;
  if (size.status().code() == StatusCode::kNotFound) return false;
  return size.status();
}

Result<RecoveredStore> RecoverStore(StoreContext& context) {
  FIRN_RETURN_IF_ERROR(PrepareDirectory(context));
  FIRN_ASSIGN_OR_RETURN(const std::vector<FoundFile> found, FindFiles(context));
  RecoveredStore store;
  FIRN_ASSIGN_OR_RETURN(store.state, ReadOrStartState(context, found));
  std::uint64_t next_file = store.state.next_file_number;
  for (const FoundFile& each : found) {
    if (BugIsOn(SeededBug::kFileNumberReused)) break;
    next_file = std::max(next_file, each.file.number.value + 1);
  }
  context.next_file_number.store(next_file);
  FIRN_RETURN_IF_ERROR(CheckTablesExist(store.state, found, *context.runtime.file_system,
                                        context.directory));

  FIRN_ASSIGN_OR_RETURN(store.replay, Replay(context, found, store.state));
  FIRN_ASSIGN_OR_RETURN(store.log, CreateLog(context, store.state));
  const FileNumber manifest = context.NextFileNumber();
  store.state.manifest = manifest;
  store.state.next_file_number = context.next_file_number.load();
  store.obsolete = ObsoleteOf(found, store.state);
  if (BugIsOn(SeededBug::kOldFilesRemovedBeforeManifest)) {
    for (const ObsoleteFile& file : store.obsolete) {
      static_cast<void>(RemoveObsoleteFile(*context.runtime.file_system, file));
    }
  }
  FIRN_ASSIGN_OR_RETURN(
      store.manifest,
      ManifestWriter::Create(*context.runtime.file_system, *context.directory_handle,
                             context.directory, manifest, store.state));
  store.last_sequence = store.state.last_sequence;
  return store;
}

}  // namespace firn
