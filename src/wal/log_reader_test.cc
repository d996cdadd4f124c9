#include "wal/log_reader.h"

#include <algorithm>

#include "sim/seeded_random.h"
#include "testing/log_test_util.h"

namespace firn::testing {
namespace {

// A record as it stands in its file.
struct Span {
  std::uint64_t file = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  LogPosition position = 0;
  LogPosition durable = 0;
  bool batch = false;
};

std::string PathOf(std::uint64_t number) {
  return std::string(kTestDirectory) + "/" + SegmentFileName(FileNumber{number});
}

// Every record of segments 1 .. count, read without the code under test.
std::vector<Span> SpansOf(FileSystem& disk, std::uint64_t count) {
  std::vector<Span> spans;
  LogPosition position = 0;
  for (std::uint64_t number = 1; number <= count; ++number) {
    const std::string file = *disk.ReadFile(PathOf(number), kSegmentBytesMax);
    for (std::uint64_t offset = kSegmentHeaderBytes;;) {
      const ParsedRecord record = ParseRecord(file, offset, {kTestDatabase, FileNumber{number}});
      if (record.state != RecordState::kValid) break;
      spans.push_back({number, offset, record.bytes, position, record.header.durable_position,
                       record.header.type == static_cast<std::uint8_t>(LogRecordType::kBatch)});
      offset += record.bytes;
      position += record.bytes;
    }
  }
  return spans;
}

enum class Marks : std::uint8_t { kNone, kSome };

// A small log of two segments, quiet on disk.
class TwoSegments : public ::testing::TestWithParam<Marks> {
 protected:
  void SetUp() override {
    log.settings.segment_bytes = 768;
    ASSERT_TRUE(log.Open().ok());
    for (const std::size_t bytes : {20u, 61u, 0u, 100u, 45u, 80u, 30u, 17u, 50u}) {
      ASSERT_TRUE(log.Append(bytes).ok());
      const bool sync = GetParam() == Marks::kSome && log.payloads.size() % 4 == 3;
      if (sync) {
        ASSERT_TRUE(log.SyncAll().ok());
      }
    }
    ASSERT_EQ(log.writer().segments().size(), 2u);
    ASSERT_EQ(log.next_file_number, 3u);
    ASSERT_TRUE(log.writer().Close().ok());
    spans = SpansOf(log.disk(), 2);
  }

  static bool IsPrefix(const std::vector<std::string>& of, const std::vector<std::string>& whole) {
    return of.size() <= whole.size() && std::equal(of.begin(), of.end(), whole.begin());
  }

  // Replays, and checks the outcome against what is damaged: `hurt` tells it of a record.
  template <typename Hurt>
  void Check(const Hurt& hurt, bool header_hurt, const std::string& what) {
    LogPosition broken = UINT64_MAX;
    LogPosition proven = 0;
    std::size_t whole_batches = 0;
    for (const Span& span : spans) {
      if (hurt(span)) {
        broken = std::min(broken, span.position);
      } else {
        proven = std::max(proven, span.durable);
        if (broken == UINT64_MAX && span.batch) ++whole_batches;
      }
    }
    const Replayed replayed = ReplayDirectory(log.disk());
    ASSERT_TRUE(IsPrefix(replayed.payloads, log.payloads)) << what;
    if (broken < proven || header_hurt) {
      ASSERT_EQ(replayed.status.code(), StatusCode::kCorruption) << what;
    } else {
      ASSERT_TRUE(replayed.status.ok()) << what << ": " << replayed.status.ToString();
      ASSERT_EQ(replayed.payloads.size(), whole_batches) << what;
    }
  }

  TestLog log;
  std::vector<Span> spans;
};

INSTANTIATE_TEST_SUITE_P(Logs, TwoSegments, ::testing::Values(Marks::kNone, Marks::kSome),
                         [](const auto& marks) {
                           return marks.param == Marks::kNone ? "NeverSynced" : "Synced";
                         });

TEST_P(TwoSegments, EveryBitFlipGivesAPrefixOrCorruptionIfItWasProvenDurable) {
  for (std::uint64_t number = 1; number <= 2; ++number) {
    for (std::uint64_t bit = 0; bit < log.settings.segment_bytes * 8; ++bit) {
      const std::uint64_t at = bit / 8;
      const auto flip = [&](std::string& file) { file[at] ^= static_cast<char>(1u << (bit % 8)); };
      ASSERT_TRUE(log.disk().Corrupt(PathOf(number), flip).ok());
      const auto hurt = [&](const Span& span) {
        return span.file == number && span.offset <= at && at < span.offset + span.bytes;
      };
      Check(hurt, at < kSegmentHeaderBytes,
            "segment " + std::to_string(number) + " bit " + std::to_string(bit));
      ASSERT_TRUE(log.disk().Corrupt(PathOf(number), flip).ok());
    }
  }
}

TEST_P(TwoSegments, EveryTruncationGivesAPrefixOrCorruptionIfItWasProvenDurable) {
  for (std::uint64_t number = 1; number <= 2; ++number) {
    const std::string whole = *log.disk().ReadFile(PathOf(number), kSegmentBytesMax);
    for (std::uint64_t length = 0; length < whole.size(); ++length) {
      ASSERT_TRUE(
          log.disk().Corrupt(PathOf(number), [&](std::string& file) { file.resize(length); }).ok());
      const auto hurt = [&](const Span& span) {
        return span.file == number && span.offset + span.bytes > length;
      };
      Check(hurt, false, "segment " + std::to_string(number) + " cut to " + std::to_string(length));
      ASSERT_TRUE(
          log.disk().Corrupt(PathOf(number), [&](std::string& file) { file = whole; }).ok());
    }
  }
}

TEST_P(TwoSegments, ZeroedSectorsGiveAPrefixOrCorruptionIfTheyWereProvenDurable) {
  for (std::uint64_t number = 1; number <= 2; ++number) {
    const std::string whole = *log.disk().ReadFile(PathOf(number), kSegmentBytesMax);
    for (std::uint64_t at = 0; at + 64 <= whole.size(); at += 8) {
      const auto zero = [&](std::string& file) { file.replace(at, 64, 64, '\0'); };
      ASSERT_TRUE(log.disk().Corrupt(PathOf(number), zero).ok());
      const std::string now = *log.disk().ReadFile(PathOf(number), kSegmentBytesMax);
      const auto hurt = [&](const Span& span) {
        return span.file == number &&
               whole.substr(span.offset, span.bytes) != now.substr(span.offset, span.bytes);
      };
      Check(hurt, whole.substr(0, kSegmentHeaderBytes) != now.substr(0, kSegmentHeaderBytes),
            "segment " + std::to_string(number) + " zeroed at " + std::to_string(at));
      ASSERT_TRUE(
          log.disk().Corrupt(PathOf(number), [&](std::string& file) { file = whole; }).ok());
    }
  }
}

TEST_P(TwoSegments, StartsAtAnyRecordAndNeedsNothingBeforeIt) {
  for (std::size_t i = 0; i < log.ends.size(); ++i) {
    const auto first = std::find_if(spans.begin(), spans.end(),
                                    [&](const Span& span) { return span.position >= log.ends[i]; });
    const std::uint64_t file = first == spans.end() ? 2 : first->file;
    const std::string whole = *log.disk().ReadFile(PathOf(file), kSegmentBytesMax);
    if (first != spans.end()) {
      const auto damage = [&](std::string& bytes) {
        const std::uint64_t from = kSegmentHeaderBytes + kChainRecordBytes;
        if (first->offset > from) bytes[from] ^= 1;
      };
      ASSERT_TRUE(log.disk().Corrupt(PathOf(file), damage).ok());
    }
    const Replayed replayed = ReplayDirectory(log.disk(), log.ends[i]);
    ASSERT_TRUE(replayed.status.ok()) << replayed.status.ToString();
    EXPECT_EQ(replayed.payloads,
              std::vector<std::string>(log.payloads.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                       log.payloads.end()));
    ASSERT_TRUE(log.disk().Corrupt(PathOf(file), [&](std::string& bytes) { bytes = whole; }).ok());
  }
}

TEST_P(TwoSegments, TheManifestCanProveThatTheEndIsMissing) {
  const LogPosition end = log.ends.back();
  EXPECT_TRUE(ReplayDirectory(log.disk(), 0, end).status.ok());
  EXPECT_EQ(ReplayDirectory(log.disk(), 0, end + 1).status.code(), StatusCode::kCorruption);
  const Span& last = spans.back();
  const auto flip = [&](std::string& file) { file[last.offset + 50] ^= 1; };
  ASSERT_TRUE(log.disk().Corrupt(PathOf(2), flip).ok());
  EXPECT_TRUE(ReplayDirectory(log.disk(), 0, last.position).status.ok());
  const Replayed refused = ReplayDirectory(log.disk(), 0, end);
  EXPECT_EQ(refused.status.code(), StatusCode::kCorruption);
  EXPECT_NE(refused.status.message().find(SegmentFileName(FileNumber{2})), std::string::npos);
  EXPECT_NE(refused.status.message().find("offset " + std::to_string(last.offset)),
            std::string::npos);
}

TEST(LogReader, AnEmptyLogReplaysNothing) {
  const auto disk = MemoryFileSystem::Create();
  ASSERT_TRUE(disk->CreateDirectory(kTestDirectory).ok());
  const Replayed replayed = ReplayDirectory(*disk, 77);
  ASSERT_TRUE(replayed.status.ok());
  EXPECT_EQ(replayed.result.end, 77u);
  EXPECT_EQ(ReplayDirectory(*disk, 77, 78).status.code(), StatusCode::kCorruption);
}

// Six segments of two records each.
class ManySegments : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(log.Open().ok());
    for (int i = 0; i < 12; ++i) ASSERT_TRUE(log.Append(1700).ok());
    ASSERT_EQ(log.writer().segments().size(), 6u);
  }
  std::vector<std::string> First(std::ptrdiff_t count) const {
    return {log.payloads.begin(), log.payloads.begin() + count};
  }
  TestLog log;
};

TEST_F(ManySegments, AMissingSegmentInTheMiddleIsCorruption) {
  ASSERT_TRUE(log.disk().Remove(PathOf(3)).ok());
  const Replayed replayed = ReplayDirectory(log.disk());
  EXPECT_EQ(replayed.status.code(), StatusCode::kCorruption);
  EXPECT_NE(replayed.status.message().find(SegmentFileName(FileNumber{3})), std::string::npos);
}

TEST_F(ManySegments, AMissingFirstSegmentIsCorruptionUnlessItWasReleased) {
  const auto segments = log.writer().segments();
  ASSERT_TRUE(log.disk().Remove(PathOf(1)).ok());
  EXPECT_EQ(ReplayDirectory(log.disk()).status.code(), StatusCode::kCorruption);
  const Replayed replayed = ReplayDirectory(log.disk(), segments[1].start);
  EXPECT_TRUE(replayed.status.ok()) << replayed.status.ToString();
  EXPECT_EQ(replayed.payloads.size(), 10u);
}

TEST_F(ManySegments, AMissingLastSegmentIsATornTailUntilSomethingProvesIt) {
  ASSERT_TRUE(log.disk().Remove(PathOf(6)).ok());
  const Replayed replayed = ReplayDirectory(log.disk());
  ASSERT_TRUE(replayed.status.ok()) << replayed.status.ToString();
  EXPECT_EQ(replayed.payloads, First(10));
  EXPECT_EQ(ReplayDirectory(log.disk(), 0, log.ends.back()).status.code(), StatusCode::kCorruption);
}

TEST_F(ManySegments, EverythingBehindATornTailIsDroppedAndCounted) {
  const auto damage = [](std::string& file) { file[2500] ^= 1; };  // second record of segment 4
  ASSERT_TRUE(log.disk().Corrupt(PathOf(4), damage).ok());
  const Replayed replayed = ReplayDirectory(log.disk());
  ASSERT_TRUE(replayed.status.ok()) << replayed.status.ToString();
  EXPECT_EQ(replayed.payloads, First(7));
  EXPECT_EQ(replayed.result.bytes_dropped,
            RecordBytes(1700) + 2 * (kChainRecordBytes + 2 * RecordBytes(1700)));
  EXPECT_GE(replayed.result.end, log.ends.back()) << "dropped positions are not used again";
}

TEST_F(ManySegments, AMarkInALaterSegmentProvesDamageInAnEarlierOne) {
  ASSERT_TRUE(log.SyncAll().ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log.Append(1700).ok());
  const auto damage = [](std::string& file) { file[2500] ^= 1; };
  ASSERT_TRUE(log.disk().Corrupt(PathOf(4), damage).ok());
  EXPECT_EQ(ReplayDirectory(log.disk()).status.code(), StatusCode::kCorruption);
}

TEST_F(ManySegments, ASegmentOfAnotherStoreIsRefused) {
  std::string header(kSegmentHeaderBytes, '\0');
  EncodeSegmentHeader(header.data(), {DatabaseId{1, 2}, FileNumber{6}, 1});
  const auto replace = [&](std::string& file) { file.replace(0, header.size(), header); };
  ASSERT_TRUE(log.disk().Corrupt(PathOf(6), replace).ok());
  const Replayed replayed = ReplayDirectory(log.disk());
  EXPECT_EQ(replayed.status.code(), StatusCode::kCorruption);
  EXPECT_NE(replayed.status.message().find("another store"), std::string::npos);
}

TEST_F(ManySegments, AFailingSinkEndsTheReplay) {
  LogReplayInput input;
  input.directory = kTestDirectory;
  input.database = kTestDatabase;
  for (std::uint64_t number = 1; number <= 6; ++number) {
    input.segments.push_back(FileNumber{number});
  }
  int delivered = 0;
  const auto result = ReplayLog(log.disk(), input, [&](const ReplayedRecord&) {
    return ++delivered == 5 ? Status(StatusCode::kNoSpace, "full") : Status();
  });
  EXPECT_EQ(result.status().code(), StatusCode::kNoSpace);
  EXPECT_EQ(delivered, 5);
}

// An open that began a log and died before its manifest was durable, then one that finished.
TEST_F(ManySegments, ALogBegunByAnOpenThatFailedDisturbsNothing) {
  ASSERT_TRUE(log.writer().Close().ok());
  const Replayed before = ReplayDirectory(log.disk());
  ASSERT_TRUE(before.status.ok());
  TestLog failed(&log.disk());
  failed.settings.incarnation = 2;
  failed.settings.start = before.result.end;
  failed.next_file_number = 20;
  ASSERT_TRUE(failed.Open().ok());
  ASSERT_TRUE(failed.writer().Close().ok());
  const Replayed again = ReplayDirectory(log.disk());
  ASSERT_TRUE(again.status.ok()) << again.status.ToString();
  EXPECT_EQ(again.payloads, log.payloads);
  EXPECT_GT(again.result.end, failed.writer().appended());

  TestLog next(&log.disk());
  next.settings.incarnation = 2;
  next.settings.start = again.result.end;
  next.settings.first_sequence = again.result.last_sequence + 1;
  next.next_file_number = 30;
  ASSERT_TRUE(next.Open().ok());
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(next.Append(1700).ok());
  const Replayed after = ReplayDirectory(log.disk(), again.result.end);
  ASSERT_TRUE(after.status.ok()) << after.status.ToString();
  EXPECT_EQ(after.payloads, next.payloads);
  EXPECT_EQ(ReplayDirectory(log.disk()).status.code(), StatusCode::kCorruption)
      << "a manifest older than a log in use must not pass for the newest";
}

// Found by crashes inside recovery: an open had replayed this log, its manifest was durable, and
// one of its files was being recycled for the next log, under its old name still, when the power
// went.
TEST_F(ManySegments, AFileRecycledForALaterIncarnationIsNotAskedAboutAnEarlierLog) {
  ASSERT_TRUE(log.writer().Close().ok());
  const LogPosition end = log.writer().appended();
  std::string header(kSegmentHeaderBytes, '\0');
  EncodeSegmentHeader(header.data(), {kTestDatabase, FileNumber{30}, 2});
  const auto recycle = [&](std::string& file) { file.replace(0, header.size(), header); };
  ASSERT_TRUE(log.disk().Corrupt(PathOf(6), recycle).ok());
  const Replayed later = ReplayDirectory(log.disk(), end, end, 2);
  EXPECT_TRUE(later.status.ok()) << later.status.ToString();
  EXPECT_TRUE(later.payloads.empty());
  EXPECT_EQ(ReplayDirectory(log.disk(), end, end, 1).status.code(), StatusCode::kCorruption)
      << "of its own log it is missed";
}

// Found by fuzzing whole directories: a manifest that stated a replay position of 2^63 was
// believed, the next log began there, took writes, and could not be read by the next open.
TEST(LogReader, RefusesPositionsThatNoLogCanStartAt) {
  TestLog log;
  ASSERT_TRUE(log.Open().ok());
  ASSERT_TRUE(log.Append(100).ok());
  ASSERT_TRUE(log.SyncAll().ok());
  for (const LogPosition position : {kLogStartsBelow / 2, kLogStartsBelow, ~LogPosition{0}}) {
    for (const auto& [replay_from, durable] :
         {std::pair{position, LogPosition{0}}, std::pair{LogPosition{0}, position}}) {
      const Replayed replayed = ReplayDirectory(log.disk(), replay_from, durable);
      EXPECT_EQ(replayed.status.code(), StatusCode::kCorruption);
      EXPECT_NE(replayed.status.message().find("which no log reaches"), Slice::npos);
    }
  }
  EXPECT_TRUE(ReplayDirectory(log.disk(), kLogStartsBelow / 2 - 1).status.ok());
}

TEST(LogReader, HostileBytesNeverCrashItNorInventRecords) {
  SeededRandom random(7);
  for (int round = 0; round < 300; ++round) {
    TestLog log;
    ASSERT_TRUE(log.Open().ok());
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(log.Append(random.Next64() % 1500).ok());
    const auto segments = log.writer().segments();
    for (std::uint64_t change = 0; change < 1 + random.Next64() % 6; ++change) {
      const std::uint64_t number = segments[random.Next64() % segments.size()].number.value;
      const auto smash = [&](std::string& file) {
        const std::size_t at = random.Next64() % file.size();
        const std::size_t bytes = std::min<std::size_t>(random.Next64() % 64, file.size() - at);
        for (std::size_t i = 0; i < bytes; ++i) {
          file[at + i] = static_cast<char>(random.Next64() % 4 == 0 ? 0xFF : random.Next64());
        }
      };
      ASSERT_TRUE(log.disk().Corrupt(PathOf(number), smash).ok());
    }
    const Replayed replayed =
        ReplayDirectory(log.disk(), random.Next64() % 3 == 0 ? random.Next64() / 4 : 0);
    for (const std::string& payload : replayed.payloads) {
      ASSERT_NE(std::find(log.payloads.begin(), log.payloads.end(), payload), log.payloads.end());
    }
  }
}

}  // namespace
}  // namespace firn::testing
