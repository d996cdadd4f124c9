// Keyspaces: every change is a manifest edit, durable before the call returns (rule W8).

#include <algorithm>

#include "base/status_macros.h"
#include "db/engine.h"

namespace firn {
namespace {

Status CheckName(std::string_view name) {
  if (name.empty() || name.size() > kKeyspaceNameBytesMax ||
      name.find('\0') != std::string_view::npos) {
    return Status(StatusCode::kInvalidArgument,
                  "a keyspace name has 1 to 255 bytes and no NUL; this one has " +
                      std::to_string(name.size()));
  }
  return Status();
}

Status NoSuch(std::string_view name) {
  return Status(StatusCode::kNotFound, "there is no keyspace '" + std::string(name) + "'");
}

Status Exists(std::string_view name) {
  return Status(StatusCode::kConflict,
                "a keyspace '" + std::string(name) + "' exists already");
}

}  // namespace

Result<Keyspace> Engine::CreateKeyspace(std::string_view name) {
  FIRN_RETURN_IF_ERROR(CheckName(name));
  MutexLock changing(keyspaces_mutex_);
  if (closed()) return Status(StatusCode::kClosed, "the store is closed");
  {
    MutexLock lock(state_.mutex);
    if (state_.by_name.contains(name)) return Exists(name);
  }
  const KeyspaceId id = next_keyspace_id_;
  if (id == UINT32_MAX) {
    return Status(StatusCode::kNotSupported, "all 2^32 keyspace ids of this store are used up");
  }
  VersionEdit edit;
  edit.created.emplace_back(id, std::string(name));
  edit.next_keyspace_id = id + 1;
  auto keyspace =
      std::make_shared<internal::KeyspaceState>(state_.token, id, std::string(name));
  FIRN_RETURN_IF_ERROR(
      versions_->Install(std::move(edit), nullptr, [&]() FIRN_NO_THREAD_ANALYSIS {
        keyspace->tree = std::make_shared<const Tree>();
        keyspace->PublishView();
        state_.by_id.emplace(id, keyspace);
        state_.by_name.emplace(std::string(name), keyspace);
      }));
  next_keyspace_id_ = id + 1;
  return Keyspace(std::move(keyspace));
}

Result<Keyspace> Engine::OpenKeyspace(std::string_view name) const {
  if (closed()) return Status(StatusCode::kClosed, "the store is closed");
  MutexLock lock(state_.mutex);
  const auto found = state_.by_name.find(name);
  if (found == state_.by_name.end()) return NoSuch(name);
  return Keyspace(found->second);
}

std::vector<std::string> Engine::ListKeyspaces() const {
  MutexLock lock(state_.mutex);
  std::vector<std::string> names;
  names.reserve(state_.by_name.size());
  for (const auto& [name, keyspace] : state_.by_name) names.push_back(name);
  return names;
}

Status Engine::DropKeyspace(std::string_view name) {
  MutexLock changing(keyspaces_mutex_);
  if (closed()) return Status(StatusCode::kClosed, "the store is closed");
  KeyspacePointer keyspace;
  {
    MutexLock lock(state_.mutex);
    const auto found = state_.by_name.find(name);
    if (found == state_.by_name.end()) return NoSuch(name);
    keyspace = found->second;
  }
  if (keyspace->id == kDefaultKeyspace) {
    return Status(StatusCode::kInvalidArgument,
                  "the default keyspace cannot be dropped; delete its range instead");
  }
  VersionEdit edit;
  edit.dropped.push_back(keyspace->id);
  const Status dropped =
      versions_->Install(std::move(edit), nullptr, [&]() FIRN_NO_THREAD_ANALYSIS {
        keyspace->dropped.store(true, std::memory_order_release);
      });
  if (!dropped.ok()) {
    // Perhaps the next open finds it dropped: a write acknowledged until then would go with it.
    if (versions_->uncertain()) {
      state_.SetBackgroundError(Status(
          StatusCode::kIo, "dropping a keyspace may or may not have reached the manifest (" +
                               std::string(dropped.message()) + ")"));
    }
    return dropped;
  }
  // Commits that passed their check before the flag was set must be done before the memtables go.
  pipeline_->WithCommitsHeld([&](ActiveMemtables& memtables, LogPosition) {
    MutexLock lock(state_.mutex);
    memtables.Drop(*keyspace);
    state_.by_id.erase(keyspace->id);
    state_.by_name.erase(keyspace->name);
    keyspace->Retract();
  });
  return Status();
}

Status Engine::RenameKeyspace(std::string_view from, std::string_view to) {
  FIRN_RETURN_IF_ERROR(CheckName(to));
  MutexLock changing(keyspaces_mutex_);
  if (closed()) return Status(StatusCode::kClosed, "the store is closed");
  KeyspacePointer keyspace;
  {
    MutexLock lock(state_.mutex);
    const auto found = state_.by_name.find(from);
    if (found == state_.by_name.end()) return NoSuch(from);
    if (state_.by_name.contains(to)) return from == to ? Status() : Exists(to);
    keyspace = found->second;
  }
  if (keyspace->id == kDefaultKeyspace) {
    return Status(StatusCode::kInvalidArgument, "the default keyspace cannot be renamed");
  }
  VersionEdit edit;
  edit.created.emplace_back(keyspace->id, std::string(to));
  return versions_->Install(std::move(edit), nullptr, [&]() FIRN_NO_THREAD_ANALYSIS {
    state_.by_name.erase(keyspace->name);
    keyspace->name = std::string(to);
    state_.by_name.emplace(keyspace->name, keyspace);
  });
}

}  // namespace firn
