// Power loss at every file-system call of a workload that rotates, recycles and syncs: whatever the
// disk kept of what was not synced, replay gives a prefix that holds everything synced.
#include <algorithm>

#include "testing/log_test_util.h"

namespace firn::testing {
namespace {

struct Progress {
  std::size_t synced = 0;   // records that a finished Sync covered
  std::size_t flushed = 0;  // records the "manifest" no longer needs
  LogPosition replay_from = 0;
  LogPosition durable = 0;  // as the "manifest" would know it
};

// Stops at the first failure, as a store would.
Progress RunWorkload(TestLog& log) {
  Progress progress;
  for (int i = 0; i < 24; ++i) {
    if (!log.Append(static_cast<std::size_t>(300 + i * 37 % 900)).ok()) break;
    if (i == 13 && !log.Append(9000).ok()) break;
    if (i % 5 == 4) {
      if (!log.SyncAll().ok()) break;
      progress.synced = log.payloads.size();
    }
    if (i % 8 == 7) {
      progress.flushed = progress.synced;
      progress.replay_from = log.ends[progress.synced - 1];
      progress.durable = log.writer().durable();
      log.writer().Release(progress.replay_from);
    }
    if (i % 3 == 2) log.runtime().RunUntilIdle();
  }
  return progress;
}

void CheckImage(const TestLog& log, const Progress& progress, MemoryFileSystem& image,
                const std::string& what) {
  const Replayed replayed = ReplayDirectory(image, progress.replay_from, progress.durable);
  ASSERT_TRUE(replayed.status.ok()) << what << ": " << replayed.status.ToString();
  const std::size_t count = progress.flushed + replayed.payloads.size();
  ASSERT_GE(count, progress.synced) << what;
  // One more than acknowledged is legal: the call that failed may have left its record complete.
  ASSERT_LE(count, log.payloads.size() + 1) << what;
  const std::size_t known = std::min(count, log.payloads.size());
  for (std::size_t i = progress.flushed; i < known; ++i) {
    ASSERT_EQ(replayed.payloads[i - progress.flushed], log.payloads[i]) << what;
  }
}

class LogCrash : public ::testing::TestWithParam<SegmentBackend> {};

INSTANTIATE_TEST_SUITE_P(Backends, LogCrash,
                         ::testing::Values(SegmentBackend::kMapped, SegmentBackend::kPositioned),
                         [](const auto& backend) {
                           return backend.param == SegmentBackend::kMapped ? "Mapped"
                                                                           : "Positioned";
                         });

TEST_P(LogCrash, AtEveryCallLosesNothingSyncedWhateverTheDiskKept) {
  using Data = CrashKeep::Data;
  using Names = CrashKeep::Names;
  constexpr Data kData[] = {Data::kNothing, Data::kEverything, Data::kRandomSectors};
  constexpr Names kNames[] = {Names::kNothing, Names::kEverything, Names::kRandomSubset,
                              Names::kRandomPrefix};
  std::uint64_t stops = 0;
  for (std::uint64_t at = 1;; ++at) {
    TestLog log;
    log.settings.backend = GetParam();
    log.settings.recycled_max = 2;
    ASSERT_TRUE(log.Open().ok());
    const std::uint64_t last = log.disk().calls() + at;
    log.disk().StopAt(last);
    const Progress progress = RunWorkload(log);
    for (const Data data : kData) {
      for (const Names names : kNames) {
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
          const auto image = log.disk().CrashImage({data, names, seed * 1000 + at});
          CheckImage(log, progress, *image,
                     "stopped at call " + std::to_string(at) + " keep " +
                         std::to_string(static_cast<int>(data)) + "/" +
                         std::to_string(static_cast<int>(names)) + " seed " + std::to_string(seed));
          if (HasFatalFailure()) return;
        }
      }
    }
    ++stops;
    if (log.disk().calls() < last) break;
  }
  EXPECT_GT(stops, 30u);
}

}  // namespace
}  // namespace firn::testing
