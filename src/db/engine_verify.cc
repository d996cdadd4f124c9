// The check of a store in use. Files come and go meanwhile: tables are held by their readers, the
// manifest stands still under the install mutex, and what is found in a segment counts only if the
// segment is still in use afterwards.

#include <algorithm>

#include "base/status_macros.h"
#include "db/checkpoint.h"
#include "db/engine.h"
#include "db/store_verifier.h"
#include "wal/log_salvage.h"

namespace firn {
namespace {

// How much of a segment is known durable, as a position.
LogPosition DurableEnd(const LogWriter::SegmentInfo& segment, LogPosition durable) {
  return std::max(segment.start, std::min(segment.end, durable));
}

void CheckSegment(StoreVerifier& verifier, const LogWriter& log, const DatabaseId& database,
                  const LogWriter::SegmentInfo& segment, LogPosition durable) {
  const std::string name = SegmentFileName(segment.number);
  const LogPosition upto = DurableEnd(segment, durable);
  if (upto == segment.start) return;
  std::vector<std::pair<std::uint64_t, std::string>> found;
  const Status status = VerifySegment(
      verifier.file_system(),
      {verifier.directory() + "/" + name, database, segment.number, segment.start, upto},
      [&](std::uint64_t offset, const std::string& what) { found.emplace_back(offset, what); });
  verifier.Done(upto - segment.start);
  // Flushed meanwhile, the file may be gone, or rewritten as another segment.
  const auto now = log.segments();
  if (std::none_of(now.begin(), now.end(),
                   [&](const auto& each) { return each.number == segment.number; })) {
    return;
  }
  if (!status.ok()) verifier.ReportStatus(name, std::nullopt, status);
  for (auto& [offset, what] : found) {
    verifier.Report({.file = name,
                     .offset = offset,
                     .what = std::move(what),
                     .advice = "flush the store now: the tables then have what the log has lost"});
  }
}

// Reads CURRENT and the manifest back and compares them with what the store believes.
void CheckManifest(StoreVerifier& verifier, const ManifestState& state,
                   const TableContext& tables) {
  const Result<ManifestState> read = ReadManifest(
      verifier.file_system(), verifier.directory(), [&](const DatabaseId&) -> TableMaker {
        return [&](TableMetadata metadata) {
          return TableReader::Make(tables, std::move(metadata));
        };
      });
  const std::string name = ManifestFileName(state.manifest);
  if (!read.ok()) {
    const bool pointer = read.status().message().starts_with(kCurrentFileName);
    return verifier.ReportStatus(pointer ? std::string(kCurrentFileName) : name, std::nullopt,
                                 read.status());
  }
  const auto encoded = [](const ManifestState& each) {
    std::string bytes;
    SnapshotEdit(each).EncodeTo(bytes);
    return bytes;
  };
  ManifestState expected = state;
  // A manifest begun anew reserves numbers that the state learns of with the next edit.
  expected.next_file_number = std::max(state.next_file_number, read->next_file_number);
  if (read->manifest != state.manifest || encoded(*read) != encoded(expected)) {
    verifier.Report({.file = name,
                     .what = "it does not say what the store wrote: its last edits are damaged",
                     .advice = "make a checkpoint of the open store: closing would lose them"});
  }
}

}  // namespace

// No edit is installed meanwhile, so a table that no version names belongs to a job or to a reader.
void Engine::NoteOrphans(StoreVerifier& verifier) const {
  versions_->Hold([&](const ManifestState& state, bool settled) {
    const auto jobs_run = [&] {
      MutexLock lock(state_.mutex);
      return state_.flushes_running + state_.compactions_running > 0;
    };
    // While jobs run, their unfinished tables look like orphans: only a quiet moment tells.
    if (!settled || jobs_run()) return;
    // Before the names are read: what is removed after that was awaited now.
    std::set<FileNumber> live = versions_->remover()->Awaited();
    live.merge(obsolete_files_->Awaited());
    live.insert(state.manifest);
    for (const auto& table : TablesOf(*state.version)) live.insert(table->metadata().number);
    const auto names = context_.runtime.file_system->List(context_.directory);
    if (!names.ok()) return verifier.Stop(names.status());
    if (!jobs_run()) verifier.NoteOrphans(*names, live);
  });
}

VerifyReport Engine::Verify(const VerifyProgress& progress) const {
  StoreVerifier verifier(*context_.runtime.file_system, context_.directory, progress,
                         [this] { return closed(); });
  if (verifier.Stopped()) return std::move(verifier.report());

  const LogWriter& log = pipeline_->log();
  const std::vector<LogWriter::SegmentInfo> segments = log.segments();
  const LogPosition durable = log.durable();
  std::vector<std::shared_ptr<const TableReader>> tables;
  versions_->Hold([&](const ManifestState& state, bool settled) {
    tables = TablesOf(*state.version);
    if (settled) CheckManifest(verifier, state, context_.tables);
    verifier.CheckVersion(*state.version, ManifestFileName(state.manifest), state.last_sequence);
  });
  for (const auto& table : tables) verifier.Expect(table->metadata().file_bytes);
  for (const auto& segment : segments) {
    verifier.Expect(DurableEnd(segment, durable) - segment.start);
  }
  for (const auto& segment : segments) {
    if (verifier.Stopped()) break;
    CheckSegment(verifier, log, context_.tables.database, segment, durable);
  }
  verifier.CheckTables(tables);
  if (verifier.Stopped()) return std::move(verifier.report());

  NoteOrphans(verifier);
  return std::move(verifier.report());
}

}  // namespace firn
