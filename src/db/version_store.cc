#include "db/version_store.h"

#include <set>
#include <string>
#include <utility>

#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "table/table_settings.h"

namespace firn {
namespace {

// Keyspaces whose tree the edit changes.
std::set<KeyspaceId> TouchedKeyspaces(const VersionEdit& edit) {
  std::set<KeyspaceId> touched;
  for (const AddedTable& table : edit.added) touched.insert(table.keyspace);
  for (const RemovedTable& table : edit.removed) touched.insert(table.keyspace);
  for (const auto& [id, sequence] : edit.flushed) touched.insert(id);
  return touched;
}

}  // namespace

void TableRemover::RemoveWhenReleased(const TableReader& table) {
  {
    MutexLock lock(mutex_);
    awaited_.insert(table.metadata().number);
    if (BugIsOn(SeededBug::kTableRemovedWhileRead)) {
      return released_.push_back(table.metadata().number);
    }
  }
  table.OnLastRelease([self = shared_from_this(), number = table.metadata().number] {
    MutexLock lock(self->mutex_);
    self->released_.push_back(number);
  });
}

void TableRemover::RemoveNeverInstalled(FileNumber number) {
  MutexLock lock(mutex_);
  awaited_.insert(number);
  released_.push_back(number);
}

void TableRemover::SetEnabled(bool enabled) {
  MutexLock lock(mutex_);
  enabled_ = enabled;
}

void TableRemover::RemoveReleased() {
  std::vector<FileNumber> numbers;
  {
    MutexLock lock(mutex_);
    if (!enabled_) return;
    numbers.swap(released_);
  }
  for (const FileNumber number : numbers) {
    // A file that stays is found and removed by the next open (rule F2).
    counters_.NoteCleanup(file_system_.Remove(directory_ + "/" + TableFileName(number)));
    MutexLock lock(mutex_);
    awaited_.erase(number);
  }
}

std::set<FileNumber> TableRemover::Awaited() {
  MutexLock lock(mutex_);
  return awaited_;
}

VersionStore::VersionStore(StoreContext& context, StoreState& state, ManifestState manifest_state,
                           std::unique_ptr<ManifestWriter> writer)
    : context_(context),
      state_(state),
      remover_(std::make_shared<TableRemover>(*context.runtime.file_system, context.directory,
                                              state.counters)),
      next_run_id_(manifest_state.next_run_id),
      make_table_([this](TableMetadata metadata) {
        return TableReader::Make(context_.tables, std::move(metadata));
      }),
      manifest_state_(std::move(manifest_state)),
      writer_(std::move(writer)) {}

RunId VersionStore::NextRunId() {
  return RunId{next_run_id_.fetch_add(1, std::memory_order_relaxed)};
}

bool VersionStore::uncertain() const {
  MutexLock lock(install_mutex_);
  return writer_ == nullptr && !closed_;
}

void VersionStore::Hold(const std::function<void(const ManifestState&, bool)>& look) {
  MutexLock lock(install_mutex_);
  if (manifest_state_.version != nullptr) look(manifest_state_, writer_ != nullptr);
}

ManifestState VersionStore::Copy() {
  MutexLock lock(install_mutex_);
  return manifest_state_;
}

Status VersionStore::StartNewManifest(ManifestState state) {
  const FileNumber number = context_.NextFileNumber();
  state.next_file_number = context_.next_file_number.load(std::memory_order_relaxed);
  state.manifest = number;
  const FileNumber old = manifest_state_.manifest;
  auto created = ManifestWriter::Create(*context_.runtime.file_system, *context_.directory_handle,
                                        context_.directory, number, state);
  if (!created.ok()) {
    if (BugIsOn(SeededBug::kOldManifestRemovedAfterFailure)) {
      const std::string path = context_.directory + "/" + ManifestFileName(old);
      static_cast<void>(context_.runtime.file_system->Remove(path).ok());
    }
    state_.counters.manifest_failures.fetch_add(1, std::memory_order_relaxed);
    return std::move(created).status();
  }
  if (writer_ != nullptr) {
    // Its content is superseded: a failing close of it changes nothing.
    state_.counters.NoteCleanup(writer_->Close());
  }
  writer_ = std::move(created).value();
  manifest_state_.manifest = number;
  remover_->SetEnabled(true);
  // What stays is removed by the next open.
  state_.counters.NoteCleanup(
      context_.runtime.file_system->Remove(context_.directory + "/" + ManifestFileName(old)));
  return Status();
}

void VersionStore::AbandonManifest() {
  writer_.reset();
  remover_->SetEnabled(BugIsOn(SeededBug::kOutputsRemovedAfterFailedEdit));
}

Status VersionStore::WriteEdit(const VersionEdit& edit, const ManifestState& next) {
  if (writer_ != nullptr) {
    const Status appended = writer_->Append(edit);
    if (appended.ok()) {
      if (writer_->bytes() < context_.tuning.manifest_bytes_max) return Status();
      // The edit is durable, so growth is only a cost and a failure none of the caller's business.
      // But CURRENT may name either manifest then, and an edit appended to one would be missing in
      // the other: as below, the next edit must start a whole new one.
      if (!StartNewManifest(next).ok()) AbandonManifest();
      return Status();
    }
    if (BugIsOn(SeededBug::kManifestAppendsAfterFailure)) return appended;
    // The edit may or may not be on disk (rule M3): nothing is removed until a whole new manifest
    // is.
    state_.counters.manifest_failures.fetch_add(1, std::memory_order_relaxed);
    AbandonManifest();
  }
  return StartNewManifest(next);
}

void VersionStore::RemoveTablesOf(const Tree& tree, const std::set<FileNumber>* only) {
  for (const auto& level : tree.levels) {
    for (const auto& run : level) {
      for (const auto& table : run->tables) {
        if (only == nullptr || only->contains(table->metadata().number)) {
          remover_->RemoveWhenReleased(*table);
        }
      }
    }
  }
}

void VersionStore::ReleaseObsoleteTables(const VersionEdit& edit,
                                         const std::set<KeyspaceId>& touched) {
  // A table that leaves and comes back elsewhere only moved.
  std::set<FileNumber> gone;
  for (const RemovedTable& table : edit.removed) gone.insert(table.number);
  for (const AddedTable& table : edit.added) gone.erase(table.metadata.number);
  for (const KeyspaceId id : touched) {
    const Tree* before = manifest_state_.version->FindTree(id);
    if (before != nullptr && !gone.empty()) RemoveTablesOf(*before, &gone);
  }
  for (const KeyspaceId id : edit.dropped) {
    const Tree* before = manifest_state_.version->FindTree(id);
    if (before != nullptr) RemoveTablesOf(*before, nullptr);
  }
}

Status VersionStore::Install(VersionEdit edit, const std::function<void(VersionEdit&)>& complete,
                             const std::function<void()>& also) {
  MutexLock install(install_mutex_);
  if (closed_) return Status(StatusCode::kClosed, "the store is closed");
  if (complete) {
    MutexLock lock(state_.mutex);
    complete(edit);
  }
  edit.next_file_number = context_.next_file_number.load(std::memory_order_relaxed);
  edit.next_run_id = next_run_id_.load(std::memory_order_relaxed);
  ManifestState next = manifest_state_;
  FIRN_RETURN_IF_ERROR(ApplyToState(next, edit, make_table_));
  if (BugIsOn(SeededBug::kStateUpdatedBeforeEdit)) manifest_state_ = next;
  const Status written = WriteEdit(edit, next);
  if (!written.ok() && BugIsOn(SeededBug::kOutputsRemovedAfterFailedEdit)) {
    for (const AddedTable& added : edit.added) {
      remover_->RemoveNeverInstalled(added.metadata.number);
    }
  }
  FIRN_RETURN_IF_ERROR(written);
  const std::set<KeyspaceId> touched = TouchedKeyspaces(edit);
  ReleaseObsoleteTables(edit, touched);
  next.manifest = manifest_state_.manifest;
  manifest_state_ = std::move(next);

  MutexLock lock(state_.mutex);
  if (also) also();
  for (const KeyspaceId id : touched) {
    const auto keyspace = state_.by_id.find(id);
    const KeyspaceVersion* version = manifest_state_.version->keyspaces.Find(id);
    if (keyspace == state_.by_id.end() || version == nullptr) continue;
    keyspace->second->tree = version->tree;
    keyspace->second->compaction_due = true;
    keyspace->second->settle_due = true;
    keyspace->second->PublishView();
  }
  state_.changed.NotifyAll();
  return Status();
}

Status VersionStore::Close() {
  MutexLock lock(install_mutex_);
  closed_ = true;
  if (writer_ == nullptr) return Status();
  const Status closed = writer_->Close();
  writer_.reset();
  return closed;
}

void VersionStore::ForgetVersion() {
  MutexLock lock(install_mutex_);
  manifest_state_.version.reset();
}

}  // namespace firn
