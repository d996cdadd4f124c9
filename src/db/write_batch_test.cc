#include "firn/write_batch.h"

#include "db/store_fixture.h"

namespace firn::testing {
namespace {

TEST(WriteBatch, TheLastOperationOnAKeyWins) {
  const Machine machine;
  auto db = machine.Open();
  WriteBatch batch;
  batch.Put("a", "1");
  batch.Put("a", "2");
  batch.Put("b", "1");
  batch.Delete("b");
  batch.Delete("c");
  batch.Put("c", "3");
  batch.Put("d", "1");
  batch.DeleteRange("d", "e");
  batch.Put("dd", "after");
  ASSERT_TRUE(db->Write(batch).ok());
  EXPECT_EQ(Scanned(*db), "a=2 c=3 dd=after ");
  ASSERT_TRUE(db->Flush().ok());
  EXPECT_EQ(Scanned(*db), "a=2 c=3 dd=after ") << "a flush keeps the order inside a batch";
  EXPECT_EQ(Got(*db, "d"), "absent");
}

TEST(WriteBatch, AnEmptyOneIsLegalAndChangesNothing) {
  const Machine machine;
  auto db = machine.Open();
  const std::uint64_t before = db->GetStats().last_sequence;
  EXPECT_TRUE(db->Write(WriteBatch()).ok());
  EXPECT_EQ(db->GetStats().last_sequence, before);
}

TEST(WriteBatch, IsReusableAfterAWriteAndAfterClear) {
  const Machine machine;
  auto db = machine.Open();
  WriteBatch batch;
  batch.Put("a", "1");
  ASSERT_TRUE(db->Write(batch).ok());
  ASSERT_TRUE(db->Delete("a").ok());
  ASSERT_TRUE(db->Write(batch).ok());
  EXPECT_EQ(Got(*db, "a"), "1");
  batch.Put(std::string((64 << 10) + 1, 'k'), "");
  EXPECT_EQ(db->Write(batch).code(), StatusCode::kInvalidArgument);
  batch.Clear();
  EXPECT_TRUE(batch.empty());
  batch.Put("b", "2");
  EXPECT_TRUE(db->Write(batch).ok());
}

TEST(WriteBatch, KeepsTheFirstLimitBrokenAndWritesNothingThen) {
  const Machine machine;
  auto db = machine.Open();
  WriteBatch batch;
  batch.Put("good", "value");
  batch.Put(std::string((64 << 10) + 1, 'k'), "v");
  batch.DeleteRange("a", std::string((64 << 10) + 1, 'k'));
  EXPECT_EQ(batch.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(batch.status().message().find("operation 1"), std::string_view::npos);
  EXPECT_EQ(db->Write(batch).ToString(), batch.status().ToString());
  EXPECT_EQ(Got(*db, "good"), "absent");
}

TEST(WriteBatch, RefusesToGrowBeyondItsLimit) {
  // The views alone are long: the refused bytes are never touched.
  WriteBatch batch;
  const char byte = 'x';
  batch.Put("k", Slice(&byte, (std::size_t{1} << 30) + 1));
  EXPECT_EQ(batch.status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(batch.empty());

  batch.Clear();
  const std::string filling(3 << 20, 'f');
  batch.Put("k", filling);
  batch.Put("k", Slice(&byte, std::size_t{1} << 30));
  EXPECT_EQ(batch.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(batch.status().message().find("larger"), std::string_view::npos);
  EXPECT_EQ(batch.count(), 1u);
}

TEST(WriteBatch, AKeyspaceOfAnotherStoreIsRefused) {
  const Machine machine;
  const Machine other;
  auto db = machine.Open();
  auto foreign = other.Open();
  const Keyspace here = db->CreateKeyspace("k").value();
  const Keyspace there = foreign->CreateKeyspace("k").value();
  WriteBatch batch;
  batch.Put("a", "1", there);
  EXPECT_EQ(db->Write(batch).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(foreign->Write(batch).ok());
  batch.Put("a", "1", here);
  EXPECT_EQ(batch.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Scanned(*db, {.keyspace = here}), "");
}

TEST(WriteBatch, SpansKeyspacesAndFailsWholeWhenOneWasDropped) {
  const Machine machine;
  auto db = machine.Open();
  const Keyspace one = db->CreateKeyspace("one").value();
  const Keyspace two = db->CreateKeyspace("two").value();
  WriteBatch batch;
  batch.Put("a", "1");
  batch.Put("a", "2", one);
  batch.Put("a", "3", two);
  ASSERT_TRUE(db->Write(batch).ok());
  EXPECT_EQ(Got(*db, "a"), "1");
  EXPECT_EQ(Got(*db, "a", {.keyspace = one}), "2");
  EXPECT_EQ(Got(*db, "a", {.keyspace = two}), "3");
  ASSERT_TRUE(db->DropKeyspace("two").ok());
  ASSERT_TRUE(db->Delete("a").ok());
  EXPECT_EQ(db->Write(batch).code(), StatusCode::kNotFound);
  EXPECT_EQ(Got(*db, "a"), "absent");
}

}  // namespace
}  // namespace firn::testing
