// Walks past the page cache and the pieces that others read for them: the same answers, whoever
// reads, and nothing of it left behind.
#include "table/piece_ahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <thread>

#include "table/block_source.h"
#include "table/table_fixture.h"

namespace firn::testing {
namespace {

// Tasks run when the test says so, or never.
class HeldTasks final : public Executor {
 public:
  void Schedule(Priority, std::function<void()> task) override {
    tasks_.push_back(std::move(task));
  }
  std::uint64_t ScheduleAfter(Micros, Priority priority, std::function<void()> task) override {
    Schedule(priority, std::move(task));
    return 0;
  }
  bool Cancel(std::uint64_t) override { return false; }
  [[nodiscard]] std::size_t low_slots() const override { return 1; }
  bool RunOne() override {
    if (tasks_.empty()) return false;
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  void RunAll() {
    while (RunOne()) {
    }
  }
  [[nodiscard]] std::size_t held() const { return tasks_.size(); }

 private:
  std::deque<std::function<void()>> tasks_;
};

constexpr std::size_t kEntries = 20000;
// Pieces of at most 128 KiB: three partitions of some 38 KB.
constexpr std::uint64_t kPieceBytes = std::uint64_t{128} << 10;
constexpr std::uint64_t kBudget = kPieceBytes * FrameSource::kBudgetPerPiece;

std::string KeyOf(std::size_t i) {
  char key[16];
  std::snprintf(key, sizeof(key), "key%06zu", i);
  return key;
}

class PieceAheadTest : public ::testing::TestWithParam<bool> {
 protected:
  void Open(Executor* executor, std::uint64_t budget = kBudget) {
    fixture_ = std::make_unique<TableFixture>(budget, 4, PageCache::kBypass, executor);
    EntrySet set;
    for (std::size_t i = 0; i < kEntries; ++i) set.Put(KeyOf(i), std::string(100, 'v'), 1);
    expected_ = Copied(set.Sorted());
    if (!forwards()) std::reverse(expected_.begin(), expected_.end());
    reader_ = fixture_->WriteAndOpen(set.Sorted(), {.block_bytes = 1024, .partition_blocks = 32});
  }
  ~PieceAheadTest() override {
    reader_.reset();
    EpochDomain::Process().Drain();
  }
  [[nodiscard]] static bool forwards() { return GetParam(); }
  [[nodiscard]] std::uint64_t held_bytes() const {
    return fixture_->ledger().used(MemoryClass::kIterator);
  }

  // Walks over all of the table and runs `between` after each step.
  template <typename Between>
  void Walk(const Between& between) {
    const auto cursor = reader_->NewCursor(TableReader::CursorUse::kRead);
    ExpectOk(forwards() ? cursor->SeekToFirst() : cursor->SeekToLast());
    EntryBatch batch;
    std::size_t next = 0;
    while (true) {
      ExpectOk(forwards() ? cursor->Next(batch, 64) : cursor->Prev(batch, 64));
      if (batch.count == 0) break;
      for (std::size_t i = 0; i < batch.count; ++i) {
        ASSERT_LT(next, expected_.size());
        ASSERT_EQ(batch.entries[i].key, expected_[next].key);
        ASSERT_EQ(batch.entries[i].value, expected_[next++].value);
      }
      between();
    }
    EXPECT_EQ(next, expected_.size());
  }

  std::unique_ptr<TableFixture> fixture_;
  std::shared_ptr<const TableReader> reader_;
  std::vector<CopiedEntry> expected_;
};

TEST_P(PieceAheadTest, TasksReadNearlyAllOfALongWalk) {
  HeldTasks tasks;
  Open(&tasks);
  std::uint64_t by_tasks = 0;
  const std::uint64_t before = fixture_->file_system().looks();
  Walk([&] {
    const std::uint64_t looks = fixture_->file_system().looks();
    tasks.RunAll();
    by_tasks += fixture_->file_system().looks() - looks;
  });
  const std::uint64_t all = fixture_->file_system().looks() - before;
  EXPECT_GT(by_tasks, 10u);
  // The first pieces are small, and opening the table reads its footer, top and first partition.
  EXPECT_LT(all - by_tasks, 10u);
  EXPECT_EQ(held_bytes(), 0u);
}

TEST_P(PieceAheadTest, AWalkThatNoTaskHelpsReadsAsMuchByItself) {
  HeldTasks tasks;
  Open(&tasks);
  const std::uint64_t before = fixture_->file_system().looks();
  Walk([] {});
  const std::uint64_t alone = fixture_->file_system().looks() - before;
  EXPECT_GT(tasks.held(), 10u);
  reader_.reset();
  EpochDomain::Process().Drain();
  fixture_.reset();
  tasks.RunAll();  // too late: what they were to fill is gone
  HeldTasks helping;
  Open(&helping);
  const std::uint64_t again = fixture_->file_system().looks();
  Walk([&] { helping.RunAll(); });
  EXPECT_EQ(fixture_->file_system().looks() - again, alone) << "nothing is read twice";
}

TEST_P(PieceAheadTest, AWalkThatStopsOrTurnsLeavesNothingBehind) {
  HeldTasks tasks;
  Open(&tasks);
  for (const std::size_t steps : {50u, 100u, 150u}) {
    const auto cursor = reader_->NewCursor(TableReader::CursorUse::kRead);
    ExpectOk(forwards() ? cursor->SeekToFirst() : cursor->SeekToLast());
    EntryBatch batch;
    for (std::size_t i = 0; i < steps; ++i) {
      ExpectOk(forwards() ? cursor->Next(batch, 64) : cursor->Prev(batch, 64));
    }
    EXPECT_GT(held_bytes(), kPieceBytes) << "a walk of " << steps << " steps is a long one";
    if (steps == 100) tasks.RunAll();
    const std::string last(batch.entries[batch.count - 1].key);
    if (steps == 150) {
      ExpectOk(forwards() ? cursor->SeekForPrev(last) : cursor->Seek(last));
      for (std::size_t i = 0; i < 100; ++i) {
        ExpectOk(forwards() ? cursor->Prev(batch, 64) : cursor->Next(batch, 64));
      }
    }
  }
  EXPECT_EQ(held_bytes(), 0u);
  tasks.RunAll();
  EXPECT_EQ(held_bytes(), 0u);
}

TEST_P(PieceAheadTest, WhatATaskCouldNotReadIsReadAgainByTheWalk) {
  HeldTasks tasks;
  Open(&tasks);
  bool struck = false;
  Walk([&] {
    if (!struck && tasks.held() > 0) {
      const std::uint64_t looks = fixture_->file_system().looks();
      fixture_->file_system().InjectFault({.at_call = looks + 1, .kind = Fault::Kind::kLook});
      tasks.RunAll();
      struck = fixture_->file_system().fault_fired();
      fixture_->file_system().InjectFault({});
    }
  });
  EXPECT_TRUE(struck);
}

TEST_P(PieceAheadTest, WhatNobodyCanReadIsTheWalksError) {
  HeldTasks tasks;
  Open(&tasks);
  const auto cursor = reader_->NewCursor(TableReader::CursorUse::kRead);
  ExpectOk(forwards() ? cursor->SeekToFirst() : cursor->SeekToLast());
  EntryBatch batch;
  while (tasks.held() == 0) {
    ExpectOk(forwards() ? cursor->Next(batch, 64) : cursor->Prev(batch, 64));
  }
  const std::uint64_t looks = fixture_->file_system().looks();
  fixture_->file_system().InjectFault({.at_call = looks + 1, .kind = Fault::Kind::kLook});
  Status status;
  for (std::size_t i = 0; i < kEntries / 64 && status.ok(); ++i) {
    status = forwards() ? cursor->Next(batch, 64) : cursor->Prev(batch, 64);
  }
  EXPECT_EQ(status.code(), StatusCode::kIo);
}

TEST_P(PieceAheadTest, PiecesOfManyWalksKeepToTheirPartOfTheBudget) {
  HeldTasks tasks;
  Open(&tasks);
  std::vector<std::unique_ptr<EntryCursor>> cursors;
  EntryBatch batch;
  for (std::size_t i = 0; i < 20; ++i) {
    cursors.push_back(reader_->NewCursor(TableReader::CursorUse::kRead));
    ExpectOk(cursors.back()->Seek(KeyOf(i * 100 + (forwards() ? 0 : kEntries / 2))));
  }
  for (int round = 0; round < 100; ++round) {
    for (const auto& cursor : cursors) {
      ExpectOk(forwards() ? cursor->Next(batch, 64) : cursor->Prev(batch, 64));
    }
    tasks.RunAll();
    ASSERT_LE(held_bytes(), kBudget / FrameSource::kBudgetPerIterators + kPieceBytes +
                                2 * kDirectAlignment);
  }
}

TEST_P(PieceAheadTest, ThreadsThatReadForManyWalksChangeNoAnswer) {
  Open(Runtime::Posix().executor);
  std::vector<std::thread> walks;
  for (int i = 0; i < 4; ++i) {
    walks.emplace_back([&] {
      for (int round = 0; round < 3; ++round) Walk([] {});
    });
  }
  for (std::thread& walk : walks) walk.join();
  EXPECT_EQ(held_bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Directions, PieceAheadTest, ::testing::Bool(), [](const auto& instance) {
  return std::string(instance.param ? "Forwards" : "Backwards");
});

}  // namespace
}  // namespace firn::testing
