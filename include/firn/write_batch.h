// Several writes that happen together or not at all, across keyspaces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "firn/export.h"
#include "firn/options.h"
#include "firn/slice.h"
#include "firn/status.h"

namespace firn {

// Later operations of a batch win over earlier ones on the same key.
// Threads: one at a time. Reusable: Db::Write leaves it unchanged, Clear empties it.
class FIRN_EXPORT WriteBatch {
 public:
  // Copy their arguments. Limits (key 64 KiB, value 1 GiB, batch 1 GiB) are checked by Db::Write.
  void Put(Slice key, Slice value, const Keyspace& keyspace = {});
  void Delete(Slice key, const Keyspace& keyspace = {});
  // Deletes [begin, end); a range with end <= begin deletes nothing.
  void DeleteRange(Slice begin, Slice end, const Keyspace& keyspace = {});
  void Clear();

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t bytes() const { return encoded_.size(); }
  // The encoded operations (docs/format.md, "Batch"). Valid until the batch changes.
  [[nodiscard]] Slice encoded() const { return encoded_; }
  // Which open store the keyspaces belong to; 0 while only the default one was named without a
  // handle. For the library itself.
  [[nodiscard]] std::uint64_t store() const { return store_; }
  // The first limit an operation broke, if any; Db::Write answers with it.
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  void Append(std::uint8_t kind, Slice key, Slice value, const Keyspace& keyspace);
  void Refuse(const std::string& why);

  std::string encoded_;
  std::size_t count_ = 0;
  std::uint64_t store_ = 0;
  Status status_;
};

}  // namespace firn
