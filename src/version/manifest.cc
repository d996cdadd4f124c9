#include "version/manifest.h"

#include <algorithm>

#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "format/record.h"
#include "version/version_builder.h"

namespace firn {
namespace {

Status Damaged(FileNumber manifest, std::uint64_t offset, const std::string& what) {
  return Status(StatusCode::kCorruption, ManifestFileName(manifest) + ", offset " +
                                             std::to_string(offset) + ": " + what +
                                             "; restore the file from a backup or run repair");
}

Status Located(const Status& status, FileNumber manifest, std::uint64_t offset) {
  return Status(status.code(), ManifestFileName(manifest) + ", offset " + std::to_string(offset) +
                                   ": " + std::string(status.message()));
}

template <typename T>
Status Advance(T& value, const std::optional<T>& next, const char* name) {
  if (!next.has_value()) return {};
  if (*next < value) {
    return Status(StatusCode::kCorruption, std::string("version edit takes ") + name +
                                               " back from " + std::to_string(value) + " to " +
                                               std::to_string(*next));
  }
  value = *next;
  return {};
}

// Everything but the version.
Status ApplyNumbers(ManifestState& state, const VersionEdit& edit) {
  FIRN_RETURN_IF_ERROR(Advance(state.next_file_number, edit.next_file_number, "next file number"));
  FIRN_RETURN_IF_ERROR(Advance(state.next_run_id, edit.next_run_id, "next run id"));
  FIRN_RETURN_IF_ERROR(Advance(state.next_keyspace_id, edit.next_keyspace_id, "next keyspace id"));
  FIRN_RETURN_IF_ERROR(Advance(state.last_sequence, edit.last_sequence, "last sequence"));
  FIRN_RETURN_IF_ERROR(Advance(state.replay_from, edit.replay_from, "replay position"));
  FIRN_RETURN_IF_ERROR(Advance(state.log_durable, edit.log_durable, "durable log position"));
  FIRN_RETURN_IF_ERROR(Advance(state.incarnation, edit.incarnation, "incarnation"));
  for (const AddedTable& added : edit.added) {
    state.next_file_number = std::max(state.next_file_number, added.metadata.number.value + 1);
    state.next_run_id = std::max(state.next_run_id, added.run.value + 1);
    state.last_sequence = std::max(state.last_sequence, added.metadata.sequence_max);
  }
  for (const auto& [id, name] : edit.created) {
    state.next_keyspace_id = std::max(state.next_keyspace_id, id + 1);
  }
  for (const auto& [id, sequence] : edit.flushed) {
    state.last_sequence = std::max(state.last_sequence, sequence);
  }
  return {};
}

// True when a record that could follow edit `last_edit` stands anywhere behind `offset`: then what
// stands at `offset` was synced before it was written, and cannot be a torn tail.
bool RecordFollows(Slice file, std::uint64_t offset, const RecordSalt& salt,
                   std::uint64_t last_edit) {
  for (std::uint64_t at = offset + kRecordAlignment; at + kRecordHeaderBytes <= file.size();
       at += kRecordAlignment) {
    const ParsedRecord record = ParseRecord(file, at, salt);
    if (record.state != RecordState::kValid) continue;
    if (record.header.first_sequence > last_edit || record.header.durable_position > offset) {
      return true;
    }
  }
  return false;
}

class ManifestReader {
 public:
  ManifestReader(Slice file, const ManifestHeader& header)
      : file_(file), header_(header), salt_{header.database, header.number}, builder_(Version{}) {
    state_.database = header.database;
    state_.manifest = header.number;
    state_.incarnation = header.incarnation;
    state_.next_file_number = header.number.value + 1;
  }

  Result<ManifestState> Read(const TableMaker& make_table) {
    while (offset_ < file_.size()) {
      const ParsedRecord record = ParseRecord(file_, offset_, salt_);
      if (record.state != RecordState::kValid) {
        FIRN_RETURN_IF_ERROR(CheckTornTail());
        break;
      }
      FIRN_RETURN_IF_ERROR(CheckHeader(record.header));
      FIRN_RETURN_IF_ERROR(ApplyRecord(record.payload));
      ++edits_;
      offset_ += record.bytes;
    }
    if (edits_ == 0) return Damaged(header_.number, offset_, "there is no snapshot edit");
    FIRN_ASSIGN_OR_RETURN(state_.version, Finish(make_table));
    return std::move(state_);
  }

 private:
  // M7. The snapshot was synced before CURRENT named the file, so it can never be torn.
  [[nodiscard]] Status CheckTornTail() const {
    if (edits_ == 0) return Damaged(header_.number, offset_, "the snapshot edit is damaged");
    if (!BugIsOn(SeededBug::kDurableEditTakenForTorn) &&
        RecordFollows(file_, offset_, salt_, edits_)) {
      return Damaged(header_.number, offset_,
                     "edit " + std::to_string(edits_ + 1) + " is damaged but was made durable");
    }
    return {};
  }

  [[nodiscard]] Status CheckHeader(const RecordHeader& header) const {
    if (header.type != kEditRecordType) {
      return Status(StatusCode::kNotSupported, ManifestFileName(header_.number) + ", offset " +
                                                   std::to_string(offset_) + ": record type " +
                                                   std::to_string(header.type) +
                                                   " was written by a newer firn; open with that");
    }
    const std::uint64_t durable = edits_ == 0 ? 0 : offset_;
    if (header.first_sequence != edits_ + 1 || header.count != 0 ||
        header.incarnation != header_.incarnation || header.durable_position != durable) {
      return Damaged(header_.number, offset_,
                     "the record is not edit " + std::to_string(edits_ + 1) + " of this manifest");
    }
    return {};
  }

  [[nodiscard]] Status ApplyRecord(Slice payload) {
    const Result<VersionEdit> edit = VersionEdit::Decode(payload);
    if (!edit.ok()) return Located(edit.status(), header_.number, offset_);
    Status applied = ApplyNumbers(state_, *edit);
    if (applied.ok()) applied = builder_.Add(*edit);
    return applied.ok() ? Status() : Located(applied, header_.number, offset_);
  }

  Result<std::shared_ptr<const Version>> Finish(const TableMaker& make_table) {
    auto version = builder_.Finish(make_table);
    Status checked = version.ok() ? CheckInvariants(**version) : version.status();
    if (!checked.ok()) return Located(checked, header_.number, offset_);
    return version;
  }

  Slice file_;
  ManifestHeader header_;
  RecordSalt salt_;
  VersionBuilder builder_;
  ManifestState state_;
  std::uint64_t offset_ = kManifestHeaderBytes;
  std::uint64_t edits_ = 0;
};

}  // namespace

Result<ManifestState> ReadManifest(FileSystem& file_system, const std::string& directory,
                                   const TableMakerFactory& make_tables) {
  FIRN_ASSIGN_OR_RETURN(
      const std::string pointer,
      file_system.ReadFile(directory + "/" + std::string(kCurrentFileName), kCurrentBytesMax));
  FIRN_ASSIGN_OR_RETURN(const CurrentPointer current, DecodeCurrent(pointer));
  auto state = ReadManifestFile(file_system, directory, current, make_tables);
  if (!state.ok() && state.status().code() == StatusCode::kNotFound) {
    // Not kNotFound: a caller takes that for "no store here" and might create one over it.
    return Status(StatusCode::kCorruption,
                  "CURRENT names " + ManifestFileName(current.manifest) +
                      ", which is missing; restore it from a backup or run repair");
  }
  return state;
}

Result<ManifestState> ReadManifestFile(FileSystem& file_system, const std::string& directory,
                                       const CurrentPointer& current,
                                       const TableMakerFactory& make_tables) {
  const std::string path = directory + "/" + ManifestFileName(current.manifest);
  FIRN_ASSIGN_OR_RETURN(const std::string file, file_system.ReadFile(path, kManifestBytesMax));
  FIRN_ASSIGN_OR_RETURN(const ManifestHeader header, DecodeManifestHeader(file, current.manifest));
  if (header.database != current.database) {
    return Damaged(current.manifest, 0, "it belongs to another store than CURRENT");
  }
  ManifestReader reader(file, header);
  return reader.Read(make_tables(header.database));
}

std::map<KeyspaceId, std::string> SalvageKeyspaceNames(FileSystem& file_system,
                                                       const std::string& directory,
                                                       FileNumber number,
                                                       const DatabaseId& database) {
  std::map<KeyspaceId, std::string> names;
  const auto file =
      file_system.ReadFile(directory + "/" + ManifestFileName(number), kManifestBytesMax);
  if (!file.ok()) return names;
  const RecordSalt salt{database, number};
  for (std::uint64_t offset = kManifestHeaderBytes; offset < file->size();) {
    const ParsedRecord record = ParseRecord(*file, offset, salt);
    offset += record.state == RecordState::kValid ? record.bytes : kRecordAlignment;
    if (record.state != RecordState::kValid) continue;
    const Result<VersionEdit> edit = VersionEdit::Decode(record.payload);
    if (!edit.ok()) continue;
    for (const KeyspaceId id : edit->dropped) names.erase(id);
    for (const auto& [id, name] : edit->created) names[id] = name;
  }
  return names;
}

Status ApplyToState(ManifestState& state, const VersionEdit& edit, const TableMaker& make_table) {
  ManifestState next = state;
  FIRN_RETURN_IF_ERROR(ApplyNumbers(next, edit));
  FIRN_ASSIGN_OR_RETURN(next.version, Apply(*state.version, edit, make_table));
  state = std::move(next);
  return {};
}

VersionEdit SnapshotEdit(const ManifestState& state) {
  VersionEdit edit;
  edit.next_file_number = state.next_file_number;
  edit.next_run_id = state.next_run_id;
  if (!BugIsOn(SeededBug::kKeyspaceIdReused)) edit.next_keyspace_id = state.next_keyspace_id;
  edit.last_sequence = state.last_sequence;
  if (!BugIsOn(SeededBug::kSnapshotEditLacksReplayPoint)) edit.replay_from = state.replay_from;
  edit.log_durable = state.log_durable;
  edit.incarnation = state.incarnation;
  state.version->keyspaces.ForEach([&](KeyspaceId id, const KeyspaceVersion& keyspace) {
    edit.created.emplace_back(id, keyspace.name);
    edit.flushed.emplace_back(id, keyspace.tree->flushed);
    for (std::uint8_t level = 0; level < kLevelsMax; ++level) {
      for (const auto& run : keyspace.tree->levels[level]) {
        for (const auto& table : run->tables) {
          edit.added.push_back({id, level, run->id, table->metadata()});
        }
      }
    }
  });
  return edit;
}

}  // namespace firn
