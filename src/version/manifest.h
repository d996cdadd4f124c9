// The log of version edits and the pointer to it (docs/format/manifest.md).
//
// Rules M1-M8. A manifest starts with a snapshot edit that alone rebuilds the whole version.
// Protocol of a change: copy the state; ApplyToState on the copy; Append; on success the copy is
// the state (M8). Protocol after a failed Append or Create: delete nothing, append nothing to an
// older manifest, Create one with a new number (M3).
//
// Threads: one at a time (the caller's version lock or job order).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "env/file_system.h"
#include "version/manifest_format.h"
#include "version/version_edit.h"

namespace firn {

// Everything the manifest remembers.
struct ManifestState {
  DatabaseId database{};
  FileNumber manifest{};
  std::shared_ptr<const Version> version{};
  std::uint64_t next_file_number = 1;
  std::uint64_t next_run_id = 1;
  KeyspaceId next_keyspace_id = 1;
  SequenceNumber last_sequence = 0;
  std::uint64_t replay_from = 0;
  std::uint64_t log_durable = 0;
  std::uint32_t incarnation = 0;
};

// Called once with the store's id, before the first table is made.
using TableMakerFactory = std::function<TableMaker(const DatabaseId&)>;

// Reads CURRENT and the manifest it names. kNotFound when there is no CURRENT.
// A torn last edit is dropped (M7); any other damage is kCorruption; a newer format kNotSupported.
// The whole version passes CheckInvariants.
[[nodiscard]] Result<ManifestState> ReadManifest(FileSystem& file_system,
                                                 const std::string& directory,
                                                 const TableMakerFactory& make_tables);

// The same for the manifest of `current`, whatever CURRENT says; kNotFound when it is missing.
[[nodiscard]] Result<ManifestState> ReadManifestFile(FileSystem& file_system,
                                                     const std::string& directory,
                                                     const CurrentPointer& current,
                                                     const TableMakerFactory& make_tables);

// The keyspaces, by id, that the readable edits of manifest `number` name, damage or not. What was
// dropped is left out, as far as the readable edits know. Empty when nothing is readable.
[[nodiscard]] std::map<KeyspaceId, std::string> SalvageKeyspaceNames(FileSystem& file_system,
                                                                     const std::string& directory,
                                                                     FileNumber number,
                                                                     const DatabaseId& database);

// Applies `edit` to `state`, or leaves it as it was. A store-wide number that would go backwards is
// kCorruption; numbers that added tables, runs and keyspaces use up are raised past them, so that
// none is given out again even if the edit does not say so (F1).
[[nodiscard]] Status ApplyToState(ManifestState& state, const VersionEdit& edit,
                                  const TableMaker& make_table);

// The edit that leads from a store without keyspaces to `state`.
[[nodiscard]] VersionEdit SnapshotEdit(const ManifestState& state);

// How large things may become. Smaller ones are for tests: readers take what the format allows.
struct ManifestLimits {
  std::uint64_t edit_bytes_max = kEditBytesMax;
  std::uint64_t manifest_bytes_max = kManifestBytesMax;
};

class ManifestWriter {
 public:
  // Writes a fresh manifest `number` holding one snapshot edit of `state`, then switches CURRENT to
  // it (rule M4: file sync, directory sync, CURRENT.N.tmp sync, rename, directory sync). The number
  // is new: it was never used for any file. After a failure CURRENT names the old or the new
  // manifest (M5): both must be kept and neither appended to. kNotSupported, and CURRENT untouched,
  // when the snapshot is larger than an edit may be.
  static Result<std::unique_ptr<ManifestWriter>> Create(FileSystem& file_system,
                                                        DirectoryHandle& directory_handle,
                                                        const std::string& directory,
                                                        FileNumber number,
                                                        const ManifestState& state,
                                                        const ManifestLimits& limits = {});
  // Appends and syncs one edit (M2). After a failure the writer is dead (E1, M3): the caller writes
  // a new manifest and deletes no file until that is done. kNoSpace without any effect when the
  // edit or the manifest would become too large: start a new one.
  Status Append(const VersionEdit& edit);
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // large: start a new one
  [[nodiscard]] FileNumber number() const { return number_; }
  // At most once; the writer is dead afterwards.
  Status Close();

  class Key;  // only Create has one
  ManifestWriter(const Key& key, std::unique_ptr<WritableFile> file, const ManifestState& state,
                 FileNumber number, const ManifestLimits& limits);

 private:
  [[nodiscard]] std::string EncodeNext(const VersionEdit& edit) const;

  std::unique_ptr<WritableFile> file_;
  DatabaseId database_;
  FileNumber number_;
  std::uint32_t incarnation_;
  ManifestLimits limits_;
  std::uint64_t bytes_ = 0;  // written and synced
  std::uint64_t edits_ = 0;
  bool dead_ = false;
};

}  // namespace firn
