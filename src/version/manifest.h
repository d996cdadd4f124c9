// The log of version edits and the pointer to it (docs/format.md, "Manifest" and "CURRENT").
//
// Rules M1-M8. A manifest starts with a snapshot edit that alone rebuilds the whole version.
#pragma once

#include <memory>
#include <string>

#include "env/file_system.h"
#include "version/version_edit.h"

namespace firn {

// Everything the manifest remembers.
struct ManifestState {
  DatabaseId database;
  FileNumber manifest;
  std::shared_ptr<const Version> version;
  std::uint64_t next_file_number = 1;
  std::uint64_t next_run_id = 1;
  KeyspaceId next_keyspace_id = 1;
  SequenceNumber last_sequence = 0;
  std::uint64_t replay_from = 0;
  std::uint64_t log_durable = 0;
  std::uint32_t incarnation = 0;
};

// "MANIFEST-000123", "CURRENT"
[[nodiscard]] std::string ManifestFileName(FileNumber number);
inline constexpr Slice kCurrentFileName = "CURRENT";

// Reads CURRENT and the manifest it names. kNotFound when there is no CURRENT.
// A torn last edit is dropped (M7); any other damage is kCorruption; a newer format kNotSupported.
// `context.database` is filled in from the file for the tables made.
[[nodiscard]] Result<ManifestState> ReadManifest(FileSystem& file_system,
                                                 const std::string& directory,
                                                 TableContext& context);

// Applies the store-wide fields of `edit` and its table changes to `state`.
[[nodiscard]] Status ApplyToState(ManifestState& state, const VersionEdit& edit,
                                  const TableContext& context);

class ManifestWriter {
 public:
  // Writes a fresh manifest `number` holding one snapshot edit of `state`, then switches CURRENT to it
  // (rule M4: file sync, directory sync, CURRENT.N.tmp sync, rename, directory sync).
  static Result<std::unique_ptr<ManifestWriter>> Create(FileSystem& file_system,
                                                        DirectoryHandle& directory_handle,
                                                        const std::string& directory,
                                                        FileNumber number,
                                                        const ManifestState& state);
  // Appends and syncs one edit (M2). After a failure the writer is dead (E1, M3): the caller writes a
  // new manifest and deletes no file until that is done.
  Status Append(const VersionEdit& edit);
  [[nodiscard]] std::uint64_t bytes() const;  // when large, the caller starts a new one
  [[nodiscard]] FileNumber number() const;
  Status Close();
  ~ManifestWriter();

 private:
  ManifestWriter();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firn
