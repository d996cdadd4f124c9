#include "db/store_verifier.h"

#include "table/table_settings.h"

namespace firn {
namespace {

const std::string kRestore = "restore the file from a backup or repair the store";

// "path: what at offset n; advice" in its parts.
VerifyFinding Split(const std::string& path, const Status& status) {
  std::string what(status.message());
  if (what.starts_with(path + ": ")) what.erase(0, path.size() + 2);
  VerifyFinding finding;
  finding.advice = status.code() == StatusCode::kIo
                       ? "look at the device, then check the store again"
                       : kRestore;
  if (const std::size_t advice = what.find("; "); advice != std::string::npos) {
    finding.advice = what.substr(advice + 2);
    what.resize(advice);
  }
  if (const std::size_t offset = what.rfind(" at offset "); offset != std::string::npos) {
    what.resize(offset);
  }
  finding.what = std::move(what);
  return finding;
}

}  // namespace

Status VerifyReport::status() const {
  if (!stopped.ok()) return stopped;
  if (findings.empty()) return Status();
  const VerifyFinding& first = findings.front();
  std::string message = first.file;
  if (first.offset) message += " at offset " + std::to_string(*first.offset);
  message += ": " + first.what;
  if (findings.size() > 1) {
    message += " (and " + std::to_string(findings.size() - 1 + findings_more) + " more findings)";
  }
  return Status(StatusCode::kCorruption, message + "; " + first.advice);
}

void StoreVerifier::Report(VerifyFinding finding) {
  if (report_.findings.size() == VerifyReport::kFindingsMax) {
    ++report_.findings_more;
  } else {
    report_.findings.push_back(std::move(finding));
  }
}

void StoreVerifier::ReportStatus(const std::string& file, std::optional<std::uint64_t> offset,
                                 const Status& status) {
  VerifyFinding finding = Split(directory_ + "/" + file, status);
  finding.file = file;
  finding.offset = offset;
  Report(std::move(finding));
}

void StoreVerifier::Done(std::uint64_t bytes) {
  report_.bytes += bytes;
  if (progress_) progress_(report_.bytes, bytes_expected_);
}

bool StoreVerifier::Stopped() {
  if (report_.stopped.ok() && stop_ && stop_()) {
    Stop(Status(StatusCode::kClosed, "the store was closed"));
  }
  return !report_.stopped.ok();
}

void StoreVerifier::CheckVersion(const Version& version, const std::string& manifest,
                                 SequenceNumber last_sequence) {
  if (const Status status = CheckInvariants(version); !status.ok()) {
    ReportStatus(manifest, std::nullopt, status);
  }
  version.keyspaces.ForEach([&](KeyspaceId, const KeyspaceVersion& keyspace) {
    for (const auto& level : keyspace.tree->levels) {
      for (const auto& run : level) {
        for (const auto& table : run->tables) {
          if (table->metadata().sequence_max <= last_sequence) continue;
          Report({.file = TableFileName(table->metadata().number),
                  .what = "sequences up to " + std::to_string(table->metadata().sequence_max) +
                          ", but only " + std::to_string(last_sequence) + " were given out",
                  .advice = kRestore});
        }
      }
    }
  });
}

void StoreVerifier::CheckTable(const TableReader& table) {
  const TableMetadata& metadata = table.metadata();
  const std::string name = TableFileName(metadata.number);
  const Result<std::uint64_t> size = file_system_.FileSize(directory_ + "/" + name);
  if (!size.ok() && size.status().code() == StatusCode::kNotFound) {
    return Report({.file = name,
                   .what = "missing, but the manifest refers to it",
                   .advice = kRestore});
  }
  const std::uint64_t before = report_.bytes;
  std::uint64_t done = 0;
  const Status checked = table.Verify(
      [&](std::uint64_t bytes) {
        done = bytes;
        if (progress_) progress_(before + bytes, bytes_expected_);
      },
      [&](const TableReader::Finding& finding) {
        ReportStatus(name, finding.offset, finding.status);
      });
  static_cast<void>(checked.ok());  // the first of what was reported
  report_.bytes += done;
  report_.entries += metadata.entries;
}

void StoreVerifier::CheckTables(std::span<const std::shared_ptr<const TableReader>> tables) {
  for (const auto& table : tables) {
    if (Stopped()) return;
    CheckTable(*table);
    ++report_.tables;
  }
}

void StoreVerifier::NoteOrphans(std::span<const std::string> names,
                                const std::set<FileNumber>& live) {
  for (const std::string& name : names) {
    const auto file = ParseFileName(name);
    if (!file.has_value()) continue;
    const bool referable = file->kind == FileKind::kTable || file->kind == FileKind::kManifest ||
                           file->kind == FileKind::kTemporary;
    if (referable && !live.contains(file->number)) report_.orphan_files.push_back(name);
  }
}

}  // namespace firn
