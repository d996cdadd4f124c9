// The write verbs: check limits, encode, resolve keyspaces, hand over to the commit pipeline.

#include <array>
#include <string>

#include "base/status_macros.h"
#include "cache/epoch.h"
#include "db/engine.h"
#include "format/batch.h"

namespace firn {
namespace {

Status CheckLimits(EntryKind kind, Slice key, Slice value) {
  if (key.size() > kKeyBytesMax) {
    return Status(StatusCode::kInvalidArgument, "key of " + std::to_string(key.size()) +
                                                    " bytes; the most is 65536");
  }
  const std::size_t value_max = kind == EntryKind::kRangeDelete ? kKeyBytesMax : kValueBytesMax;
  if (value.size() > value_max) {
    return Status(StatusCode::kInvalidArgument,
                  (kind == EntryKind::kRangeDelete ? "range end of " : "value of ") +
                      std::to_string(value.size()) + " bytes; the most is " +
                      std::to_string(value_max));
  }
  return Status();
}

// One operation with its encoding: header on the stack, key and value borrowed.
struct EncodedOperation {
  EncodedOperation(internal::KeyspaceState* keyspace, EntryKind kind, Slice key, Slice value)
      : resolved{keyspace, kind, key, value} {
    const std::size_t bytes =
        EncodeOperationHeader(header.data(), BatchOperation{kind, keyspace->id, key, value});
    parts = {Slice(header.data(), bytes), key, value};
  }
  ResolvedOperation resolved;
  std::array<char, kBatchOperationHeaderBytesMax> header;
  std::array<Slice, 3> parts;
};

}  // namespace

Status Engine::WriteOne(EntryKind kind, Slice key, Slice value, const WriteOptions& options) {
  FIRN_RETURN_IF_ERROR(CheckLimits(kind, key, value));
  internal::KeyspaceState* const keyspace = Find(options.keyspace);
  if (keyspace == nullptr) [[unlikely]] return ForeignHandle();
  const EncodedOperation operation(keyspace, kind, key, value);
  return pipeline_->Commit({&operation.resolved, 1}, operation.parts, DurabilityOf(options));
}

Status Engine::WriteMany(const WriteBatch& batch, const WriteOptions& options) {
  FIRN_RETURN_IF_ERROR(batch.status());
  if (batch.store() != 0 && batch.store() != state_.token) return ForeignHandle();
  if (batch.bytes() > kBatchBytesMax) {
    return Status(StatusCode::kInvalidArgument,
                  "batch of " + std::to_string(batch.bytes()) + " bytes; the most is " +
                      std::to_string(kBatchBytesMax));
  }
  if (batch.empty()) {
    return closed() ? Status(StatusCode::kClosed, "the store is closed") : Status();
  }
  std::vector<ResolvedOperation> operations;
  operations.reserve(batch.count());
  // Keeps dropped keyspaces alive until the commit has looked at them.
  std::vector<KeyspacePointer> held;
  internal::KeyspaceState* last = default_keyspace_.get();
  BatchReader reader(batch.encoded());
  BatchOperation operation;
  while (reader.Next(&operation)) {
    if (operation.keyspace != last->id) {
      MutexLock lock(state_.mutex);
      const auto found = state_.by_id.find(operation.keyspace);
      if (found == state_.by_id.end()) {
        return Status(StatusCode::kNotFound,
                      closed() ? "the store is closed" : "a keyspace of this batch was dropped");
      }
      last = found->second.get();
      held.push_back(found->second);
    }
    operations.push_back(
        ResolvedOperation{last, operation.kind, operation.key, operation.value});
  }
  FIRN_RETURN_IF_ERROR(reader.status());
  const Slice encoded = batch.encoded();
  return pipeline_->Commit(operations, {&encoded, 1}, DurabilityOf(options));
}

Result<bool> Engine::WriteIf(Slice key, const std::function<bool(std::optional<Slice>)>& holds,
                             std::optional<Slice> desired, const WriteOptions& options) {
  const EntryKind kind = desired.has_value() ? EntryKind::kPut : EntryKind::kDelete;
  FIRN_RETURN_IF_ERROR(CheckLimits(kind, key, desired.value_or(Slice())));
  internal::KeyspaceState* const keyspace = Find(options.keyspace);
  if (keyspace == nullptr) [[unlikely]] return ForeignHandle();
  const EncodedOperation operation(keyspace, kind, key, desired.value_or(Slice()));
  const LookupKey lookup(key);
  for (;;) {
    // Read without a lock, then commit only if nothing the answer depends on has changed.
    FIRN_ASSIGN_OR_RETURN(Moment moment, TakeMoment(options.keyspace, Snapshot()));
    PointResult current;
    bool agreed = false;
    {
      EpochDomain::Guard guard;
      FIRN_RETURN_IF_ERROR(PointRead(*moment.view.get(), lookup, moment.sequence, &current));
      agreed = holds(current.found ? std::optional<Slice>(current.value) : std::nullopt);
    }
    if (!agreed) return false;
    FIRN_ASSIGN_OR_RETURN(const bool committed,
                          pipeline_->CommitIfUnchanged(operation.resolved, operation.parts,
                                                       DurabilityOf(options), moment.view.get(),
                                                       moment.sequence));
    if (committed) return true;
  }
}

Status Engine::Sync() {
  if (closed()) return Status(StatusCode::kClosed, "the store is closed");
  return pipeline_->Sync();
}

}  // namespace firn
