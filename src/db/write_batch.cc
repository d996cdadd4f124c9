#include "firn/write_batch.h"

#include "db/keyspace_state.h"
#include "format/batch.h"

namespace firn {

void WriteBatch::Refuse(const std::string& why) {
  if (!status_.ok()) return;
  status_ = Status(StatusCode::kInvalidArgument,
                   "operation " + std::to_string(count_) + " of the batch: " + why);
}

void WriteBatch::Append(std::uint8_t kind, Slice key, Slice value, const Keyspace& keyspace) {
  const auto entry_kind = static_cast<EntryKind>(kind);
  const std::size_t value_max =
      entry_kind == EntryKind::kRangeDelete ? kKeyBytesMax : kValueBytesMax;
  if (key.size() > kKeyBytesMax || value.size() > value_max) {
    return Refuse("key of " + std::to_string(key.size()) + " and value of " +
                  std::to_string(value.size()) + " bytes; the most is 65536 and " +
                  std::to_string(value_max));
  }
  if (encoded_.size() + key.size() + value.size() > kBatchBytesMax) {
    return Refuse("the batch would be larger than " + std::to_string(kBatchBytesMax) + " bytes");
  }
  if (keyspace.state() != nullptr) {
    if (store_ != 0 && store_ != keyspace.state()->owner) {
      return Refuse("its keyspace belongs to another store than those before it");
    }
    store_ = keyspace.state()->owner;
  }
  AppendOperation(encoded_, BatchOperation{entry_kind, keyspace.id(), key, value});
  ++count_;
}

void WriteBatch::Put(Slice key, Slice value, const Keyspace& keyspace) {
  Append(static_cast<std::uint8_t>(EntryKind::kPut), key, value, keyspace);
}

void WriteBatch::Delete(Slice key, const Keyspace& keyspace) {
  Append(static_cast<std::uint8_t>(EntryKind::kDelete), key, Slice(), keyspace);
}

void WriteBatch::DeleteRange(Slice begin, Slice end, const Keyspace& keyspace) {
  Append(static_cast<std::uint8_t>(EntryKind::kRangeDelete), begin, end, keyspace);
}

void WriteBatch::Clear() {
  encoded_.clear();
  count_ = 0;
  store_ = 0;
  status_ = Status();
}

}  // namespace firn
