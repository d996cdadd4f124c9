#include <gtest/gtest.h>

#include <random>

#include "table/block.h"
#include "table/table_fixture.h"

namespace firn::testing {
namespace {

struct Shape {
  const char* name;
  std::size_t block_bytes;
  std::size_t partition_blocks;
  Compression compression;
  std::uint32_t filter_bits;
};

class TableRoundTrip : public ::testing::TestWithParam<Shape> {
 protected:
  TableSettings Settings() const {
    return {.block_bytes = GetParam().block_bytes,
            .partition_blocks = GetParam().partition_blocks,
            .filter_bits_per_key = GetParam().filter_bits,
            .compression = GetParam().compression};
  }

  // Everything a table promises about what was written into it.
  void ExpectRoundTrip(const EntrySet& set) {
    const std::vector<Entry> entries = set.Sorted();
    const auto reader = fixture_.WriteAndOpen(entries, Settings());
    const auto copies = Copied(entries);
    for (const auto use : {TableReader::CursorUse::kRead, TableReader::CursorUse::kJob}) {
      const auto cursor = reader->NewCursor(use);
      std::vector<CopiedEntry> forwards;
      ExpectOk(ReadAll(*cursor, true, &forwards));
      EXPECT_EQ(forwards, copies);
      std::vector<CopiedEntry> backwards;
      ExpectOk(ReadAll(*cursor, false, &backwards));
      std::reverse(backwards.begin(), backwards.end());
      EXPECT_EQ(backwards, copies);
    }
    for (const Entry& entry : entries) {
      const std::string expected =
          entry.kind == EntryKind::kDelete
              ? "delete@" + std::to_string(entry.sequence)
              : std::string(entry.value) + "@" + std::to_string(entry.sequence);
      ASSERT_EQ(Lookup(*reader, entry.key, entry.sequence), expected);
      ASSERT_EQ(Lookup(*reader, std::string(entry.key) + '\0' + "absent"), "none");
    }
    std::uint64_t done = 0;
    ExpectOk(reader->Verify([&done](std::uint64_t bytes) { done = bytes; }, {}));
    EXPECT_EQ(done, reader->metadata().file_bytes);
    EXPECT_EQ(reader->metadata().entries, entries.size());
    EXPECT_EQ(reader->metadata().lower, entries.front().key);
    EXPECT_EQ(reader->metadata().upper, entries.back().key);
  }

  TableFixture fixture_;
};

TEST_P(TableRoundTrip, RandomKeys) {
  std::mt19937_64 random(1);
  EntrySet set;
  for (int i = 0; i < 3000; ++i) {
    char key[17];
    std::snprintf(key, sizeof(key), "%016llx", static_cast<unsigned long long>(random()));
    set.Put(key, std::string(static_cast<std::size_t>(i % 120), static_cast<char>('a' + i % 26)));
  }
  ExpectRoundTrip(set);
}

TEST_P(TableRoundTrip, KeysThatShareLongPrefixesAndEqualHeads) {
  EntrySet set;
  const std::string path = "/a/rather/long/common/directory/";
  for (int i = 0; i < 500; ++i) {
    set.Put(path + std::to_string(i / 10) + "/equalheads/" + std::to_string(i), "v", 7);
    set.Put("other/" + std::string(40, 'x') + std::to_string(i), std::string(30, 'y'), 9);
  }
  ExpectRoundTrip(set);
}

TEST_P(TableRoundTrip, ShortBinaryAndPaddedTwinKeys) {
  EntrySet set;
  for (int length = 0; length < 20; ++length) {
    set.Put(std::string(static_cast<std::size_t>(length), '\0'), "zeros", 3);
    if (length > 0) set.Put(std::string(static_cast<std::size_t>(length), '\xFF'), "ones", 4);
    set.Put("head" + std::string(static_cast<std::size_t>(length), '\0'), "padded", 5);
  }
  for (int byte = 1; byte < 255; ++byte) set.Put(std::string(1, static_cast<char>(byte)), "", 6);
  ExpectRoundTrip(set);
}

TEST_P(TableRoundTrip, LargeKeysAndValuesBetweenSmallOnes) {
  EntrySet set;
  for (int i = 0; i < 40; ++i) {
    const auto letter = static_cast<char>('a' + i % 26);
    set.Put("small" + std::to_string(i), "s", 1);
    if (i % 8 == 0) set.Put(std::string(kKeyBytesMax, letter), std::string(100, letter), 2);
    if (i % 13 == 0) set.Put("small" + std::to_string(i) + "big", std::string(300000, letter), 3);
  }
  ExpectRoundTrip(set);
}

TEST_P(TableRoundTrip, VersionsAndDeletesOverBlockAndPartitionBorders) {
  EntrySet set;
  for (SequenceNumber sequence = 1; sequence <= 900; ++sequence) {
    if (sequence % 7 == 0) {
      set.Delete("hot", sequence);
    } else {
      set.Put("hot", "value" + std::to_string(sequence), sequence);
    }
  }
  set.Put("cold", "before", 3);
  set.Put("hot!", "behind", 4);
  set.Put("warm", "w", kSequenceMax);
  ExpectRoundTrip(set);
}

INSTANTIATE_TEST_SUITE_P(Shapes, TableRoundTrip,
                         ::testing::Values(Shape{"Plain", 6 << 10, 256, Compression::kNone, 10},
                                           Shape{"TinyBlocks", 128, 3, Compression::kNone, 10},
                                           Shape{"OneEntryBlocks", 1, 1, Compression::kNone, 10},
                                           Shape{"BigBlocks", 64 << 10, 2, Compression::kLz4, 10},
                                           Shape{"Lz4", 4 << 10, 8, Compression::kLz4, 10},
                                           Shape{"Zstd", 4 << 10, 8, Compression::kZstd, 10},
                                           Shape{"NoFilter", 1 << 10, 16, Compression::kNone, 0},
                                           Shape{"ThinFilter", 512, 16, Compression::kNone, 2}),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(Table, FindsTheNewestVersionAtEverySequence) {
  TableFixture fixture;
  EntrySet set;
  for (SequenceNumber sequence = 10; sequence <= 1000; sequence += 10) {
    set.Put("key", std::to_string(sequence), sequence);
  }
  const auto reader =
      fixture.WriteAndOpen(set.Sorted(), {.block_bytes = 100, .partition_blocks = 2});
  EXPECT_EQ(Lookup(*reader, "key", 9), "none");
  for (SequenceNumber at = 10; at < 1020; ++at) {
    const std::string newest = std::to_string(std::min<SequenceNumber>(at / 10 * 10, 1000));
    ASSERT_EQ(Lookup(*reader, "key", at), newest + "@" + newest);
  }
}

TEST(Table, LeavesTheSequenceColumnOutWhenAllArePutsOlderThanEverySnapshot) {
  TableFixture fixture;
  EntrySet settled;
  EntrySet recent;
  for (int i = 100; i < 140; ++i) {
    settled.Put("key" + std::to_string(i), "value", 0);
    recent.Put("key" + std::to_string(i), "value", 5);
  }
  const auto without = fixture.Write(FileNumber{1}, settled.Sorted());
  const auto with = fixture.Write(FileNumber{2}, recent.Sorted());
  EXPECT_EQ(with->file_bytes, without->file_bytes + 40 * 4);
}

TEST(Table, MetadataDescribesTheContents) {
  TableFixture fixture;
  EntrySet set;
  set.Put("b", "12345", 7);
  set.Delete("c", 9);
  const std::vector<RangeTombstone> tombstones = {{"a", "b", 4}, {"c", "x", 12}};
  const auto reader = fixture.WriteAndOpen(set.Sorted(), {}, tombstones);
  const TableMetadata& metadata = reader->metadata();
  EXPECT_EQ(metadata.lower, "a");
  EXPECT_EQ(metadata.upper, "x");
  EXPECT_TRUE(metadata.upper_exclusive);
  EXPECT_EQ(metadata.entries, 2u);
  EXPECT_EQ(metadata.deletes, 1u);
  EXPECT_EQ(metadata.range_tombstones, 2u);
  EXPECT_EQ(metadata.key_bytes, 2u);
  EXPECT_EQ(metadata.value_bytes, 5u);
  EXPECT_EQ(metadata.sequence_min, 4u);
  EXPECT_EQ(metadata.sequence_max, 12u);
  EXPECT_EQ(metadata.file_bytes, *fixture.file_system().FileSize("/000001.table"));
  ExpectOk(reader->Verify({}, {}));
  const auto loaded = reader->Tombstones();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ((*loaded)->MaxCovering("d", kSequenceMax), 12u);
  EXPECT_EQ((*loaded)->MaxCovering("b", kSequenceMax), 0u);
}

TEST(Table, MayHoldRangeTombstonesOnly) {
  TableFixture fixture;
  const std::vector<RangeTombstone> tombstones = {{"k", "m", 3}};
  const auto reader = fixture.WriteAndOpen({}, {}, tombstones);
  EXPECT_EQ(Lookup(*reader, "l"), "none");
  std::vector<CopiedEntry> entries;
  ExpectOk(ReadAll(*reader->NewCursor(TableReader::CursorUse::kRead), true, &entries));
  ExpectOk(ReadAll(*reader->NewCursor(TableReader::CursorUse::kJob), false, &entries));
  EXPECT_TRUE(entries.empty());
  EXPECT_EQ((*reader->Tombstones())->MaxCovering("l", 10), 3u);
  ExpectOk(reader->Verify({}, {}));
}

TEST(Table, TouchesNoFileUntilTheFirstRead) {
  TableFixture fixture;
  TableMetadata metadata;
  metadata.number = FileNumber{77};
  metadata.file_bytes = 1000;
  const auto reader = fixture.Open(metadata);
  EXPECT_NE(reader->NewCursor(TableReader::CursorUse::kRead), nullptr);
  ASSERT_TRUE(reader->Tombstones().ok());
  reader->Prefetch(LookupKey("key"));
  EXPECT_EQ(Lookup(*reader, "key"), "not found");
}

TEST(Table, ReleaseRunsTheActionOnceAndLeavesNothingBehind) {
  TableFixture fixture;
  int released = 0;
  {
    EntrySet set;
    for (int i = 0; i < 1000; ++i) set.Put("key" + std::to_string(i), std::string(50, 'v'), 3);
    const auto reader = fixture.WriteAndOpen(set.Sorted(), {}, {{"a", "b", 1}});
    reader->OnLastRelease([&] {
      ++released;
      ExpectOk(fixture.file_system().Remove("/000001.table"));
    });
    ASSERT_TRUE(reader->Tombstones().ok());
    EXPECT_EQ(Lookup(*reader, "key7"), std::string(50, 'v') + "@3");
    EXPECT_GT(fixture.ledger().used(MemoryClass::kFrame), 0u);
    EXPECT_GT(fixture.ledger().used(MemoryClass::kTable), 0u);
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
  EpochDomain::Process().Drain();
  EpochDomain::Process().Drain();
  EXPECT_EQ(fixture.frames().frames(), 0u);
  EXPECT_EQ(fixture.ledger().used(), 0u);
  EXPECT_EQ(fixture.file_system().open_handles(), 0u);
}

TEST(Table, RefusesTheTableOfAnotherStoreOrNumber) {
  TableFixture fixture;
  EntrySet set;
  set.Put("k", "v");
  auto metadata = fixture.Write(FileNumber{1}, set.Sorted());
  ASSERT_TRUE(metadata.ok());
  TableContext other = fixture.context();
  other.database.low += 1;
  EXPECT_EQ(Lookup(*TableReader::Make(other, *metadata), "k"), "corruption");
  ExpectOk(fixture.file_system().Link("/000001.table", "/000002.table"));
  metadata->number = FileNumber{2};
  EXPECT_EQ(Lookup(*fixture.Open(*metadata), "k"), "corruption");
}

TEST(Table, FailedWritesAndSyncsAreErrorsOfFinish) {
  EntrySet set;
  for (int i = 0; i < 100; ++i) set.Put("key" + std::to_string(i), std::string(100, 'v'));
  for (std::uint64_t call = 1; call < 20; ++call) {
    TableFixture fixture;
    fixture.file_system().InjectFault({.at_call = call, .kind = Fault::Kind::kIo, .sticky = true});
    const auto metadata = fixture.Write(FileNumber{1}, set.Sorted());
    EXPECT_EQ(metadata.ok(), !fixture.file_system().fault_fired()) << call;
    if (metadata.ok()) return;
  }
  FAIL() << "the fault never missed";
}

TEST(OpenFiles, KeepsNoMoreOpenThanAllowed) {
  TableFixture fixture(std::uint64_t{1} << 30, 2);
  std::vector<std::shared_ptr<const TableReader>> readers;
  for (int i = 0; i < 5; ++i) {
    EntrySet set;
    set.Put("key" + std::to_string(i), "value", 1);
    readers.push_back(fixture.WriteAndOpen(set.Sorted()));
  }
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(Lookup(*readers[static_cast<std::size_t>(i)], "key" + std::to_string(i)),
                "value@1");
      EXPECT_LE(fixture.file_system().open_handles(), 2u);
    }
  }
}

TEST(OpenFiles, AHandleInUseOutlivesItsPlaceInTheCache) {
  TableFixture fixture(std::uint64_t{1} << 30, 1);
  EntrySet set;
  set.Put("key", "value", 1);
  const auto first = fixture.Write(FileNumber{1}, set.Sorted());
  const auto second = fixture.Write(FileNumber{2}, set.Sorted());
  const auto held = fixture.files().Open(FileNumber{1}, "/000001.table");
  ASSERT_TRUE(held.ok());
  ASSERT_TRUE(fixture.files().Open(FileNumber{2}, "/000002.table").ok());
  EXPECT_EQ(*(*held)->Size(), first->file_bytes);
  EXPECT_EQ(fixture.files().open(), 1u);
}

}  // namespace
}  // namespace firn::testing
