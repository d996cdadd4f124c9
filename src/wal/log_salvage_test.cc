#include "wal/log_salvage.h"

#include "testing/log_test_util.h"

namespace firn::testing {
namespace {

constexpr RecordSalt kSalt{kTestDatabase, FileNumber{1}};
constexpr std::uint64_t kFirstRecord = kSegmentHeaderBytes + kChainRecordBytes;
const std::string kSegment = std::string(kTestDirectory) + "/000001.log";

struct Found {
  std::vector<std::string> payloads;
  std::string damage;  // "[from, to) " of every piece that is no valid record
  std::uint64_t lost_entries = 0;
};

Found Scan(FileSystem& files) {
  Found found;
  SegmentWindow window(64);
  EXPECT_TRUE(window.Open(files, kSegment).ok());
  const auto visit = [&](const LogPiece& piece) {
    if (piece.valid) {
      found.payloads.emplace_back(piece.payload);
    } else {
      found.damage +=
          "[" + std::to_string(piece.offset) + ", " + std::to_string(piece.end) + ") ";
      if (piece.header_intact) found.lost_entries += piece.header.count;
    }
    return Status();
  };
  EXPECT_TRUE(ScanSegment(window, kFirstRecord, window.file_bytes(), kSalt, visit).ok());
  return found;
}

class DamagedSegment : public ::testing::Test {
 protected:
  // Three records of 2 entries: [184, 328), [328, 472), [472, 616).
  void SetUp() override {
    ASSERT_TRUE(log_.Open().ok());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(log_.Append(104).ok());
    ASSERT_TRUE(log_.SyncAll().ok());
  }
  void Change(std::uint64_t offset, std::size_t bytes, char to) {
    const auto change = [&](std::string& content) { content.replace(offset, bytes, bytes, to); };
    ASSERT_TRUE(log_.disk().Corrupt(kSegment, change).ok());
  }
  // What a check of the durable part says, one line each.
  std::string Verified() {
    std::string text;
    const SegmentCheck check{kSegment, kTestDatabase, FileNumber{1}, 0, log_.writer().durable()};
    const Status status =
        VerifySegment(log_.disk(), check, [&](std::uint64_t offset, const std::string& what) {
          text += std::to_string(offset) + ": " + what + "\n";
        });
    EXPECT_TRUE(status.ok()) << status.ToString();
    return text;
  }

  TestLog log_;
};

TEST_F(DamagedSegment, WithoutDamageEverythingIsFoundAndNothingIsSaid) {
  const Found found = Scan(log_.disk());
  EXPECT_EQ(found.payloads, log_.payloads);
  EXPECT_EQ(found.damage, "");
  EXPECT_EQ(Verified(), "");
}

TEST_F(DamagedSegment, ARecordWhoseHeaderIsIntactIsLostWithItsCount) {
  Change(400, 1, '!');
  const Found found = Scan(log_.disk());
  EXPECT_EQ(found.payloads, (std::vector{log_.payloads[0], log_.payloads[2]}));
  EXPECT_EQ(found.damage, "[328, 472) ");
  EXPECT_EQ(found.lost_entries, 2u);
  EXPECT_EQ(Verified(), "328: damaged record\n");
}

TEST_F(DamagedSegment, ADamagedHeaderLosesTheBytesUpToTheNextRecord) {
  Change(328 + 16, 8, '!');
  const Found found = Scan(log_.disk());
  EXPECT_EQ(found.payloads, (std::vector{log_.payloads[0], log_.payloads[2]}));
  EXPECT_EQ(found.damage, "[328, 472) ");
  EXPECT_EQ(found.lost_entries, 0u);
  EXPECT_EQ(Verified(), "328: damaged record\n");
}

TEST_F(DamagedSegment, TheLastRecordIsMissedBecauseItWasDurable) {
  Change(472, 144, '\0');
  EXPECT_EQ(Scan(log_.disk()).damage, "") << "zeros are no damage by themselves";
  EXPECT_EQ(Verified(), "472: records up to offset 616 were durable and are gone\n");
}

TEST_F(DamagedSegment, HeaderAndChainAreChecked) {
  Change(60, 1, '!');
  Change(140, 1, '!');
  EXPECT_EQ(Verified(), "0: the segment header is damaged\n128: the chain record is damaged\n");
  EXPECT_EQ(Scan(log_.disk()).payloads, log_.payloads) << "records say themselves whose they are";
}

TEST_F(DamagedSegment, WhatIsNotDurableYetIsNotChecked) {
  ASSERT_TRUE(log_.Append(104).ok());
  Change(616, 144, '!');
  EXPECT_EQ(Verified(), "");
}

TEST_F(DamagedSegment, EveryFlippedByteOfTheDurablePartIsFound) {
  for (std::uint64_t offset = 0; offset < 616; ++offset) {
    const auto flip = [&](std::string& content) {
      content[offset] = static_cast<char>(content[offset] ^ 0x20);
    };
    ASSERT_TRUE(log_.disk().Corrupt(kSegment, flip).ok());
    EXPECT_NE(Verified(), "") << offset;
    const Found found = Scan(log_.disk());
    EXPECT_EQ(found.payloads.size(), offset < kFirstRecord ? 3u : 2u) << offset;
    ASSERT_TRUE(log_.disk().Corrupt(kSegment, flip).ok());
  }
}

}  // namespace
}  // namespace firn::testing
