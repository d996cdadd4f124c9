// The sequences some reader still needs, and the handles that hold them.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/mutex.h"
#include "base/types.h"

namespace firn {

// Threads: guarded by the mutex given, which is the engine's state mutex: a compaction reads the
// list and chooses its inputs under it as one step (rule C1).
class SnapshotRegistry {
 public:
  void Insert(SequenceNumber sequence) { sequences_.insert(sequence); }
  void Erase(SequenceNumber sequence) { sequences_.erase(sequences_.find(sequence)); }
  [[nodiscard]] std::vector<SequenceNumber> List() const {
    return {sequences_.begin(), sequences_.end()};
  }
  [[nodiscard]] std::optional<SequenceNumber> Oldest() const {
    return sequences_.empty() ? std::nullopt : std::optional(*sequences_.begin());
  }
  [[nodiscard]] std::size_t size() const { return sequences_.size(); }

 private:
  std::multiset<SequenceNumber> sequences_;
};

}  // namespace firn
