// Real threads over the simulated disk: for the thread sanitizer, and for sharing of syncs.
#include <atomic>
#include <thread>

#include "base/mutex.h"
#include "testing/log_test_util.h"

namespace firn::testing {
namespace {

class LogThreads : public ::testing::TestWithParam<SegmentBackend> {};

INSTANTIATE_TEST_SUITE_P(Backends, LogThreads,
                         ::testing::Values(SegmentBackend::kMapped, SegmentBackend::kPositioned),
                         [](const auto& backend) {
                           return backend.param == SegmentBackend::kMapped ? "Mapped"
                                                                           : "Positioned";
                         });

// Four writers commit under one lock and sync on their own, while a fifth thread releases.
TEST_P(LogThreads, ManyWritersShareSyncsAndLoseNothing) {
  constexpr int kWriters = 4;
  constexpr int kCommits = 150;
  const auto disk = MemoryFileSystem::Create();
  const Runtime runtime = ThreadedRuntimeOver(*disk);
  ASSERT_TRUE(disk->CreateDirectory(kTestDirectory).ok());
  ASSERT_TRUE(disk->OpenDirectory("/").value()->Sync().ok());
  const auto directory = disk->OpenDirectory(kTestDirectory);
  ASSERT_TRUE(directory.ok());
  MemoryLedger ledger(std::uint64_t{64} << 20);
  std::atomic<std::uint64_t> next_file_number{1};
  LogWriterSettings settings;
  settings.directory = kTestDirectory;
  settings.database = kTestDatabase;
  settings.incarnation = 1;
  settings.segment_bytes = 16 << 10;
  settings.window_bytes = 4 << 10;
  settings.backend = GetParam();
  settings.first_sequence = 1;
  auto created = LogWriter::Create(
      runtime, **directory, ledger, [&] { return FileNumber{next_file_number.fetch_add(1)}; },
      settings);
  ASSERT_TRUE(created.ok());
  LogWriter& writer = **created;

  Mutex commit_lock;
  SequenceNumber next_sequence = 1;
  std::atomic<LogPosition> released{0};
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kWriters; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCommits; ++i) {
        const std::string payload = TestPayload(static_cast<std::uint64_t>(i), 200);
        LogPosition end = 0;
        {
          MutexLock lock(commit_lock);
          const Slice part(payload);
          const auto appended = writer.Append(next_sequence++, 1, {&part, 1});
          if (!appended.ok()) {
            ++failures;
            return;
          }
          end = *appended;
        }
        if (!writer.Sync(end).ok() || writer.durable() < end) ++failures;
        if (t == 0 && i == kCommits / 2) {
          released = end;
          writer.Release(end);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(writer.durable(), writer.appended());
  EXPECT_TRUE(writer.Close().ok());
  const Replayed replayed = ReplayDirectory(*disk->CrashImage({}), released);
  ASSERT_TRUE(replayed.status.ok()) << replayed.status.ToString();
  ASSERT_FALSE(replayed.sequences.empty());
  EXPECT_EQ(replayed.result.last_sequence, next_sequence - 1);
  EXPECT_EQ(replayed.payloads.size(), next_sequence - replayed.sequences.front());
}

TEST_P(LogThreads, EveryWaiterLearnsOfAFailedSync) {
  const auto disk = MemoryFileSystem::Create();
  const Runtime runtime = ThreadedRuntimeOver(*disk);
  ASSERT_TRUE(disk->CreateDirectory(kTestDirectory).ok());
  ASSERT_TRUE(disk->OpenDirectory("/").value()->Sync().ok());
  const auto directory = disk->OpenDirectory(kTestDirectory);
  ASSERT_TRUE(directory.ok());
  MemoryLedger ledger(std::uint64_t{64} << 20);
  std::atomic<std::uint64_t> next_file_number{1};
  LogWriterSettings settings;
  settings.directory = kTestDirectory;
  settings.database = kTestDatabase;
  settings.segment_bytes = 64 << 10;
  settings.backend = GetParam();
  settings.first_sequence = 1;
  auto created = LogWriter::Create(
      runtime, **directory, ledger, [&] { return FileNumber{next_file_number.fetch_add(1)}; },
      settings);
  ASSERT_TRUE(created.ok());
  LogWriter& writer = **created;
  const Slice part("payload");
  const auto end = writer.Append(1, 1, {&part, 1});
  ASSERT_TRUE(end.ok());
  disk->InjectFault({disk->calls() + 1, Fault::Kind::kSyncDropsPages, false});
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] { refused += writer.Sync(*end).ok() ? 0 : 1; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 4) << "a later sync of the same file would report success";
  EXPECT_LT(writer.durable(), *end);
  EXPECT_FALSE(writer.Close().ok());
}

}  // namespace
}  // namespace firn::testing
