#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "format/record.h"
#include "version/manifest.h"

namespace firn {
namespace {

static_assert(kEditBytesMax <= kRecordPayloadBytesMax);

std::string Join(const std::string& directory, Slice name) {
  return directory + "/" + std::string(name);
}

Status WriteAndSync(WritableFile& file, Slice bytes) {
  FIRN_RETURN_IF_ERROR(file.Append(bytes));
  return file.SyncData();
}

Status WriteWhole(FileSystem& file_system, const std::string& path, Slice bytes) {
  FIRN_ASSIGN_OR_RETURN(auto file, file_system.CreateFile(path));
  if (BugIsOn(SeededBug::kCurrentNotSynced)) return file->Append(bytes);
  FIRN_RETURN_IF_ERROR(WriteAndSync(*file, bytes));
  return file->Close();
}

// Steps 3-5 of rule M4. The manifest and its name are durable already (D2).
Status SwitchCurrent(FileSystem& file_system, DirectoryHandle& directory_handle,
                     const std::string& directory, const CurrentPointer& current) {
  const std::string content = EncodeCurrent(current);
  const std::string temporary = Join(directory, CurrentTemporaryName(current.manifest));
  const std::string path = Join(directory, kCurrentFileName);
  FIRN_RETURN_IF_ERROR(WriteWhole(file_system, temporary, content));
  if (Status renamed = file_system.Rename(temporary, path); !renamed.ok()) {
    // M5: the rename may have happened all the same.
    const Result<std::string> now = file_system.ReadFile(path, kCurrentBytesMax);
    if (!now.ok() || *now != content) return renamed;
  }
  return BugIsOn(SeededBug::kCurrentRenameNotSynced) ? Status() : directory_handle.Sync();
}

}  // namespace

class ManifestWriter::Key {};

ManifestWriter::ManifestWriter(const Key& /*key*/, std::unique_ptr<WritableFile> file,
                               const ManifestState& state, FileNumber number,
                               const ManifestLimits& limits)
    : file_(std::move(file)),
      database_(state.database),
      number_(number),
      incarnation_(state.incarnation),
      limits_(limits) {}

Result<std::unique_ptr<ManifestWriter>> ManifestWriter::Create(FileSystem& file_system,
                                                               DirectoryHandle& directory_handle,
                                                               const std::string& directory,
                                                               FileNumber number,
                                                               const ManifestState& state,
                                                               const ManifestLimits& limits) {
  FIRN_CHECK(number.value != 0);
  FIRN_CHECK(state.version != nullptr);
  ManifestState durable = state;
  durable.manifest = number;
  durable.next_file_number = std::max(durable.next_file_number, number.value + 1);

  FIRN_ASSIGN_OR_RETURN(auto file,
                        file_system.CreateFile(Join(directory, ManifestFileName(number))));
  auto writer = std::make_unique<ManifestWriter>(Key{}, std::move(file), durable, number, limits);
  std::string bytes = EncodeManifestHeader({.must_understand = 0,
                                            .may_ignore = 0,
                                            .database = durable.database,
                                            .number = number,
                                            .incarnation = durable.incarnation});
  writer->bytes_ = bytes.size();
  const std::string snapshot = writer->EncodeNext(SnapshotEdit(durable));
  if (snapshot.empty()) {
    return Status(StatusCode::kNotSupported,
                  ManifestFileName(number) +
                      ": the store has too many tables for one snapshot edit of " +
                      std::to_string(limits.edit_bytes_max) + " bytes; use larger tables");
  }
  bytes += snapshot;
  FIRN_RETURN_IF_ERROR(BugIsOn(SeededBug::kManifestNotSynced)
                           ? writer->file_->Append(bytes)
                           : WriteAndSync(*writer->file_, bytes));
  writer->bytes_ = bytes.size();
  writer->edits_ = 1;
  if (!BugIsOn(SeededBug::kManifestNameNotSynced)) FIRN_RETURN_IF_ERROR(directory_handle.Sync());
  FIRN_RETURN_IF_ERROR(
      SwitchCurrent(file_system, directory_handle, directory, {number, durable.database}));
  return writer;
}

// The next record; empty when the edit exceeds its cap.
std::string ManifestWriter::EncodeNext(const VersionEdit& edit) const {
  std::string payload;
  edit.EncodeTo(payload);
#if defined(FIRN_CHECKED)
  const Result<VersionEdit> decoded = VersionEdit::Decode(payload);
  FIRN_CHECK(decoded.ok());
  FIRN_CHECK(*decoded == edit);
#endif
  if (payload.size() > limits_.edit_bytes_max) return {};
  RecordHeader header;
  header.type = kEditRecordType;
  header.first_sequence = edits_ + 1;
  header.incarnation = incarnation_;
  // Every edit is synced before the next one is written, and the header comes with the first.
  header.durable_position = edits_ == 0 ? 0 : bytes_;
  std::string record(RecordBytes(payload.size()), '\0');
  const std::array<Slice, 1> parts = {payload};
  EncodeRecord(record.data(), bytes_, {database_, number_}, header, parts);
  return record;
}

Status ManifestWriter::Append(const VersionEdit& edit) {
  if (dead_) {
    return Status(StatusCode::kClosed, ManifestFileName(number_) +
                                           " takes no more edits after a failure or Close; "
                                           "start a new manifest");
  }
  const std::string record = EncodeNext(edit);
  if (record.empty() || record.size() > limits_.manifest_bytes_max - bytes_) {
    return Status(StatusCode::kNoSpace,
                  ManifestFileName(number_) + " is full; start a new manifest");
  }
  // E1: until both steps are through, what the file holds is unknown.
  dead_ = !BugIsOn(SeededBug::kManifestAppendsAfterFailure);
  FIRN_RETURN_IF_ERROR(WriteAndSync(*file_, record));
  dead_ = false;
  bytes_ += record.size();
  ++edits_;
  return {};
}

Status ManifestWriter::Close() {
  FIRN_CHECK(file_ != nullptr);
  dead_ = true;
  const std::unique_ptr<WritableFile> file = std::move(file_);
  return file->Close();
}

}  // namespace firn
