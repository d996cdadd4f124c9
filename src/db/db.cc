// The public face: forwards to the engine.

#include "firn/db.h"

#include <utility>

#include "base/status_macros.h"
#include "cache/epoch.h"
#include "db/checkpoint.h"
#include "db/engine.h"
#include "db/file_names.h"
#include "db/iterator_source.h"
#include "db/snapshot_state.h"

namespace firn {

// Lets a pinned value take over what keeps its bytes in memory.
class PinnedValueAccess {
 public:
  // Requires: the guard under which `answer` was made.
  static void Pin(PinnedValue& value, const Engine::PointAnswer& answer,
                  const std::shared_ptr<Engine>& engine) {
    value.Release();
    value.value_ = answer.result.value;
    // One used for Get after Get keeps its hold on the engine.
    if (value.engine_ != engine) value.engine_ = engine;
    if (answer.result.frame != nullptr) {
      answer.result.frame->Pin();
      value.owner_ = answer.result.frame;
      value.release_ = [](void* owner) { static_cast<Frame*>(owner)->Unpin(); };
    } else {
      answer.view->Reference();
      value.owner_ = answer.view;
      value.release_ = [](void* owner) { static_cast<ReadView*>(owner)->Unreference(); };
    }
  }
};

PinnedValue::PinnedValue(PinnedValue&& other) noexcept { *this = std::move(other); }

PinnedValue& PinnedValue::operator=(PinnedValue&& other) noexcept {
  if (this != &other) {
    Reset();
    value_ = std::exchange(other.value_, Slice());
    owner_ = std::exchange(other.owner_, nullptr);
    release_ = other.release_;
    engine_ = std::move(other.engine_);
  }
  return *this;
}

void PinnedValue::Release() {
  if (owner_ != nullptr) release_(std::exchange(owner_, nullptr));
  value_ = Slice();
}

void PinnedValue::Reset() {
  Release();
  engine_.reset();
}

std::uint32_t Keyspace::id() const { return state_ ? state_->id : kDefaultKeyspace; }

std::uint64_t Snapshot::sequence() const { return state_ ? state_->sequence() : 0; }

Db::Db(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}

Db::~Db() {
  const Status closed = engine_->Close();
  static_cast<void>(closed.ok());
}

Result<std::unique_ptr<Db>> Db::Open(const std::string& directory, const Options& options) {
  FIRN_ASSIGN_OR_RETURN(std::shared_ptr<Engine> engine, Engine::Open(directory, options));
  return std::make_unique<Db>(std::move(engine));
}

Status Db::Destroy(const std::string& directory, const Options& options) {
  FileSystem& files =
      *(options.runtime != nullptr ? *options.runtime : Runtime::Posix()).file_system;
  FIRN_ASSIGN_OR_RETURN(const bool exists, StoreExists(files, directory));
  if (!exists) {
    return Status(StatusCode::kNotFound, "'" + directory + "' holds no store");
  }
  FIRN_ASSIGN_OR_RETURN(auto lock, files.Lock(directory + "/" + std::string(kLockFileName)));
  return RemoveStore(files, directory);
}

Status Db::Put(Slice key, Slice value, const WriteOptions& options) {
  return engine_->WriteOne(EntryKind::kPut, key, value, options);
}

Status Db::Delete(Slice key, const WriteOptions& options) {
  return engine_->WriteOne(EntryKind::kDelete, key, Slice(), options);
}

Status Db::DeleteRange(Slice begin, Slice end, const WriteOptions& options) {
  return engine_->WriteOne(EntryKind::kRangeDelete, begin, end, options);
}

Status Db::Write(const WriteBatch& batch, const WriteOptions& options) {
  return engine_->WriteMany(batch, options);
}

Result<bool> Db::PutIfAbsent(Slice key, Slice value, const WriteOptions& options) {
  return engine_->WriteIf(
      key, [](std::optional<Slice> current) { return !current.has_value(); }, value, options);
}

Result<bool> Db::CompareAndSet(Slice key, std::optional<Slice> expected,
                               std::optional<Slice> desired, const WriteOptions& options) {
  return engine_->WriteIf(
      key, [&](std::optional<Slice> current) { return current == expected; }, desired, options);
}

Status Db::Sync() { return engine_->Sync(); }

Result<std::optional<std::string>> Db::Get(Slice key, const ReadOptions& options) const {
  EpochDomain::Guard guard;
  FIRN_ASSIGN_OR_RETURN(const Engine::PointAnswer answer, engine_->Read(key, options));
  if (!answer.result.found) return std::optional<std::string>();
  return std::optional<std::string>(answer.result.value);
}

Result<bool> Db::Get(Slice key, PinnedValue& value, const ReadOptions& options) const {
  EpochDomain::Guard guard;
  FIRN_ASSIGN_OR_RETURN(const Engine::PointAnswer answer, engine_->Read(key, options));
  if (answer.result.found) {
    PinnedValueAccess::Pin(value, answer, engine_);
  } else {
    value.Reset();
  }
  return answer.result.found;
}

Result<std::vector<std::optional<std::string>>> Db::MultiGet(std::span<const Slice> keys,
                                                             const ReadOptions& options) const {
  return engine_->ReadMany(keys, options);
}

Iterator Db::NewIterator(const IteratorOptions& options) const {
  auto moment = engine_->TakeMoment(options.keyspace, options.snapshot);
  if (!moment.ok()) {
    return Iterator(std::make_unique<Iterator::Source>(std::move(moment).status()));
  }
  return Iterator(
      std::make_unique<Iterator::Source>(engine_, std::move(moment).value(), options));
}

Snapshot Db::GetSnapshot() const { return engine_->TakeSnapshot(); }

Result<Keyspace> Db::CreateKeyspace(std::string_view name) {
  return engine_->CreateKeyspace(name);
}
Result<Keyspace> Db::OpenKeyspace(std::string_view name) const {
  return engine_->OpenKeyspace(name);
}
std::vector<std::string> Db::ListKeyspaces() const { return engine_->ListKeyspaces(); }
Status Db::DropKeyspace(std::string_view name) { return engine_->DropKeyspace(name); }
Status Db::RenameKeyspace(std::string_view from, std::string_view to) {
  return engine_->RenameKeyspace(from, to);
}

Status Db::Flush() { return engine_->Flush(); }
Status Db::CompactRange(std::optional<Slice> lower, std::optional<Slice> upper,
                        const Keyspace& keyspace) {
  return engine_->CompactRange(lower, upper, keyspace);
}
Status Db::WaitForIdle() { return engine_->WaitForIdle(); }
Status Db::Checkpoint(const std::string& directory) { return engine_->Checkpoint(directory); }
VerifyReport Db::Verify(const VerifyProgress& progress) const {
  return engine_->Verify(progress);
}
Stats Db::GetStats() const { return engine_->GetStats(); }
Status Db::Close() { return engine_->Close(); }

}  // namespace firn
