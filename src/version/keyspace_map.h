// The keyspaces of a version: a map whose copies share all but what changes after the copy.
//
// Ids are grouped in buckets of kBucketIds. A copy copies one pointer per bucket, a change one
// bucket, so an edit of one keyspace among thousands costs microseconds and no allocation per
// keyspace. Threads: like a std::map; the shared parts are immutable.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/types.h"

namespace firn {

struct Tree;

struct KeyspaceVersion {
  std::string name;
  std::shared_ptr<const Tree> tree;  // never null inside a version
};

class KeyspaceMap {
 public:
  static constexpr KeyspaceId kBucketIds = 64;

  [[nodiscard]] std::size_t size() const { return size_; }
  // Null when there is none. Valid until this map changes.
  [[nodiscard]] const KeyspaceVersion* Find(KeyspaceId id) const;
  // Inserts or replaces.
  void Set(KeyspaceId id, KeyspaceVersion keyspace);
  // False when there is none.
  bool Erase(KeyspaceId id);

  // Calls visit(KeyspaceId, const KeyspaceVersion&) in ascending order of ids.
  template <typename Visitor>
  void ForEach(Visitor&& visit) const {
    for (const auto& bucket : buckets_) {
      for (const auto& [id, keyspace] : bucket->keyspaces) visit(id, keyspace);
    }
  }

 private:
  struct Bucket {
    KeyspaceId index = 0;                                           // id / kBucketIds
    std::vector<std::pair<KeyspaceId, KeyspaceVersion>> keyspaces;  // ascending, never empty
  };

  [[nodiscard]] std::size_t BucketPosition(KeyspaceId id) const;

  std::vector<std::shared_ptr<const Bucket>> buckets_;  // ascending by index
  std::size_t size_ = 0;
};

}  // namespace firn
