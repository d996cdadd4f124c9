#include "format/batch.h"

#include "base/seeded_bug.h"

namespace firn {

void AppendOperation(std::string& to, const BatchOperation& operation) {
  char header[kBatchOperationHeaderBytesMax];
  to.append(header, EncodeOperationHeader(header, operation));
  to.append(operation.key);
  to.append(operation.value);
}

bool BatchReader::Fail(const char* what) {
  status_ = Status(StatusCode::kCorruption, std::string("batch: ") + what + " at byte " +
                                                std::to_string(reader_.offset()));
  return false;
}

bool BatchReader::Next(BatchOperation* operation) {
  if (!status_.ok() || reader_.empty()) return false;
  std::uint8_t kind = 0;
  std::uint64_t keyspace = 0;
  std::uint64_t key_bytes = 0;
  std::uint64_t value_bytes = 0;
  if (!reader_.ReadFixed(&kind)) return Fail("missing kind");
  if (kind < static_cast<std::uint8_t>(EntryKind::kPut) ||
      kind > static_cast<std::uint8_t>(EntryKind::kRangeDelete)) {
    return Fail("unknown kind");
  }
  operation->kind = static_cast<EntryKind>(kind);
  if (!reader_.ReadVarintUpTo(UINT32_MAX, &keyspace)) return Fail("bad keyspace");
  const bool too_strict = BugIsOn(SeededBug::kReplayRefusesLongestKey);
  const std::uint64_t key_max = kKeyBytesMax - (too_strict ? 1 : 0);
  if (!reader_.ReadVarintUpTo(key_max, &key_bytes)) return Fail("bad key length");
  const std::uint64_t value_max = operation->kind == EntryKind::kPut ? kValueBytesMax
                                  : operation->kind == EntryKind::kDelete ? 0
                                                                          : kKeyBytesMax;
  if (!reader_.ReadVarintUpTo(value_max, &value_bytes)) return Fail("bad value length");
  operation->keyspace = static_cast<KeyspaceId>(keyspace);
  if (!reader_.ReadBytes(static_cast<std::size_t>(key_bytes), &operation->key)) {
    return Fail("key runs past the end");
  }
  if (!reader_.ReadBytes(static_cast<std::size_t>(value_bytes), &operation->value)) {
    return Fail("value runs past the end");
  }
  return true;
}

}  // namespace firn
