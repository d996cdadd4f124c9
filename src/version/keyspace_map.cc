#include "version/keyspace_map.h"

#include <algorithm>

namespace firn {

std::size_t KeyspaceMap::BucketPosition(KeyspaceId id) const {
  const auto at = std::partition_point(buckets_.begin(), buckets_.end(), [&](const auto& bucket) {
    return bucket->index < id / kBucketIds;
  });
  return static_cast<std::size_t>(at - buckets_.begin());
}

const KeyspaceVersion* KeyspaceMap::Find(KeyspaceId id) const {
  const std::size_t position = BucketPosition(id);
  if (position == buckets_.size()) return nullptr;
  const auto& keyspaces = buckets_[position]->keyspaces;
  const auto at = std::partition_point(keyspaces.begin(), keyspaces.end(),
                                       [&](const auto& entry) { return entry.first < id; });
  return at != keyspaces.end() && at->first == id ? &at->second : nullptr;
}

void KeyspaceMap::Set(KeyspaceId id, KeyspaceVersion keyspace) {
  const std::size_t position = BucketPosition(id);
  const KeyspaceId index = id / kBucketIds;
  if (position == buckets_.size() || buckets_[position]->index != index) {
    auto bucket = std::make_shared<Bucket>();
    bucket->index = index;
    bucket->keyspaces.emplace_back(id, std::move(keyspace));
    buckets_.insert(buckets_.begin() + static_cast<std::ptrdiff_t>(position), std::move(bucket));
    ++size_;
    return;
  }
  auto bucket = std::make_shared<Bucket>(*buckets_[position]);
  const auto at = std::partition_point(bucket->keyspaces.begin(), bucket->keyspaces.end(),
                                       [&](const auto& entry) { return entry.first < id; });
  if (at != bucket->keyspaces.end() && at->first == id) {
    at->second = std::move(keyspace);
  } else {
    bucket->keyspaces.emplace(at, id, std::move(keyspace));
    ++size_;
  }
  buckets_[position] = std::move(bucket);
}

bool KeyspaceMap::Erase(KeyspaceId id) {
  if (Find(id) == nullptr) return false;
  const std::size_t position = BucketPosition(id);
  auto bucket = std::make_shared<Bucket>(*buckets_[position]);
  std::erase_if(bucket->keyspaces, [&](const auto& entry) { return entry.first == id; });
  if (bucket->keyspaces.empty()) {
    buckets_.erase(buckets_.begin() + static_cast<std::ptrdiff_t>(position));
  } else {
    buckets_[position] = std::move(bucket);
  }
  --size_;
  return true;
}

}  // namespace firn
