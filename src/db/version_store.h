// Makes version edits durable and then true: manifest first, memory second (rules M2, M8).
//
// Also decides when files may go: a table file is removed when the last reader lets go of a table
// that a durable edit has dropped; log segments when a durable edit raised the replay point (rules
// W9, F2).
// Threads: all members concurrently; Install calls are serialised by the install mutex, which is
// held over the manifest's I/O.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "db/store_context.h"
#include "db/store_state.h"
#include "version/manifest.h"

namespace firn {

// Removes table files once nobody reads them, on a background thread, never inside a reader.
// Outlives every table: readers hold it through their release action.
class TableRemover : public std::enable_shared_from_this<TableRemover> {
 public:
  // `counters` may go before the remover, but not before the last RemoveReleased.
  TableRemover(FileSystem& file_system, std::string directory, StoreCounters& counters)
      : file_system_(file_system), directory_(std::move(directory)), counters_(counters) {}
  // The table's file goes when its last owner lets go.
  void RemoveWhenReleased(const TableReader& table);
  // The dropped tables whose files may still be there for their readers.
  [[nodiscard]] std::set<FileNumber> Awaited();
  // The same for a table that no edit names or ever will: its keyspace went while it was written.
  void RemoveNeverInstalled(FileNumber number);
  // Removes what became removable. Off while a manifest failure is unresolved (rule M3).
  void RemoveReleased();
  void SetEnabled(bool enabled);

 private:
  FileSystem& file_system_;
  const std::string directory_;
  StoreCounters& counters_;
  Mutex mutex_;
  std::set<FileNumber> awaited_ FIRN_GUARDED_BY(mutex_);  // their files are there for readers
  std::vector<FileNumber> released_ FIRN_GUARDED_BY(mutex_);
  bool enabled_ FIRN_GUARDED_BY(mutex_) = true;
};

class VersionStore {
 public:
  VersionStore(StoreContext& context, StoreState& state, ManifestState manifest_state,
               std::unique_ptr<ManifestWriter> writer);

  // Appends `edit` to the manifest and, when that is durable, applies it: trees first, then `also`
  // under the state mutex, then the views of `edit`'s keyspaces are published. `complete`, if
  // given, may finish the edit just before it is written (under the install mutex and the state
  // mutex).
  Status Install(VersionEdit edit, const std::function<void(VersionEdit&)>& complete,
                 const std::function<void()>& also);

  // True after a failed Install whose edit may be on disk all the same; a later edit settles it.
  [[nodiscard]] bool uncertain() const;

  RunId NextRunId();

  // Calls `look` with everything the manifest says, while no edit is installed and no manifest
  // written. `settled`: the manifest on disk says the same. Does nothing after ForgetVersion.
  void Hold(const std::function<void(const ManifestState&, bool settled)>& look);
  // A copy of everything the manifest says now.
  [[nodiscard]] ManifestState Copy();
  [[nodiscard]] const std::shared_ptr<TableRemover>& remover() const { return remover_; }
  Status Close();
  // After Close: lets go of the tables.
  void ForgetVersion();

 private:
  Status WriteEdit(const VersionEdit& edit, const ManifestState& next)
      FIRN_REQUIRES(install_mutex_);
  void AbandonManifest() FIRN_REQUIRES(install_mutex_);
  Status StartNewManifest(ManifestState state) FIRN_REQUIRES(install_mutex_);
  void ReleaseObsoleteTables(const VersionEdit& edit, const std::set<KeyspaceId>& touched)
      FIRN_REQUIRES(install_mutex_);
  // `only` null: all of them.
  void RemoveTablesOf(const Tree& tree, const std::set<FileNumber>* only);

  StoreContext& context_;
  StoreState& state_;
  const std::shared_ptr<TableRemover> remover_;
  std::atomic<std::uint64_t> next_run_id_;
  const TableMaker make_table_;

  mutable Mutex install_mutex_;
  ManifestState manifest_state_ FIRN_GUARDED_BY(install_mutex_);
  std::unique_ptr<ManifestWriter> writer_ FIRN_GUARDED_BY(install_mutex_);
  bool closed_ FIRN_GUARDED_BY(install_mutex_) = false;
};

}  // namespace firn
