// An open store: puts the parts together and takes them apart again. Decides nothing itself.
//
// Lifetime: shared by the Db and every handle made from it (iterators, snapshots, pinned values),
// so a handle may outlive the Db; after Close it only holds memory.
// Threads: all members concurrently.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "db/background_work.h"
#include "db/commit_pipeline.h"
#include "db/obsolete_files.h"
#include "db/periodic_sync.h"
#include "db/point_read.h"
#include "db/recovery.h"
#include "db/store_context.h"
#include "db/store_state.h"
#include "db/version_store.h"
#include "firn/db.h"

namespace firn {

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  // `tuning` unset: derived from the options.
  static Result<std::shared_ptr<Engine>> Open(const std::string& directory,
                                              const Options& options,
                                              std::optional<Tuning> tuning = std::nullopt);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // --- db/engine_write.cc
  Status WriteOne(EntryKind kind, Slice key, Slice value, const WriteOptions& options);
  Status WriteMany(const WriteBatch& batch, const WriteOptions& options);
  Result<bool> WriteIf(Slice key, const std::function<bool(std::optional<Slice>)>& holds,
                       std::optional<Slice> desired, const WriteOptions& options);
  Status Sync();

  // --- db/engine_read.cc. Requires: an epoch guard of the caller around call and use of the
  // result.
  struct PointAnswer {
    PointResult result;
    ReadView* view = nullptr;
  };
  Result<PointAnswer> Read(Slice key, const ReadOptions& options) const;
  Result<std::vector<std::optional<std::string>>> ReadMany(std::span<const Slice> keys,
                                                           const ReadOptions& options) const;
  // The keyspace's view and a sequence such that the view holds everything up to it. kClosed,
  // kNotFound.
  struct Moment {
    ReadViewReference view;
    SequenceNumber sequence = 0;
    internal::KeyspaceState* keyspace = nullptr;
  };
  Result<Moment> TakeMoment(const Keyspace& keyspace, const Snapshot& snapshot) const;
  Snapshot TakeSnapshot();
  void LearnDeadRange(internal::KeyspaceState& keyspace, const DeadRange::Bounds& seen,
                      SequenceNumber at) {
    pipeline_->LearnDeadRange(keyspace, seen, at);
  }
  [[nodiscard]] const Tuning& tuning() const { return context_.tuning; }

  // --- db/engine_keyspaces.cc
  Result<Keyspace> CreateKeyspace(std::string_view name);
  Result<Keyspace> OpenKeyspace(std::string_view name) const;
  std::vector<std::string> ListKeyspaces() const;
  Status DropKeyspace(std::string_view name);
  Status RenameKeyspace(std::string_view from, std::string_view to);

  // --- db/engine_care.cc
  Status Flush();
  Status CompactRange(std::optional<Slice> lower, std::optional<Slice> upper,
                      const Keyspace& keyspace);
  Status WaitForIdle();
  Stats GetStats() const;
  Status Checkpoint(const std::string& directory);
  Status Close();

  // --- db/engine_verify.cc
  VerifyReport Verify(const VerifyProgress& progress) const;

  [[nodiscard]] bool closed() const { return state_.closing.load(std::memory_order_acquire); }
  [[nodiscard]] MemoryLedger& ledger() { return context_.ledger; }
  [[nodiscard]] StoreState& state() { return state_; }

 private:
  Engine(const Runtime& runtime, const std::string& directory, const Options& options,
         const Tuning& tuning);
  Status Start();
  // Null for a handle of another store: answer ForeignHandle().
  [[nodiscard]] internal::KeyspaceState* Find(const Keyspace& keyspace) const {
    internal::KeyspaceState* const state = keyspace.state().get();
    if (state == nullptr) [[likely]] return default_keyspace_.get();
    return state->owner == state_.token ? state : nullptr;
  }
  [[nodiscard]] bool IsForeign(const Snapshot& snapshot) const;
  [[nodiscard]] static Status ForeignHandle();
  [[nodiscard]] Status NotReadable(const internal::KeyspaceState& keyspace) const;
  [[nodiscard]] Durability DurabilityOf(const WriteOptions& options) const {
    return options.durability.value_or(context_.options.durability);
  }
  void RetractAll();
  void NoteOrphans(class StoreVerifier& verifier) const;

  StoreContext context_;
  StoreState state_;
  KeyspacePointer default_keyspace_;  // constant after Start
  LogReplayResult replay_;            // constant after Start
  std::unique_ptr<VersionStore> versions_;
  std::unique_ptr<BackgroundWork> work_;
  std::unique_ptr<CommitPipeline> pipeline_;
  std::unique_ptr<PeriodicSync> periodic_;
  std::unique_ptr<ObsoleteFiles> obsolete_files_;

  Mutex keyspaces_mutex_;  // one create, drop or rename at a time; before every other lock
  KeyspaceId next_keyspace_id_ FIRN_GUARDED_BY(keyspaces_mutex_) = 1;

  Mutex close_mutex_;
  bool closed_ FIRN_GUARDED_BY(close_mutex_) = false;
  Status close_status_ FIRN_GUARDED_BY(close_mutex_);
};

}  // namespace firn
