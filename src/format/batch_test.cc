#include "format/batch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace firn {
namespace {

std::string SomeBatch() {
  std::string batch;
  AppendOperation(batch, {EntryKind::kPut, kDefaultKeyspace, "key", "value"});
  AppendOperation(batch, {EntryKind::kDelete, 300, "gone", ""});
  AppendOperation(batch, {EntryKind::kRangeDelete, kDefaultKeyspace, "a", "b"});
  AppendOperation(batch, {EntryKind::kPut, UINT32_MAX, "", ""});
  return batch;
}

std::size_t CountOperations(Slice encoded, Status* status) {
  BatchReader reader(encoded);
  BatchOperation operation;
  std::size_t count = 0;
  while (reader.Next(&operation)) ++count;
  *status = reader.status();
  return count;
}

TEST(Batch, ReadsBackWhatWasWritten) {
  const std::string batch = SomeBatch();
  BatchReader reader(batch);
  BatchOperation operation;
  ASSERT_TRUE(reader.Next(&operation));
  EXPECT_EQ(operation.kind, EntryKind::kPut);
  EXPECT_EQ(operation.keyspace, kDefaultKeyspace);
  EXPECT_EQ(operation.key, "key");
  EXPECT_EQ(operation.value, "value");
  ASSERT_TRUE(reader.Next(&operation));
  EXPECT_EQ(operation.kind, EntryKind::kDelete);
  EXPECT_EQ(operation.keyspace, 300u);
  EXPECT_EQ(operation.key, "gone");
  EXPECT_TRUE(operation.value.empty());
  ASSERT_TRUE(reader.Next(&operation));
  EXPECT_EQ(operation.kind, EntryKind::kRangeDelete);
  EXPECT_EQ(operation.key, "a");
  EXPECT_EQ(operation.value, "b");
  ASSERT_TRUE(reader.Next(&operation));
  EXPECT_EQ(operation.keyspace, UINT32_MAX);
  EXPECT_TRUE(operation.key.empty());
  EXPECT_FALSE(reader.Next(&operation));
  EXPECT_TRUE(reader.status().ok());
}

TEST(Batch, LengthsAtEveryBoundaryComeBack) {
  for (const std::size_t key_bytes : {0u, 1u, 127u, 128u, 16383u, 16384u, 65535u, 65536u}) {
    for (const std::size_t value_bytes :
         {0u, 1u, 255u, 256u, 65535u, 65536u, 2097151u, 2097152u}) {
      const std::string key(key_bytes, 'k');
      const std::string value(value_bytes, 'v');
      std::string batch;
      AppendOperation(batch, {EntryKind::kPut, kDefaultKeyspace, key, value});
      AppendOperation(batch, {EntryKind::kDelete, kDefaultKeyspace, key, ""});
      BatchReader reader(batch);
      BatchOperation operation;
      ASSERT_TRUE(reader.Next(&operation)) << key_bytes << ", " << value_bytes;
      ASSERT_TRUE(operation.key == key && operation.value == value);
      ASSERT_TRUE(reader.Next(&operation)) << key_bytes << ", " << value_bytes;
      ASSERT_TRUE(operation.kind == EntryKind::kDelete && operation.key == key);
      ASSERT_FALSE(reader.Next(&operation));
      ASSERT_TRUE(reader.status().ok());
    }
  }
  static_assert(kKeyBytesMax == 65536);
}

// The example of docs/format/log.md.
TEST(Batch, HasTheDocumentedBytes) {
  std::string batch;
  AppendOperation(batch, {EntryKind::kPut, kDefaultKeyspace, "key", "value"});
  AppendOperation(batch, {EntryKind::kDelete, 300, "gone", ""});
  EXPECT_EQ(batch, std::string("\x01\x00\x03\x05keyvalue\x02\xac\x02\x04\x00gone", 21));
}

TEST(Batch, EveryTruncationInsideAnOperationIsCorruption) {
  const std::string batch = SomeBatch();
  const std::size_t whole[] = {0, 12, 21, 27, batch.size()};
  std::size_t complete = 0;
  for (std::size_t length = 0; length <= batch.size(); ++length) {
    Status status;
    const std::size_t count = CountOperations(Slice(batch).substr(0, length), &status);
    if (length == whole[complete + 1]) ++complete;
    EXPECT_EQ(count, complete) << length;
    EXPECT_EQ(status.ok(), length == whole[complete]) << length;
  }
  EXPECT_EQ(complete, 4u);
}

TEST(Batch, RefusesUnknownKindsAndLengthsBeyondTheLimits) {
  const auto refused = [](const std::string& encoded) {
    Status status;
    return CountOperations(encoded, &status) == 0 && status.code() == StatusCode::kCorruption;
  };
  const auto header = [](EntryKind kind, std::uint64_t keyspace, std::uint64_t key_bytes,
                         std::uint64_t value_bytes) {
    std::string encoded(1, static_cast<char>(kind));
    AppendVarint(encoded, keyspace);
    AppendVarint(encoded, key_bytes);
    AppendVarint(encoded, value_bytes);
    return encoded;
  };
  for (const int kind : {0, 4, 5, 6, 255}) {
    EXPECT_TRUE(refused(header(static_cast<EntryKind>(kind), 0, 0, 0))) << kind;
  }
  EXPECT_TRUE(refused(header(EntryKind::kPut, std::uint64_t{1} << 32, 0, 0)));
  EXPECT_TRUE(refused(header(EntryKind::kPut, 0, kKeyBytesMax + 1, 0)));
  EXPECT_TRUE(refused(header(EntryKind::kPut, 0, 0, kValueBytesMax + 1)));
  EXPECT_TRUE(refused(header(EntryKind::kPut, 0, 0, UINT64_MAX)));
  EXPECT_TRUE(refused(header(EntryKind::kDelete, 0, 1, 1) + "kv"));
  EXPECT_TRUE(refused(header(EntryKind::kRangeDelete, 0, 0, kKeyBytesMax + 1)));
  EXPECT_TRUE(refused(std::string("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11)));
}

TEST(Batch, StaysAtItsFirstError) {
  const std::string encoded = std::string("\x09", 1) + SomeBatch();
  BatchReader reader(encoded);
  BatchOperation operation;
  EXPECT_FALSE(reader.Next(&operation));
  EXPECT_FALSE(reader.Next(&operation));
  EXPECT_EQ(reader.status().code(), StatusCode::kCorruption);
}

}  // namespace
}  // namespace firn
