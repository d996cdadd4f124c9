// Steps: survey the damaged store; merge each keyspace's tables into one run of the new store;
// replay the log above it, as an open does; write the new store's manifest, which makes it one.
#include "firn/repair.h"

#include <algorithm>
#include <set>

#include "base/status_macros.h"
#include "db/checkpoint.h"
#include "db/log_replay.h"
#include "db/recovery.h"
#include "db/repair_log.h"
#include "db/repair_merge.h"
#include "db/repair_survey.h"

namespace firn {
namespace {

// Nothing that a rescue could do without may stop it.
Options WithoutDirectReads(Options options) {
  options.direct_reads = false;
  return options;
}

class Repair {
 public:
  Repair(const Runtime& runtime, const std::string& source, const std::string& target,
         const Options& options, const VerifyProgress& progress)
      : files_(*runtime.file_system),
        source_(runtime, source, WithoutDirectReads(options), TuningFor(options.memory_budget)),
        target_(runtime, target, WithoutDirectReads(options), TuningFor(options.memory_budget)),
        progress_(progress) {}

  Result<RepairReport> Run() {
    FIRN_RETURN_IF_ERROR(LockSource());
    FIRN_RETURN_IF_ERROR(CheckNothingThere(files_, target_.directory, "a repair"));
    FIRN_RETURN_IF_ERROR(MeasureSource());
    FIRN_ASSIGN_OR_RETURN(survey_, SurveyStore(source_, report_, [this](std::uint64_t bytes) {
                            Done(bytes);
                          }));
    FIRN_RETURN_IF_ERROR(files_.CreateDirectory(target_.directory));
    Status status = FillTarget();
    if (status.ok()) status = SyncParent();
    if (!status.ok()) {
      RemoveTarget();
      return status;
    }
    return std::move(report_);
  }

 private:
  // A store that was never open has no LOCK, and a damaged store is not written to.
  Status LockSource() {
    const std::string lock = source_.directory + "/" + std::string(kLockFileName);
    // Any other answer than that it is not there: a process may hold it.
    if (files_.FileSize(lock).status().code() == StatusCode::kNotFound) return Status();
    auto held = files_.Lock(lock);
    if (held.status().code() == StatusCode::kBusy) return held.status();
    if (held.ok()) source_.lock = std::move(held).value();
    return Status();
  }

  Status MeasureSource() {
    auto names = files_.List(source_.directory);
    if (!names.ok() && names.status().code() == StatusCode::kNotFound) {
      return Status(StatusCode::kNotFound, "'" + source_.directory + "' does not exist");
    }
    FIRN_RETURN_IF_ERROR(names.status());
    for (const std::string& name : *names) {
      const auto file = ParseFileName(name);
      if (!file || (file->kind != FileKind::kTable && file->kind != FileKind::kLog)) continue;
      const auto size = files_.FileSize(source_.directory + "/" + name);
      // Each is read twice: to see what there is, then to take it.
      if (size.ok()) bytes_expected_ += 2 * *size;
      if (size.ok() && file->kind == FileKind::kLog) log_bytes_ += *size;
    }
    return Status();
  }

  void Done(std::uint64_t bytes) {
    bytes_done_ = std::min(bytes_done_ + bytes, bytes_expected_);
    if (progress_) progress_(bytes_done_, bytes_expected_);
  }

  Status FillTarget() {
    FIRN_ASSIGN_OR_RETURN(target_.lock,
                          files_.Lock(target_.directory + "/" + std::string(kLockFileName)));
    FIRN_ASSIGN_OR_RETURN(target_.directory_handle, files_.OpenDirectory(target_.directory));
    Random& random = *target_.runtime.random;
    state_.database = DatabaseId{random.Next64(), random.Next64() | 1};
    state_.version = MakeEmptyVersion();
    target_.tables.database = state_.database;

    RepairLog log(files_, source_.directory, survey_, report_);
    log.Survey();
    Done(log_bytes_);
    FIRN_RETURN_IF_ERROR(CreateKeyspaces(log));
    VersionEdit edit;
    for (const auto& [id, keyspace] : survey_.keyspaces) {
      FIRN_RETURN_IF_ERROR(MergeKeyspace(id, keyspace, edit));
    }
    state_.next_run_id = next_run_id_;
    FIRN_RETURN_IF_ERROR(ApplyLog(log, edit));
    return WriteManifest(std::move(edit), std::max(survey_.last_sequence, log.last_sequence()));
  }

  Status CreateKeyspaces(const RepairLog& log) {
    for (const KeyspaceId id : log.keyspaces()) {
      // One below the next id that no manifest names was dropped.
      const bool dropped = survey_.has_manifest && id < survey_.next_keyspace_id;
      if (survey_.keyspaces.contains(id) || dropped) continue;
      const auto name = survey_.names.find(id);
      survey_.keyspaces[id].name = name != survey_.names.end() ? name->second
                                   : id == kDefaultKeyspace   ? std::string(kDefaultKeyspaceName)
                                                              : "keyspace-" + std::to_string(id);
    }
    MakeNamesUnique();
    VersionEdit edit;
    edit.next_keyspace_id = std::max<KeyspaceId>(survey_.next_keyspace_id, 1);
    for (const auto& [id, keyspace] : survey_.keyspaces) {
      edit.created.emplace_back(id, keyspace.name);
      edit.flushed.emplace_back(id, keyspace.flushed);
    }
    report_.keyspaces = std::max<std::size_t>(survey_.keyspaces.size(), 1);
    return ApplyToState(state_, edit, Maker());
  }

  // Names from different sources may meet; one of damaged origin gives way.
  void MakeNamesUnique() {
    constexpr std::size_t kRoomForSuffix = 32;
    std::set<std::string> taken;
    for (auto& [id, keyspace] : survey_.keyspaces) {
      if (taken.insert(keyspace.name).second) continue;
      keyspace.name.resize(std::min(keyspace.name.size(), kKeyspaceNameBytesMax - kRoomForSuffix));
      keyspace.name += "-salvaged-" + std::to_string(id);
      taken.insert(keyspace.name);
    }
  }

  Status MergeKeyspace(KeyspaceId id, const SurveyedKeyspace& keyspace, VersionEdit& edit) {
    FIRN_ASSIGN_OR_RETURN(MergeJobOutput output, WriteSalvaged(target_, id, keyspace));
    const RunId run{next_run_id_++};
    for (TableMetadata& metadata : output.tables) {
      edit.added.push_back(AddedTable{id, kLastLevel, run, std::move(metadata)});
    }
    std::uint64_t bytes = 0;
    for (const SurveyedTable& table : keyspace.tables) bytes += table.salvaged->file_bytes();
    Done(bytes);
    return Status();
  }

  Status ApplyLog(RepairLog& log, VersionEdit& edit) {
    LogReplay replay(target_, state_);
    FIRN_RETURN_IF_ERROR(
        log.Replay([&](const ReplayedRecord& record) { return replay.Apply(record); }));
    FIRN_RETURN_IF_ERROR(replay.Finish());
    Done(log_bytes_);
    VersionEdit& applied = replay.edit();
    edit.added.insert(edit.added.end(), applied.added.begin(), applied.added.end());
    edit.flushed = applied.flushed;
    edit.next_run_id = applied.next_run_id;
    return Status();
  }

  Status WriteManifest(VersionEdit edit, SequenceNumber last_sequence) {
    const FileNumber manifest = target_.NextFileNumber();
    edit.last_sequence = last_sequence;
    edit.incarnation = 1;
    edit.next_file_number = manifest.value + 1;
    FIRN_RETURN_IF_ERROR(ApplyToState(state_, edit, Maker()));
    state_.manifest = manifest;
    FIRN_ASSIGN_OR_RETURN(auto writer,
                          ManifestWriter::Create(files_, *target_.directory_handle,
                                                 target_.directory, manifest, state_));
    return writer->Close();
  }

  Status SyncParent() {
    FIRN_ASSIGN_OR_RETURN(auto parent, files_.OpenDirectory(ParentDirectory(target_.directory)));
    return parent->Sync();
  }

  void RemoveTarget() {
    target_.files.CloseAll();
    const Status removed = RemoveStore(files_, target_.directory);
    static_cast<void>(removed.ok());  // the first failure is the one to report
  }

  TableMaker Maker() {
    return [this](TableMetadata metadata) {
      return TableReader::Make(target_.tables, std::move(metadata));
    };
  }

  FileSystem& files_;
  StoreContext source_;
  StoreContext target_;
  const VerifyProgress& progress_;
  RepairReport report_;
  StoreSurvey survey_;
  ManifestState state_;  // of the new store
  std::uint64_t next_run_id_ = 1;
  std::uint64_t bytes_done_ = 0;
  std::uint64_t bytes_expected_ = 0;
  std::uint64_t log_bytes_ = 0;
};

}  // namespace

Result<RepairReport> RepairStore(const std::string& source, const std::string& target,
                                 const Options& options, const VerifyProgress& progress) {
  FIRN_RETURN_IF_ERROR(ValidateOptions(options));
  const Runtime& runtime = options.runtime != nullptr ? *options.runtime : Runtime::Posix();
  return Repair(runtime, source, target, options, progress).Run();
}

}  // namespace firn
