#include "wal/log_writer.h"

#include "testing/log_test_util.h"

namespace firn::testing {
namespace {

// Every fact holds for both backends.
class LogWriterContract : public ::testing::TestWithParam<SegmentBackend> {
 protected:
  LogWriterContract() { log.settings.backend = GetParam(); }
  TestLog log;
};

INSTANTIATE_TEST_SUITE_P(Backends, LogWriterContract,
                         ::testing::Values(SegmentBackend::kMapped, SegmentBackend::kPositioned),
                         [](const auto& backend) {
                           return backend.param == SegmentBackend::kMapped ? "Mapped"
                                                                           : "Positioned";
                         });

TEST_P(LogWriterContract, ReplaysWhatWasAppendedInOrder) {
  ASSERT_TRUE(log.Open().ok());
  for (const std::size_t bytes : {0u, 1u, 7u, 8u, 9u, 100u, 1000u})
    ASSERT_TRUE(log.Append(bytes).ok());
  ASSERT_TRUE(log.writer().Close().ok());
  const Replayed replayed = ReplayDirectory(log.disk());
  ASSERT_TRUE(replayed.status.ok()) << replayed.status.ToString();
  EXPECT_EQ(replayed.payloads, log.payloads);
  EXPECT_EQ(replayed.sequences, (std::vector<SequenceNumber>{1, 3, 5, 7, 9, 11, 13}));
  EXPECT_EQ(replayed.result.last_sequence, 14u);
  EXPECT_EQ(replayed.result.entries, 14u);
  EXPECT_EQ(replayed.result.bytes_dropped, 0u);
  EXPECT_GE(replayed.result.end, log.writer().appended());
}

TEST_P(LogWriterContract, SwitchesSegmentsWithoutGapsInPosition) {
  ASSERT_TRUE(log.Open().ok());
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(log.Append(static_cast<std::size_t>(i * 7)).ok());
  const auto segments = log.writer().segments();
  ASSERT_GT(segments.size(), 20u);
  for (std::size_t i = 1; i < segments.size(); ++i) {
    EXPECT_EQ(segments[i].start, segments[i - 1].end);
    EXPECT_LE(segments[i].end - segments[i].start, segments[i].file_bytes - kSegmentHeaderBytes);
  }
  EXPECT_EQ(segments.back().end, log.writer().appended());
  ASSERT_TRUE(log.writer().Close().ok());
  const Replayed replayed = ReplayDirectory(log.disk());
  ASSERT_TRUE(replayed.status.ok()) << replayed.status.ToString();
  EXPECT_EQ(replayed.payloads, log.payloads);
}

TEST_P(LogWriterContract, GivesALargeRecordASegmentOfItsOwn) {
  ASSERT_TRUE(log.Open().ok());
  ASSERT_TRUE(log.Append(3000).ok());
  log.runtime().RunUntilIdle();  // an ordinary segment is prepared, and overtaken
  for (const std::size_t bytes : {100000u, 10u, 3832u, 3833u, 20u, 5000u, 30u}) {
    ASSERT_TRUE(log.Append(bytes).ok()) << bytes;
  }
  EXPECT_EQ(log.writer().segments()[1].file_bytes, RecordBytes(100000) + kSegmentOverheadBytes);
  ASSERT_TRUE(log.writer().Close().ok());
  const Replayed replayed = ReplayDirectory(log.disk());
  ASSERT_TRUE(replayed.status.ok()) << replayed.status.ToString();
  EXPECT_EQ(replayed.payloads, log.payloads);
}

TEST_P(LogWriterContract, NothingIsDurableBeforeASyncAndEverythingAfter) {
  ASSERT_TRUE(log.Open().ok());
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(log.Append(500).ok());  // several segments, no task ran
  EXPECT_EQ(log.writer().durable(), 0u);
  EXPECT_TRUE(ReplayDirectory(*log.disk().CrashImage({})).payloads.empty());
  ASSERT_TRUE(log.SyncAll().ok());
  EXPECT_EQ(log.writer().durable(), log.writer().appended());
  EXPECT_EQ(ReplayDirectory(*log.disk().CrashImage({})).payloads, log.payloads);
}

TEST_P(LogWriterContract, SurvivesTheDeathOfTheProcessWithoutASync) {
  ASSERT_TRUE(log.Open().ok());
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(log.Append(500).ok());
  const auto image =
      log.disk().CrashImage({CrashKeep::Data::kEverything, CrashKeep::Names::kEverything, 0});
  EXPECT_EQ(ReplayDirectory(*image).payloads, log.payloads);
}

TEST_P(LogWriterContract, SyncOfSomethingDurableCostsNoCall) {
  ASSERT_TRUE(log.Open().ok());
  ASSERT_TRUE(log.Append(100).ok());
  ASSERT_TRUE(log.SyncAll().ok());
  const std::uint64_t calls = log.disk().calls();
  ASSERT_TRUE(log.SyncAll().ok());
  EXPECT_EQ(log.disk().calls(), calls);
}

TEST_P(LogWriterContract, RecycledSegmentsNeverReplayTheirFormerLife) {
  ASSERT_TRUE(log.Open().ok());
  LogPosition replay_from = 0;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(log.Append(1000).ok());
    log.runtime().RunUntilIdle();
    replay_from = log.ends[log.ends.size() - 4];
    log.writer().Release(replay_from);
    const Replayed replayed = ReplayDirectory(log.disk(), replay_from);
    ASSERT_TRUE(replayed.status.ok()) << replayed.status.ToString();
    ASSERT_EQ(replayed.payloads,
              std::vector<std::string>(log.payloads.end() - 3, log.payloads.end()));
    ASSERT_EQ(replayed.result.bytes_dropped, 0u);
  }
  const auto names = log.disk().List(kTestDirectory);
  ASSERT_TRUE(names.ok());
  EXPECT_LE(names->size(), 3 + log.settings.recycled_max + 1);
}

TEST_P(LogWriterContract, ReleaseKeepsWhatIsNotYetSynced) {
  ASSERT_TRUE(log.Open().ok());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(log.Append(1000).ok());
  log.writer().Release(log.writer().appended());
  EXPECT_GT(log.writer().segments().size(), 4u);
  log.runtime().RunUntilIdle();
  EXPECT_EQ(log.writer().segments().size(), 1u);
}

TEST_P(LogWriterContract, AFailedSyncKillsTheWriterForGood) {
  ASSERT_TRUE(log.Open().ok());
  ASSERT_TRUE(log.Append(100).ok());
  ASSERT_TRUE(log.SyncAll().ok());
  const LogPosition durable = log.writer().durable();
  ASSERT_TRUE(log.Append(100).ok());
  log.disk().InjectFault({log.disk().calls() + 1, Fault::Kind::kIo, false});
  EXPECT_EQ(log.SyncAll().code(), StatusCode::kIo);
  ASSERT_TRUE(log.disk().fault_fired());
  const std::uint64_t calls = log.disk().calls();
  EXPECT_EQ(log.SyncAll().code(), StatusCode::kClosed);
  EXPECT_EQ(log.Append(100).code(), StatusCode::kClosed);
  EXPECT_EQ(log.writer().health().code(), StatusCode::kIo);
  EXPECT_EQ(log.writer().durable(), durable);
  EXPECT_TRUE(log.writer().Sync(durable).ok());
  EXPECT_EQ(log.disk().calls(), calls) << "a dead log touches the disk no more";
  EXPECT_EQ(log.writer().Close().code(), StatusCode::kIo);
}

TEST_P(LogWriterContract, RecordsStoredAndRecordsWrittenMayAlternate) {
  ASSERT_TRUE(log.Open().ok());
  for (int i = 0; i < 30; ++i) {
    const bool syncs = i % 3 == 0;
    ASSERT_TRUE(log.Append(700, syncs ? AfterAppend::kSync : AfterAppend::kNothing).ok());
    if (syncs) {
      ASSERT_TRUE(log.SyncAll().ok());
    }
  }
  ASSERT_TRUE(log.writer().Close().ok());
  const Replayed replayed = ReplayDirectory(log.disk());
  ASSERT_TRUE(replayed.status.ok()) << replayed.status.ToString();
  EXPECT_EQ(replayed.payloads, log.payloads);
}

TEST_P(LogWriterContract, AFailedSyncInTheBackgroundKillsTheWriterToo) {
  ASSERT_TRUE(log.Open().ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log.Append(1000).ok());
  log.runtime().RunUntilIdle();  // the next segment is prepared
  ASSERT_TRUE(log.Append(1000).ok());
  ASSERT_EQ(log.writer().segments().size(), 2u);
  log.disk().InjectFault({log.disk().calls() + 1, Fault::Kind::kIo, false});
  log.runtime().RunUntilIdle();
  ASSERT_TRUE(log.disk().fault_fired());
  EXPECT_EQ(log.Append(100).code(), StatusCode::kClosed);
  EXPECT_EQ(log.SyncAll().code(), StatusCode::kClosed);
  EXPECT_EQ(log.writer().Close().code(), StatusCode::kIo);
}

TEST_P(LogWriterContract, AFailedPreparationShowsAtOnceAndKillsWhenTheSegmentIsNeeded) {
  ASSERT_TRUE(log.Open().ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log.Append(1000).ok());
  log.disk().InjectFault({log.disk().calls() + 1, Fault::Kind::kIo, false});
  log.runtime().RunUntilIdle();
  ASSERT_TRUE(log.disk().fault_fired());
  EXPECT_EQ(log.writer().health().code(), StatusCode::kIo);
  EXPECT_TRUE(log.Append(100).ok());
  EXPECT_EQ(log.Append(1000).code(), StatusCode::kIo);
  EXPECT_EQ(log.Append(1).code(), StatusCode::kClosed);
  EXPECT_EQ(log.writer().Close().code(), StatusCode::kIo);
}

TEST_P(LogWriterContract, AFullDiskStopsAppendsUntilThereIsSpaceAgain) {
  ASSERT_TRUE(log.Open().ok());
  log.disk().SetCapacity(3 * 4096);
  Status status;
  while (status.ok()) status = log.Append(700);
  EXPECT_EQ(status.code(), StatusCode::kNoSpace);
  EXPECT_TRUE(log.writer().health().ok());
  EXPECT_EQ(log.Append(700).code(), StatusCode::kNoSpace);
  EXPECT_TRUE(log.SyncAll().ok()) << "what was appended can still be synced";
  log.disk().SetCapacity(0);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(log.Append(700).ok());
  ASSERT_TRUE(log.writer().Close().ok());
  const Replayed replayed = ReplayDirectory(log.disk());
  ASSERT_TRUE(replayed.status.ok()) << replayed.status.ToString();
  EXPECT_EQ(replayed.payloads, log.payloads);
}

// The positioned log died of a record without room, which the mapped one survived.
TEST_P(LogWriterContract, NoRoomForARecordIsNoDeath) {
  ASSERT_TRUE(log.Open().ok());
  ASSERT_TRUE(log.Append(100, AfterAppend::kSync).ok());
  log.disk().InjectFault({log.disk().calls() + 1, Fault::Kind::kNoSpace, false});
  EXPECT_EQ(log.Append(900, AfterAppend::kSync).code(), StatusCode::kNoSpace);
  ASSERT_TRUE(log.disk().fault_fired());
  EXPECT_TRUE(log.writer().health().ok());
  EXPECT_TRUE(log.Append(50, AfterAppend::kSync).ok());
  EXPECT_TRUE(log.SyncAll().ok());
  ASSERT_TRUE(log.writer().Close().ok());
  const Replayed replayed = ReplayDirectory(log.disk());
  ASSERT_TRUE(replayed.status.ok()) << replayed.status.ToString();
  EXPECT_EQ(replayed.payloads, log.payloads);
}

TEST_P(LogWriterContract, AfterCloseNothingIsAcceptedAndNothingIsHeld) {
  ASSERT_TRUE(log.Open().ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(log.Append(1000).ok());
  ASSERT_TRUE(log.writer().Close().ok());
  EXPECT_TRUE(log.writer().Close().ok());
  EXPECT_EQ(log.Append(10).code(), StatusCode::kClosed);
  EXPECT_EQ(log.writer().durable(), log.writer().appended());
  log.Destroy();
  log.CloseDirectory();
  EXPECT_EQ(log.disk().open_handles(), 0u);
  EXPECT_EQ(log.ledger.used(), 0u);
}

TEST_P(LogWriterContract, ADestroyedWriterLeavesNoTaskAndNoHandle) {
  ASSERT_TRUE(log.Open().ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(log.Append(1000).ok());
  log.Destroy();
  log.CloseDirectory();
  EXPECT_EQ(log.disk().open_handles(), 0u);
  EXPECT_EQ(log.ledger.used(), 0u);
}

TEST_P(LogWriterContract, RefusesSettingsThatCannotWork) {
  log.settings.segment_bytes = kSegmentOverheadBytes;
  EXPECT_EQ(log.Open().code(), StatusCode::kInvalidArgument);
}

TEST(LogWriter, KeepsAboutThreeWindowsOfTheMappingResident) {
  TestLog log;
  log.settings.segment_bytes = 64 << 10;
  log.settings.window_bytes = 4 << 10;
  ASSERT_TRUE(log.Open().ok());
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(log.Append(100).ok());
    if (i % 10 == 0) log.runtime().RunUntilIdle();
    ASSERT_LE(log.ledger.used(MemoryClass::kLog), 3 * log.settings.window_bytes + 1024);
  }
  EXPECT_GT(log.ledger.used(MemoryClass::kLog), log.settings.window_bytes);
}

TEST(LogWriter, EveryFaultIsReportedAndWhatWasSyncedBeforeItSurvives) {
  for (std::uint64_t at = 1;; ++at) {
    TestLog log;
    log.settings.recycled_max = 1;
    ASSERT_TRUE(log.Open().ok());
    log.disk().InjectFault({log.disk().calls() + at, Fault::Kind::kIo, false});
    Status status;
    std::size_t synced = 0;
    for (int i = 0; i < 12 && status.ok(); ++i) {
      status = log.Append(900);
      if (status.ok() && i % 3 == 0) status = log.SyncAll();
      if (status.ok() && i % 3 == 0) synced = log.payloads.size();
      log.runtime().RunUntilIdle();
    }
    const Status closed = log.writer().Close();
    if (!log.disk().fault_fired()) {
      EXPECT_TRUE(status.ok() && closed.ok());
      break;
    }
    EXPECT_FALSE(status.ok() && closed.ok()) << "fault at call " << at << " went unreported";
    const Replayed replayed = ReplayDirectory(*log.disk().CrashImage({}));
    ASSERT_TRUE(replayed.status.ok()) << at << ": " << replayed.status.ToString();
    ASSERT_GE(replayed.payloads.size(), synced);
    for (std::size_t i = 0; i < replayed.payloads.size(); ++i) {
      ASSERT_EQ(replayed.payloads[i], log.payloads[i]);
    }
  }
}

}  // namespace
}  // namespace firn::testing
