#include "db/engine.h"

#include <utility>

#include "base/status_macros.h"
#include "cache/epoch.h"

namespace firn {

Engine::Engine(const Runtime& runtime, const std::string& directory, const Options& options,
               const Tuning& tuning)
    : context_(runtime, directory, options, tuning) {}

Result<std::shared_ptr<Engine>> Engine::Open(const std::string& directory, const Options& options,
                                             std::optional<Tuning> tuning) {
  FIRN_RETURN_IF_ERROR(ValidateOptions(options));
  if (directory.empty() || directory.find('\0') != std::string::npos) {
    return Status(StatusCode::kInvalidArgument, "the directory name is empty or holds a NUL byte");
  }
  const Runtime& runtime = options.runtime != nullptr ? *options.runtime : Runtime::Posix();
  std::shared_ptr<Engine> engine(new Engine(
      runtime, directory, options, tuning ? *tuning : TuningFor(options.memory_budget)));
  FIRN_RETURN_IF_ERROR(engine->Start());
  return engine;
}

Status Engine::Start() {
  FIRN_ASSIGN_OR_RETURN(RecoveredStore recovered, RecoverStore(context_));
  replay_ = recovered.replay;
  state_.visible.store(recovered.last_sequence, std::memory_order_release);
  {
    MutexLock lock(state_.mutex);
    recovered.state.version->keyspaces.ForEach(
        [&](KeyspaceId id, const KeyspaceVersion& version) FIRN_NO_THREAD_ANALYSIS {
          auto keyspace = std::make_shared<internal::KeyspaceState>(state_.token, id, version.name);
          keyspace->tree = version.tree;
          keyspace->compaction_due = true;
          keyspace->settle_due = true;
          keyspace->PublishView();
          state_.by_id.emplace(id, keyspace);
          state_.by_name.emplace(version.name, std::move(keyspace));
        });
    default_keyspace_ = state_.by_id.at(kDefaultKeyspace);
  }
  {
    MutexLock lock(keyspaces_mutex_);
    next_keyspace_id_ = recovered.state.next_keyspace_id;
  }
  versions_ = std::make_unique<VersionStore>(context_, state_, std::move(recovered.state),
                                             std::move(recovered.manifest));
  work_ = std::make_unique<BackgroundWork>(context_, state_, *versions_);
  pipeline_ = std::make_unique<CommitPipeline>(context_, state_, std::move(recovered.log),
                                               recovered.last_sequence,
                                               [this] { work_->WakeFlushes(); });
  work_->SetPipeline(pipeline_.get());
  periodic_ = std::make_unique<PeriodicSync>(context_, state_, *pipeline_, *work_, *versions_);
  obsolete_files_ = std::make_unique<ObsoleteFiles>(context_, state_);
  obsolete_files_->RemoveSoon(std::move(recovered.obsolete));
  periodic_->Start();
  work_->Wake();
  return Status();
}

Status Engine::Close() {
  MutexLock lock(close_mutex_);
  if (closed_) return close_status_;
  closed_ = true;
  if (pipeline_ == nullptr) return Status();  // never started
  {
    MutexLock state_lock(state_.mutex);
    state_.closing.store(true, std::memory_order_release);
    state_.changed.NotifyAll();
  }
  pipeline_->Stop();
  periodic_->Stop();
  work_->Stop();
  // Every acknowledged write becomes durable, whatever its durability was (rule T4).
  Status status;
  if (pipeline_->log().failure().ok()) {
    status = pipeline_->log().Sync(pipeline_->log().appended());
    // The manifest then vouches for the log's last records too: no later record will.
    VersionEdit edit;
    edit.log_durable = pipeline_->log().durable();
    // Without it nothing is lost, only less damage would be told from a torn tail.
    const Status vouched = versions_->Install(std::move(edit), nullptr, nullptr);
    static_cast<void>(vouched.ok());
  }
  for (Status closing : {pipeline_->log().Close(), versions_->Close()}) {
    if (status.ok()) status = std::move(closing);
  }
  RetractAll();
  context_.files.CloseAll();  // tables that an iterator keeps hold memory only
  context_.directory_handle.reset();
  context_.lock.reset();
  close_status_ = status;
  return status;
}

void Engine::RetractAll() {
  {
    MutexLock lock(state_.mutex);
    for (auto& [id, keyspace] : state_.by_id) keyspace->Retract();
  }
  // Views go through the epoch; the last of their tables may leave files to remove.
  versions_->ForgetVersion();
  EpochDomain::Process().Collect();
  versions_->remover()->RemoveReleased();
}

Engine::~Engine() {
  const Status closed = Close();
  static_cast<void>(closed.ok());  // Db::Close reports it
  // Retired views and frames refer to the pools of this object.
  EpochDomain::Process().Drain();
}

Status Engine::ForeignHandle() {
  return Status(StatusCode::kInvalidArgument,
                "the keyspace or snapshot belongs to another store, or to this one before it was "
                "opened again; take it from the store it is used with");
}

Status Engine::NotReadable(const internal::KeyspaceState& keyspace) const {
  if (keyspace.dropped.load(std::memory_order_acquire) && !closed()) {
    return Status(StatusCode::kNotFound, "the keyspace of this read was dropped");
  }
  return Status(StatusCode::kClosed, "the store is closed");
}

}  // namespace firn
