// Damages every byte of a small table in several ways and cuts it at every length. Whatever
// happens, a read gives what was written or says kCorruption, and Verify always notices.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "table/table_fixture.h"

namespace firn::testing {
namespace {

constexpr const char* kPath = "/000001.table";

struct Specimen {
  std::vector<Entry> entries;
  std::vector<RangeTombstone> tombstones;
  TableMetadata metadata;
  std::string bytes;
};

class TableCorruption : public ::testing::TestWithParam<Compression> {
 protected:
  void SetUp() override {
    for (int i = 0; i < 60; ++i) {
      const std::string key =
          "key" + std::to_string(i % 20) + std::string(static_cast<std::size_t>(i % 12), 'k');
      if (i % 9 == 4) {
        set_.Delete(key, static_cast<SequenceNumber>(i + 1));
      } else {
        set_.Put(key, std::string(static_cast<std::size_t>(i % 30), 'v'),
                 static_cast<SequenceNumber>(i + 1));
      }
    }
    specimen_.entries = set_.Sorted();
    specimen_.tombstones = {{"a", "c", 9}, {"key1", "key2", 70}};
    const TableSettings settings{
        .block_bytes = 300, .partition_blocks = 3, .compression = GetParam()};
    TableFixture fixture;
    auto metadata = fixture.Write(FileNumber{1}, specimen_.entries, settings, specimen_.tombstones);
    ASSERT_TRUE(metadata.ok()) << metadata.status().ToString();
    specimen_.metadata = *metadata;
    specimen_.bytes = *fixture.file_system().ReadFile(kPath, 1 << 20);
    expected_ = Copied(specimen_.entries);
  }

  // Reads everything there is to read in a table with these bytes.
  void ExpectRightOrCorrupt(const std::string& bytes, bool changed) {
    TableFixture fixture;
    auto file = fixture.file_system().CreateFile(kPath);
    ASSERT_TRUE(file.ok());
    ExpectOk((*file)->Append(bytes));
    ExpectOk((*file)->Close());
    const auto reader = fixture.Open(specimen_.metadata);
    const Status verified = reader->Verify({}, {});
    ASSERT_EQ(verified.ok(), !changed);
    if (changed) {
      ASSERT_EQ(verified.code(), StatusCode::kCorruption) << verified.ToString();
      ASSERT_NE(verified.message().find(kPath), Slice::npos) << verified.ToString();
    }
    for (const auto use : {TableReader::CursorUse::kRead, TableReader::CursorUse::kJob}) {
      ASSERT_NO_FATAL_FAILURE(ExpectScanRightOrCorrupt(*reader->NewCursor(use)));
    }
    for (const Entry& entry : specimen_.entries) {
      const std::string found = Lookup(*reader, entry.key, entry.sequence);
      const std::string right =
          entry.kind == EntryKind::kDelete
              ? "delete@" + std::to_string(entry.sequence)
              : std::string(entry.value) + "@" + std::to_string(entry.sequence);
      ASSERT_TRUE(found == right || found == "corruption") << found;
    }
    const auto tombstones = reader->Tombstones();
    if (tombstones.ok()) {
      ASSERT_EQ((*tombstones)->MaxCovering("key15", kSequenceMax), 70u);
    } else {
      ASSERT_EQ(tombstones.status().code(), StatusCode::kCorruption);
    }
  }

  void ExpectScanRightOrCorrupt(EntryCursor& cursor) {
    std::vector<CopiedEntry> found;
    const Status status = ReadAll(cursor, true, &found);
    if (status.ok()) {
      ASSERT_EQ(found, expected_);
    } else {
      ASSERT_EQ(status.code(), StatusCode::kCorruption) << status.ToString();
      ASSERT_LE(found.size(), expected_.size());
      ASSERT_TRUE(std::equal(found.begin(), found.end(), expected_.begin()));
    }
  }

  EntrySet set_;
  Specimen specimen_;
  std::vector<CopiedEntry> expected_;
};

TEST_P(TableCorruption, AnUndamagedTableVerifies) { ExpectRightOrCorrupt(specimen_.bytes, false); }

TEST_P(TableCorruption, EveryDamagedByteIsNoticed) {
  for (std::size_t at = 0; at < specimen_.bytes.size(); ++at) {
    SCOPED_TRACE("byte " + std::to_string(at));
    const char original = specimen_.bytes[at];
    const auto flipped = static_cast<char>(original ^ (1 << at % 8));
    for (const char damaged : {flipped, '\0', '\xFF'}) {
      if (damaged == original) continue;
      std::string bytes = specimen_.bytes;
      bytes[at] = damaged;
      ASSERT_NO_FATAL_FAILURE(ExpectRightOrCorrupt(bytes, true));
    }
  }
}

TEST_P(TableCorruption, EveryTruncationIsNoticed) {
  for (std::size_t length = 0; length < specimen_.bytes.size(); ++length) {
    SCOPED_TRACE("length " + std::to_string(length));
    ASSERT_NO_FATAL_FAILURE(ExpectRightOrCorrupt(specimen_.bytes.substr(0, length), true));
  }
}

TEST_P(TableCorruption, TrailingBytesAndMovedSectorsAreNoticed) {
  ExpectRightOrCorrupt(specimen_.bytes + '\0', true);
  constexpr std::size_t kSector = 512;
  ASSERT_GT(specimen_.bytes.size(), 3 * kSector);
  std::string swapped = specimen_.bytes;
  std::swap_ranges(swapped.begin(), swapped.begin() + kSector, swapped.begin() + kSector);
  ExpectRightOrCorrupt(swapped, true);
  std::string zeroed = specimen_.bytes;
  zeroed.replace(kSector, kSector, kSector, '\0');
  ExpectRightOrCorrupt(zeroed, true);
}

constexpr std::array kCodecNames = {"Plain", "Lz4", "Zstd"};
INSTANTIATE_TEST_SUITE_P(Codecs, TableCorruption,
                         ::testing::Values(Compression::kNone, Compression::kLz4,
                                           Compression::kZstd),
                         [](const auto& instance) {
                           return std::string(
                               kCodecNames[static_cast<std::size_t>(instance.param)]);
                         });

}  // namespace
}  // namespace firn::testing
