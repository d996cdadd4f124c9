// What walks read from the file: pieces instead of blocks, nothing twice, damage where it lies.
#include "table/block_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "table/table_file_reader.h"
#include "table/table_fixture.h"

namespace firn::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kBlockBytes = 1024;
constexpr const char* kPath = "/000001.table";

class FrameSourceTest : public ::testing::TestWithParam<PageCache> {
 protected:
  // 4000 entries in some 450 blocks, 32 to a partition.
  void Open(std::uint64_t budget = std::uint64_t{1} << 30) {
    fixture_ = std::make_unique<TableFixture>(budget, 4, GetParam());
    EntrySet set;
    for (std::size_t i = 0; i < 4000; ++i) set.Put(NumberedKey(i), std::string(100, 'v'), 1);
    expected_ = Copied(set.Sorted());
    reader_ = fixture_->WriteAndOpen(set.Sorted(),
                                     {.block_bytes = kBlockBytes, .partition_blocks = 32});
  }
  ~FrameSourceTest() override {
    reader_.reset();
    EpochDomain::Process().Drain();
  }

  // Calls of the disk that `walk` makes.
  template <typename Walk>
  std::uint64_t Reads(const Walk& walk) {
    const std::uint64_t before = fixture_->file_system().looks();
    walk();
    return fixture_->file_system().looks() - before;
  }
  std::uint64_t ReadsOfAll(bool forwards) {
    std::vector<CopiedEntry> found;
    const auto cursor = reader_->NewCursor(TableReader::CursorUse::kRead);
    const std::uint64_t reads = Reads([&] { ExpectOk(ReadAll(*cursor, forwards, &found)); });
    if (!forwards) std::reverse(found.begin(), found.end());
    EXPECT_EQ(found, expected_);
    return reads;
  }
  // Where the block of entry `i` lies in the file.
  BlockHandle HandleOf(std::size_t i) {
    const auto& file_reader = static_cast<const TableFileReader&>(*reader_);
    const ResidentTable& table = **file_reader.Resident();
    OwnedBlock bytes;
    PartitionView partition;
    const std::size_t p = table.top().fences.LowerBound(NumberedKey(i));
    ExpectOk(table.ReadPartitionInto(p, &bytes, &partition));
    return partition.handle(partition.FindBlock(NumberedKey(i)));
  }

  std::unique_ptr<TableFixture> fixture_;
  std::shared_ptr<const TableReader> reader_;
  std::vector<CopiedEntry> expected_;
};

TEST_P(FrameSourceTest, AWalkReadsPiecesAndFindsAllOfThemResidentTheNextTime) {
  for (const bool forwards : {true, false}) {
    Open();
    const std::uint64_t reads = ReadsOfAll(forwards);
    EXPECT_LT(reads, 30u) << forwards;
    EXPECT_GT(reads, 3u);
    EXPECT_EQ(ReadsOfAll(forwards), 0u);
    EXPECT_EQ(ReadsOfAll(!forwards), 0u);
    reader_.reset();
  }
}

TEST_P(FrameSourceTest, ASeekReadsOneBlockAndTheFirstStepASmallPiece) {
  Open();
  const auto cursor = reader_->NewCursor(TableReader::CursorUse::kRead);
  EntryBatch batch;
  ExpectOk(cursor->Seek(NumberedKey(2100)));
  ExpectOk(cursor->Next(batch, 1));
  const std::uint64_t held = fixture_->ledger().used(MemoryClass::kIterator);
  EXPECT_EQ(held, 0u);
  // To the second step, and further: blocks of the piece need no read.
  EXPECT_EQ(Reads([&] {
              for (int i = 0; i < 100; ++i) ExpectOk(cursor->Next(batch, 1));
            }),
            1u);
  EXPECT_LE(fixture_->ledger().used(MemoryClass::kIterator),
            FrameSource::kFirstBytes + 2 * kDirectAlignment);
  // A seek elsewhere in the partition reads one block again and lets the piece go.
  EXPECT_EQ(Reads([&] {
              ExpectOk(cursor->Seek(NumberedKey(2050)));
              ExpectOk(cursor->Next(batch, 1));
            }),
            1u);
  EXPECT_EQ(fixture_->ledger().used(MemoryClass::kIterator), 0u);
}

TEST_P(FrameSourceTest, BlocksThatAreResidentEndAPiece) {
  Open();
  // All but one block of the middle become resident.
  ReadsOfAll(true);
  const auto& file_reader = static_cast<const TableFileReader&>(*reader_);
  const ResidentTable& table = **file_reader.Resident();
  Frame* const partition = table.HitPartition(5);
  fixture_->frames().Clear({ResidentTable::ViewOf(*partition).slots + 10, 1});
  const auto cursor = reader_->NewCursor(TableReader::CursorUse::kRead);
  std::vector<CopiedEntry> found;
  EXPECT_EQ(Reads([&] { ExpectOk(ReadAll(*cursor, true, &found)); }), 1u);
  EXPECT_EQ(found, expected_);
  EXPECT_EQ(fixture_->ledger().used(MemoryClass::kIterator), 0u) << "the block came alone";
}

TEST_P(FrameSourceTest, DamageInAPieceIsAnErrorOnlyWhereTheWalkComesToIt) {
  for (const bool forwards : {true, false}) {
    Open();
    const BlockHandle damaged = HandleOf(2010);
    ExpectOk(fixture_->file_system().Corrupt(
        kPath, [&](std::string& bytes) { bytes[damaged.offset + 300] ^= 1; }));
    const auto cursor = reader_->NewCursor(TableReader::CursorUse::kRead);
    std::vector<CopiedEntry> found;
    const Status status = ReadAll(*cursor, forwards, &found);
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_THAT(std::string(status.message()), HasSubstr(kPath));
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::to_string(damaged.offset)));
    if (!forwards) std::reverse(expected_.begin(), expected_.end());
    ASSERT_TRUE(std::equal(found.begin(), found.end(), expected_.begin()));
    // The next entry is one of the damaged block: nothing before it was withheld.
    EXPECT_EQ(HandleOf(std::stoul(expected_[found.size()].key.substr(3))), damaged);
    EntryBatch batch;
    const Status again = forwards ? cursor->Next(batch, 1) : cursor->Prev(batch, 1);
    EXPECT_EQ(again.code(), StatusCode::kCorruption) << "an error is not the end";
    reader_.reset();
  }
}

TEST_P(FrameSourceTest, AFileThatEndsInAPieceIsAnErrorOnlyForTheBlocksThatAreGone) {
  Open();
  const BlockHandle missing = HandleOf(2010);
  std::size_t first_missing = 2010;
  while (HandleOf(first_missing - 1) == missing) --first_missing;
  // Its partition lies behind it and has to be known already.
  ASSERT_EQ(Lookup(*reader_, NumberedKey(1950)), std::string(100, 'v') + "@1");
  ExpectOk(fixture_->file_system().Corrupt(
      kPath, [&](std::string& bytes) { bytes.resize(missing.offset + 10); }));
  const auto cursor = reader_->NewCursor(TableReader::CursorUse::kRead);
  ExpectOk(cursor->Seek(NumberedKey(1900)));
  EntryBatch batch;
  std::size_t next = 1900;
  Status status;
  while (status.ok()) {
    status = cursor->Next(batch, 1);
    if (!status.ok()) break;
    ASSERT_EQ(batch.count, 1u);
    ASSERT_EQ(batch.entries[0].key, NumberedKey(next++));
  }
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_EQ(next, first_missing);
}

TEST_P(FrameSourceTest, APieceThatCannotBeReadIsAnErrorAndTheNextSeekReadsWithoutPieces) {
  Open();
  const auto cursor = reader_->NewCursor(TableReader::CursorUse::kRead);
  EntryBatch batch;
  ExpectOk(cursor->Seek(NumberedKey(2000)));
  ExpectOk(cursor->Next(batch, 64));
  const std::uint64_t looks = fixture_->file_system().looks();
  fixture_->file_system().InjectFault({.at_call = looks + 1, .kind = Fault::Kind::kLook});
  EXPECT_EQ(cursor->Next(batch, 64).code(), StatusCode::kIo);
  EXPECT_EQ(cursor->Next(batch, 64).code(), StatusCode::kIo);
  ExpectOk(cursor->Seek(NumberedKey(2000)));
  for (std::size_t next = 2000; next < 2100;) {
    ExpectOk(cursor->Next(batch, 64));
    for (std::size_t i = 0; i < batch.count; ++i) {
      ASSERT_EQ(batch.entries[i].key, NumberedKey(next++));
    }
  }
  EXPECT_EQ(fixture_->ledger().used(MemoryClass::kIterator), 0u);
}

TEST_P(FrameSourceTest, PiecesKeepToTheirPartOfTheBudget) {
  constexpr std::uint64_t kBudget = std::uint64_t{1} << 20;
  constexpr std::uint64_t kPiece =
      kBudget / FrameSource::kBudgetPerPiece + 2 * kDirectAlignment;
  Open(kBudget);
  std::vector<std::unique_ptr<EntryCursor>> cursors;
  std::vector<std::size_t> next;
  EntryBatch batch;
  for (int i = 0; i < 20; ++i) {
    cursors.push_back(reader_->NewCursor(TableReader::CursorUse::kRead));
    next.push_back(static_cast<std::size_t>(i) * 190);
    ExpectOk(cursors.back()->Seek(NumberedKey(next.back())));
  }
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i < cursors.size(); ++i) {
      ExpectOk(cursors[i]->Next(batch, 64));
      for (std::size_t k = 0; k < batch.count; ++k) {
        ASSERT_EQ(batch.entries[k].key, NumberedKey(next[i]++));
      }
      ASSERT_LE(fixture_->ledger().used(MemoryClass::kIterator),
                kBudget / FrameSource::kBudgetPerIterators + kPiece);
      ASSERT_LE(fixture_->ledger().excess(), kPiece + 64 * kBlockBytes);
    }
  }
  EXPECT_GT(fixture_->ledger().used(MemoryClass::kIterator), 0u);
  cursors.clear();
  EXPECT_EQ(fixture_->ledger().used(MemoryClass::kIterator), 0u);
}

TEST_P(FrameSourceTest, ABudgetTooSmallForPiecesReadsBlocks) {
  Open(kBlockBytes * FrameSource::kBudgetPerPiece / 2);
  for (const bool forwards : {true, false}) ReadsOfAll(forwards);
  EXPECT_EQ(fixture_->ledger().used(MemoryClass::kIterator), 0u);
}

INSTANTIATE_TEST_SUITE_P(Caches, FrameSourceTest,
                         ::testing::Values(PageCache::kUse, PageCache::kBypass),
                         [](const auto& instance) {
                           return std::string(instance.param == PageCache::kUse ? "Use" : "Bypass");
                         });

}  // namespace
}  // namespace firn::testing
