// The encoding of a batch: what WriteBatch builds, the log stores and recovery replays
// (docs/format/log.md, "Batch"). One operation after the other:
//   kind u8 | keyspace varint32 | key length varint | value length varint | key | value
// A range delete stores begin as key and end as value; a delete has an empty value.
#pragma once

#include <string>

#include "base/coding.h"
#include "base/seeded_bug.h"
#include "base/types.h"
#include "firn/status.h"

namespace firn {

struct BatchOperation {
  EntryKind kind = EntryKind::kPut;
  KeyspaceId keyspace = kDefaultKeyspace;
  Slice key;
  Slice value;
};

inline constexpr std::size_t kBatchOperationHeaderBytesMax = 1 + 3 * kVarint32BytesMax;

// Writes what stands before key and value; `to` has room for kBatchOperationHeaderBytesMax.
inline std::size_t EncodeOperationHeader(char* to, const BatchOperation& operation) {
  char* cursor = to;
  *cursor++ = static_cast<char>(operation.kind);
  cursor = StoreVarint(cursor, operation.keyspace);
  cursor = StoreVarint(cursor, operation.key.size());
  const bool narrow = BugIsOn(SeededBug::kValueLengthInSixteenBits);
  cursor = StoreVarint(cursor, narrow ? operation.value.size() & 0xFFFF : operation.value.size());
  return static_cast<std::size_t>(cursor - to);
}

void AppendOperation(std::string& to, const BatchOperation& operation);

// Reads the operations of an encoded batch; malformed bytes end it with kCorruption.
class BatchReader {
 public:
  explicit BatchReader(Slice encoded) : reader_(encoded) {}
  // False at the end or on damage; then status() tells which.
  [[nodiscard]] bool Next(BatchOperation* operation);
  [[nodiscard]] Status status() const { return status_; }

 private:
  bool Fail(const char* what);

  ByteReader reader_;
  Status status_;
};

}  // namespace firn
