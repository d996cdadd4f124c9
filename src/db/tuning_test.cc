#include "db/tuning.h"

#include "firn/db.h"
#include "gtest/gtest.h"
#include "wal/log_format.h"

namespace firn::testing {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

TEST(Tuning, GrowsWithTheBudgetAndFitsIntoIt) {
  Tuning before = TuningFor(8 * kMiB);
  for (std::uint64_t budget = 8 * kMiB; budget <= (std::uint64_t{1} << 40); budget += budget / 7) {
    const Tuning now = TuningFor(budget);
    SCOPED_TRACE(budget);
    EXPECT_EQ(now.ledger_bytes, budget);
    EXPECT_GE(now.memtable_bytes, before.memtable_bytes);
    EXPECT_GE(now.memtables_bytes_max, before.memtables_bytes_max);
    EXPECT_GE(now.arena_chunk_bytes, before.arena_chunk_bytes);
    EXPECT_GE(now.table_bytes, before.table_bytes);
    EXPECT_GE(now.log_segment_bytes, before.log_segment_bytes);
    EXPECT_GE(now.log_window_bytes, before.log_window_bytes);
    EXPECT_GE(now.log_bytes_max, before.log_bytes_max);

    EXPECT_LE(now.memtables_bytes_max, budget / 2) << "half of it is for frames";
    EXPECT_GT(now.memtables_bytes_max, now.memtable_bytes) << "one fills while another is written";
    EXPECT_LE(now.arena_chunk_bytes, now.memtable_bytes);
    EXPECT_LE(now.log_window_bytes, now.log_segment_bytes);
    EXPECT_GE(now.log_bytes_max, now.memtables_bytes_max) << "the log must hold the memtables";
    EXPECT_GT(now.runs_stop, now.runs_per_level);
    EXPECT_GT(now.open_files_max, 0u);
    before = now;
  }
}

std::string Complaint(const Options& options) {
  const Status status = ValidateOptions(options);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(Options, EveryOneOutOfRangeIsNamed) {
  Options options;
  EXPECT_TRUE(ValidateOptions(options).ok());
  options.memory_budget = 8 * kMiB - 1;
  EXPECT_NE(Complaint(options).find("memory_budget"), std::string::npos);
  options = Options();
  for (const int milliseconds : {0, -1, 3600001}) {
    options.sync_interval = std::chrono::milliseconds(milliseconds);
    EXPECT_NE(Complaint(options).find("sync_interval"), std::string::npos) << milliseconds;
  }
  options = Options();
  options.durability = static_cast<Durability>(3);
  EXPECT_NE(Complaint(options).find("durability"), std::string::npos);
  options = Options();
  options.compression = static_cast<Compression>(3);
  EXPECT_NE(Complaint(options).find("compression"), std::string::npos);
  options = Options();
  options.log_backend = static_cast<LogBackend>(2);
  EXPECT_NE(Complaint(options).find("log_backend"), std::string::npos);
}

TEST(Options, TheEndsOfTheRangesAreLegal) {
  Options options;
  options.memory_budget = 8 * kMiB;
  options.sync_interval = std::chrono::milliseconds(1);
  EXPECT_TRUE(ValidateOptions(options).ok());
  options.sync_interval = std::chrono::hours(1);
  EXPECT_TRUE(ValidateOptions(options).ok());
}

}  // namespace
}  // namespace firn::testing
