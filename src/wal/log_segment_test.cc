#include "wal/log_segment.h"

#include <set>

#include "testing/log_test_util.h"

namespace firn::testing {
namespace {

constexpr std::uint64_t kWindow = 1024;
constexpr std::uint64_t kWindows = 8;

// A mapped file that remembers which windows are resident.
class ObservedFile final : public SegmentFile {
 public:
  explicit ObservedFile(std::set<std::uint64_t>& resident) : resident_(resident) {}
  std::uint64_t size() const override { return memory_.size(); }
  char* mapping() override { return memory_.data(); }
  Status WriteAt(std::uint64_t, Slice) override { return Status(); }
  Status SyncData() override { return Status(); }
  void Populate(std::uint64_t offset, std::uint64_t length) override {
    for (std::uint64_t at = offset; at < offset + length; at += kWindow) {
      EXPECT_TRUE(resident_.insert(at / kWindow).second) << "populated twice";
    }
  }
  void Release(std::uint64_t offset, std::uint64_t length) override {
    for (std::uint64_t at = offset; at < offset + length; at += kWindow) {
      resident_.erase(at / kWindow);
    }
  }
  Status Close() override { return Status(); }

 private:
  std::string memory_ = std::string(kWindow * kWindows, '\0');
  std::set<std::uint64_t>& resident_;
};

class LogSegmentTest : public ::testing::Test {
 protected:
  using Windows = std::set<std::uint64_t>;
  Windows resident;
  MemoryLedger ledger{1 << 20};
  LogSegment segment{{FileNumber{1}, std::make_unique<ObservedFile>(resident)}, 0, ledger, kWindow};
};

TEST_F(LogSegmentTest, KeepsTheWritersWindowAndTheNextResident) {
  segment.MoveWindow(0, true);
  EXPECT_EQ(resident, (Windows{0, 1}));
  segment.MoveWindow(kWindow + 5, true);
  EXPECT_EQ(resident, (Windows{1, 2}));
  EXPECT_EQ(ledger.used(MemoryClass::kLog), 2 * kWindow);
  segment.MoveWindow(kWindow * 5, true);
  EXPECT_EQ(resident, (Windows{5, 6}));
  segment.MoveWindow(kWindow * 7 + 1, true);
  EXPECT_EQ(resident, (Windows{7}));
  EXPECT_EQ(ledger.used(MemoryClass::kLog), kWindow);
  segment.MoveWindow(kWindow * 100, true);
  EXPECT_EQ(ledger.used(MemoryClass::kLog), 0u);
}

TEST_F(LogSegmentTest, AccountsForWindowsItLetsTheWriterFaultIn) {
  segment.MoveWindow(0, false);
  EXPECT_TRUE(resident.empty());
  EXPECT_EQ(ledger.used(MemoryClass::kLog), 2 * kWindow);
}

TEST_F(LogSegmentTest, ASyncReleasesWhatItWouldWriteProtectPageByPage) {
  segment.MoveWindow(0, true);
  ASSERT_TRUE(segment.Sync(kWindow / 2).ok());
  EXPECT_TRUE(resident.empty());
  EXPECT_EQ(ledger.used(MemoryClass::kLog), 2 * kWindow - kWindow / 2)
      << "the writer faults in what lies ahead";
  segment.MoveWindow(kWindow + 5, true);
  EXPECT_EQ(resident, Windows{2});
  EXPECT_EQ(ledger.used(MemoryClass::kLog), 2 * kWindow);
  ASSERT_TRUE(segment.Sync(kWindow * 100).ok()) << "the log has moved on to the next segment";
  EXPECT_TRUE(resident.empty());
  EXPECT_EQ(ledger.used(MemoryClass::kLog), 0u);
}

TEST_F(LogSegmentTest, ASyncOfAFewBytesReleasesNothing) {
  segment.MoveWindow(0, true);
  ASSERT_TRUE(segment.Sync(kWindow / 16 - 1).ok());
  EXPECT_EQ(resident, (Windows{0, 1}));
}

TEST_F(LogSegmentTest, MovesNothingOnceClosed) {
  segment.MoveWindow(0, true);
  ASSERT_TRUE(segment.Close().ok());
  EXPECT_EQ(ledger.used(MemoryClass::kLog), 0u);
  segment.MoveWindow(kWindow * 3, true);
  EXPECT_EQ(resident, (Windows{0, 1}));
}

}  // namespace
}  // namespace firn::testing
