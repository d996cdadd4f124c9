// The check of a store that nobody has open: what an open would look at, and all the tables, but
// nothing is written.

#include <algorithm>

#include "base/status_macros.h"
#include "db/checkpoint.h"
#include "db/recovery.h"
#include "db/repair_survey.h"
#include "db/store_verifier.h"
#include "format/batch.h"
#include "table/table_settings.h"
#include "wal/log_reader.h"
#include "wal/log_salvage.h"

namespace firn {
namespace {

const std::string kRepair = "repair the store into a new directory";

class OfflineCheck {
 public:
  OfflineCheck(const Runtime& runtime, const std::string& directory, const Options& options,
               const VerifyProgress& progress)
      : files_(*runtime.file_system),
        context_(runtime, directory, options, TuningFor(options.memory_budget)),
        verifier_(files_, directory, progress, nullptr) {}

  VerifyReport Run() {
    if (const Status found = FindStore(); !found.ok()) {
      verifier_.Stop(found);
    } else if (const auto state = ReadState(); state.has_value()) {
      Check(*state);
    } else if (verifier_.report().stopped.ok()) {
      CheckWithoutManifest();
    }
    return std::move(verifier_.report());
  }

 private:
  Status FindStore() {
    auto names = files_.List(context_.directory);
    if (names.ok()) {
      for (const std::string& name : *names) {
        const auto file = ParseFileName(name);
        if (file && file->kind != FileKind::kLock) names_.push_back(name);
      }
    }
    if (names_.empty()) {
      return Status(StatusCode::kNotFound, context_.directory + " holds no store");
    }
    FIRN_RETURN_IF_ERROR(CheckDirectReads(files_, context_.options,
                                          context_.directory + "/" + names_.front()));
    const std::string lock = context_.directory + "/" + std::string(kLockFileName);
    if (!files_.FileSize(lock).ok()) return Status();
    auto held = files_.Lock(lock);
    if (held.status().code() == StatusCode::kBusy) return held.status();
    if (held.ok()) context_.lock = std::move(held).value();
    return Status();
  }

  std::optional<ManifestState> ReadState() {
    auto state = ReadManifest(files_, context_.directory, [this](const DatabaseId& database) {
      context_.tables.database = database;
      return TableMaker([this](TableMetadata metadata) {
        return TableReader::Make(context_.tables, std::move(metadata));
      });
    });
    if (state.ok()) return std::move(state).value();
    if (state.status().code() == StatusCode::kNotSupported) {
      verifier_.Stop(state.status());
    } else if (state.status().code() == StatusCode::kNotFound) {
      verifier_.Report({.file = std::string(kCurrentFileName),
                        .what = "missing, although there are files of a store",
                        .advice = kRepair});
    } else {
      // The message begins with the name of the file.
      const std::string message(state.status().message());
      const std::string file = message.substr(0, message.find_first_of(":, "));
      verifier_.ReportStatus(file, std::nullopt, state.status());
    }
    return std::nullopt;
  }

  void Check(const ManifestState& state) {
    const auto tables = TablesOf(*state.version);
    for (const auto& table : tables) verifier_.Expect(table->metadata().file_bytes);
    std::uint64_t log_bytes = 0;
    std::vector<FileNumber> segments;
    for (const std::string& name : names_) {
      const StoreFile file = *ParseFileName(name);
      if (file.kind != FileKind::kLog) continue;
      segments.push_back(file.number);
      const auto size = files_.FileSize(context_.directory + "/" + name);
      if (size.ok()) log_bytes += *size;
    }
    verifier_.Expect(log_bytes);
    verifier_.CheckVersion(*state.version, ManifestFileName(state.manifest), state.last_sequence);
    CheckLog(state, segments);
    verifier_.Done(log_bytes);
    verifier_.CheckTables(tables);
    std::set<FileNumber> live{state.manifest};
    for (const auto& table : tables) live.insert(table->metadata().number);
    verifier_.NoteOrphans(names_, live);
  }

  // As an open replays it, without the effects.
  void CheckLog(const ManifestState& state, const std::vector<FileNumber>& segments) {
    LogReplayInput input;
    input.directory = context_.directory;
    input.database = state.database;
    input.replay_from = state.replay_from;
    input.durable_at_least = state.log_durable;
    input.incarnation = state.incarnation;
    input.segments = segments;
    const auto replayed = ReplayLog(files_, input, [](const ReplayedRecord& record) {
      BatchReader reader(record.payload);
      BatchOperation operation;
      std::uint64_t operations = 0;
      while (reader.Next(&operation)) ++operations;
      const bool sound = reader.status().ok() && operations == record.count;
      return sound ? Status()
                   : Status(StatusCode::kCorruption, "the log record at position " +
                                                         std::to_string(record.begin) +
                                                         " is no batch; " + kRepair);
    });
    if (replayed.ok()) {
      verifier_.report().log_records = replayed->records;
      verifier_.report().log_bytes_dropped = replayed->bytes_dropped;
    } else if (replayed.status().code() == StatusCode::kNotSupported) {
      verifier_.Stop(replayed.status());
    } else {
      // The segment it names first is the one where the replay could not go on.
      std::string file;
      for (const FileNumber number : segments) {
        const std::string name = SegmentFileName(number);
        if (file.empty() && replayed.status().message().find(name) != Slice::npos) file = name;
      }
      verifier_.ReportStatus(file, std::nullopt, replayed.status());
      for (const FileNumber number : segments) ListDamage(state, number);
    }
  }

  // The replay stops at the first damage; the rest of it, record by record.
  void ListDamage(const ManifestState& state, FileNumber number) {
    const std::string name = SegmentFileName(number);
    const std::string path = context_.directory + "/" + name;
    SegmentWindow window(std::size_t{256} << 10);
    std::uint64_t records = 0;
    Status status = window.Open(files_, path);
    if (status.ok()) {
      status = ScanSegment(window, kSegmentHeaderBytes, window.file_bytes(),
                           {state.database, number}, [&](const LogPiece& piece) {
                             if (piece.valid) ++records;
                             if (piece.valid) return Status();
                             verifier_.Report({.file = name,
                                               .offset = piece.offset,
                                               .what = "damaged record",
                                               .advice = kRepair});
                             return Status();
                           });
    }
    if (!status.ok()) return verifier_.ReportStatus(name, std::nullopt, status);
    const auto summary = InspectSegment(files_, path, state.database, number);
    if (records == 0 || (summary.ok() && summary->header_intact && summary->chain)) return;
    verifier_.Report({.file = name,
                      .offset = 0,
                      .what = "the segment's header or chain record is damaged",
                      .advice = kRepair});
  }

  // Every table is held against what it says of itself.
  void CheckWithoutManifest() {
    for (const std::string& name : names_) {
      if (ParseFileName(name)->kind != FileKind::kTable) continue;
      const auto size = files_.FileSize(context_.directory + "/" + name);
      if (size.ok()) verifier_.Expect(*size);
    }
    RepairReport salvage;
    const auto survey = SurveyStore(context_, salvage,
                                    [this](std::uint64_t bytes) { verifier_.Done(bytes); });
    if (!survey.ok()) return verifier_.Stop(survey.status());
    for (const RepairLoss& loss : salvage.losses) {
      const auto file = ParseFileName(loss.file);
      if (!file || file->kind != FileKind::kTable) continue;
      verifier_.Report(
          {.file = loss.file, .offset = loss.offset, .what = loss.what, .advice = kRepair});
    }
    verifier_.report().tables = salvage.tables;
    verifier_.report().entries = salvage.entries_read;
  }

  FileSystem& files_;
  StoreContext context_;
  StoreVerifier verifier_;
  std::vector<std::string> names_;
};

}  // namespace

VerifyReport VerifyStore(const std::string& directory, const Options& options,
                         const VerifyProgress& progress) {
  VerifyReport refused;
  refused.stopped = ValidateOptions(options);
  if (!refused.stopped.ok()) return refused;
  const Runtime& runtime = options.runtime != nullptr ? *options.runtime : Runtime::Posix();
  return OfflineCheck(runtime, directory, options, progress).Run();
}

}  // namespace firn
