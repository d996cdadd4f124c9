#include "wal/log_scan.h"

#include <cstring>
#include <optional>

#include "testing/log_test_util.h"

namespace firn::testing {
namespace {

constexpr RecordSalt kSalt{kTestDatabase, FileNumber{1}};

void Put(std::string& file, std::uint64_t offset, std::size_t bytes, LogPosition durable,
         std::uint32_t incarnation) {
  RecordHeader header;
  header.type = static_cast<std::uint8_t>(LogRecordType::kBatch);
  header.incarnation = incarnation;
  header.durable_position = durable;
  const std::string payload(bytes, 'p');
  const Slice part(payload);
  EncodeRecord(file.data() + offset, offset, kSalt, header, {&part, 1});
}

// The same for every size of the window through which the file is read.
LogEvidence CollectEvidence(const std::string& bytes, std::uint64_t from,
                            std::uint32_t incarnation_min) {
  const auto disk = MemoryFileSystem::Create();
  const auto file = disk->CreateFile("/log").value();
  EXPECT_TRUE(file->Append(bytes).ok());
  std::optional<LogEvidence> all;
  for (const std::size_t window_bytes : {bytes.size(), std::size_t{4096}, std::size_t{41}}) {
    SegmentWindow window(window_bytes);
    EXPECT_TRUE(window.Open(*disk, "/log").ok());
    const LogEvidence evidence =
        firn::CollectEvidence(window, from, kSalt, incarnation_min).value();
    if (!all) all = evidence;
    EXPECT_EQ(evidence.durable, all->durable);
    EXPECT_EQ(evidence.witness_offset, all->witness_offset);
    EXPECT_EQ(evidence.valid_records, all->valid_records);
    EXPECT_EQ(evidence.batches, all->batches);
    EXPECT_EQ(evidence.batches_end, all->batches_end);
  }
  return *all;
}

TEST(CollectEvidence, FindsRecordsBehindDamageAtAnyEighthByte) {
  std::string file(4096, '\x01');
  Put(file, 1000, 100, 500, 3);
  Put(file, 2008, 10, 400, 3);
  const LogEvidence evidence = CollectEvidence(file, 130, 3);
  EXPECT_EQ(evidence.valid_records, 2u);
  EXPECT_EQ(evidence.batches, 2u);
  EXPECT_EQ(evidence.durable, 500u);
  EXPECT_EQ(evidence.witness_offset, 1000u);
  EXPECT_EQ(evidence.batches_end, 2008 + RecordBytes(10));
}

TEST(CollectEvidence, ATornRecordCountsAsABatchButProvesNothing) {
  std::string file(4096, '\0');
  Put(file, 1000, 100, 500, 3);
  file[1100] = '\0';
  const LogEvidence evidence = CollectEvidence(file, 128, 3);
  EXPECT_EQ(evidence.valid_records, 0u);
  EXPECT_EQ(evidence.durable, 0u);
  EXPECT_EQ(evidence.batches, 1u);
}

TEST(CollectEvidence, RecordsOfAnOlderIncarnationProveNothing) {
  std::string file(4096, '\0');
  Put(file, 1000, 100, 500, 2);
  EXPECT_EQ(CollectEvidence(file, 128, 3).batches, 0u);
}

// Hashing what each forged header claims to have would take hours here.
TEST(CollectEvidence, ForgedHeadersCostNoHashing) {
  std::string file(std::size_t{8} << 20, '\0');
  for (std::size_t at = 0; at + kRecordHeaderBytes <= file.size(); at += 40) {
    const auto rest = static_cast<std::uint32_t>(file.size() - at - kRecordHeaderBytes);
    std::memcpy(file.data() + at + 8, &rest, sizeof(rest));
    file[at + 12] = 1;
  }
  EXPECT_EQ(CollectEvidence(file, 0, 0).valid_records, 0u);
}

TEST(InspectSegment, AFileThatWasNeverPreparedHasNeitherHeaderNorChain) {
  const auto disk = MemoryFileSystem::Create();
  for (const std::size_t bytes : {0u, 1u, 127u, 128u, 183u, 184u, 5000u}) {
    const std::string path = "/" + std::to_string(bytes);
    auto file = disk->CreateFile(path).value();
    ASSERT_TRUE(file->Append(std::string(bytes, '\x03')).ok());
    const auto summary = InspectSegment(*disk, path, kTestDatabase, FileNumber{1});
    ASSERT_TRUE(summary.ok());
    EXPECT_FALSE(summary->header_intact);
    EXPECT_FALSE(summary->chain.has_value());
    EXPECT_EQ(summary->file_bytes, bytes);
  }
}

}  // namespace
}  // namespace firn::testing
