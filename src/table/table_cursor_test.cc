#include "table/table_cursor.h"

#include <gtest/gtest.h>

#include "table/table_fixture.h"
#include "testing/entry_cursor_contract.h"

namespace firn::testing {
namespace {

template <TableReader::CursorUse kUse, std::size_t kBlockBytes, Compression kCompression>
struct TableMaker {
  std::unique_ptr<EntryCursor> Make(const std::vector<Entry>& sorted) {
    const TableSettings settings{
        .block_bytes = kBlockBytes, .partition_blocks = 4, .compression = kCompression};
    // A table cannot be empty; a range tombstone makes one without entries.
    std::vector<RangeTombstone> tombstones;
    if (sorted.empty()) tombstones.push_back({"a", "b", 1});
    reader = fixture.WriteAndOpen(sorted, settings, tombstones);
    return reader->NewCursor(kUse);
  }
  TableFixture fixture;
  std::shared_ptr<const TableReader> reader;
};

using Use = TableReader::CursorUse;
using ReadMaker = TableMaker<Use::kRead, 1024, Compression::kNone>;
using ReadTinyMaker = TableMaker<Use::kRead, 96, Compression::kLz4>;
using JobMaker = TableMaker<Use::kJob, 1024, Compression::kNone>;
using JobTinyMaker = TableMaker<Use::kJob, 96, Compression::kZstd>;
using Makers = ::testing::Types<ReadMaker, ReadTinyMaker, JobMaker, JobTinyMaker>;
INSTANTIATE_TYPED_TEST_SUITE_P(Table, EntryCursorContract, Makers);

std::vector<Entry> NumberedEntries(EntrySet& set, int count) {
  for (int i = 0; i < count; ++i) {
    char key[16];
    std::snprintf(key, sizeof(key), "key%06d", i);
    set.Put(key, std::string(100, 'v'), 1);
  }
  return set.Sorted();
}

TEST(TableCursor, KeepsItsBlockAliveWhileFramesAreEvicted) {
  TableFixture fixture;
  EntrySet set;
  const auto reader = fixture.WriteAndOpen(NumberedEntries(set, 2000));
  const auto cursor = reader->NewCursor(Use::kRead);
  EntryBatch batch;
  ExpectOk(cursor->Seek("key000500"));
  ExpectOk(cursor->Next(batch, 3));
  ASSERT_EQ(batch.count, 3u);
  fixture.ledger().Add(MemoryClass::kMemtable, std::uint64_t{1} << 40);
  fixture.frames().EvictExcess();
  EpochDomain::Process().Drain();
  fixture.ledger().Remove(MemoryClass::kMemtable, std::uint64_t{1} << 40);
  EXPECT_EQ(batch.entries[0].key, "key000500");
  EXPECT_EQ(batch.entries[2].value, std::string(100, 'v'));
  ExpectOk(cursor->Next(batch, 3));
  EXPECT_EQ(batch.entries[0].key, "key000503");
}

TEST(TableCursor, AJobLeavesNoFramesAndAccountsForItsReadAhead) {
  TableFixture fixture;
  EntrySet set;
  const auto reader = fixture.WriteAndOpen(NumberedEntries(set, 10000));
  const auto cursor = reader->NewCursor(Use::kJob);
  std::vector<CopiedEntry> entries;
  ExpectOk(ReadAll(*cursor, true, &entries));
  EXPECT_EQ(entries.size(), 10000u);
  EXPECT_EQ(fixture.frames().frames(), 0u);
  EXPECT_GE(fixture.ledger().used(MemoryClass::kJob), StreamSource::kPieceBytes);
}

TEST(TableCursor, AnErrorIsAnsweredAgainUntilTheNextSeek) {
  TableFixture fixture;
  EntrySet set;
  const auto reader = fixture.WriteAndOpen(NumberedEntries(set, 1000));
  const auto cursor = reader->NewCursor(Use::kRead);
  EntryBatch batch;
  ExpectOk(cursor->SeekToFirst());
  ExpectOk(fixture.file_system().Corrupt("/000001.table", [](std::string& bytes) {
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  }));
  Status status;
  int calls = 0;
  do {
    status = cursor->Next(batch, 64);
    ASSERT_TRUE(!status.ok() || batch.count > 0) << "damage looked like the end";
  } while (status.ok() && ++calls < 1000);
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_EQ(cursor->Next(batch, 64).code(), StatusCode::kCorruption);
  EXPECT_EQ(cursor->Prev(batch, 64).code(), StatusCode::kCorruption);
  ExpectOk(cursor->SeekToFirst());
  ExpectOk(cursor->Next(batch, 64));
  EXPECT_EQ(batch.entries[0].key, "key000000");
}

}  // namespace
}  // namespace firn::testing
