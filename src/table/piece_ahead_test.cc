// Walks past the page cache and the pieces that others read for them: the same answers, whoever
// reads, and nothing of it left behind.
#include "table/piece_ahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "sim/manual_runtime.h"
#include "table/block_source.h"
#include "table/table_fixture.h"

namespace firn::testing {
namespace {

constexpr std::size_t kEntries = 20000;
// Pieces of at most 128 KiB: three partitions of some 38 KB.
constexpr std::uint64_t kPieceBytes = std::uint64_t{128} << 10;
constexpr std::uint64_t kBudget = kPieceBytes * FrameSource::kBudgetPerPiece;

class PieceAheadTest : public ::testing::TestWithParam<bool> {
 protected:
  void Open(Executor& executor) {
    fixture_ = std::make_unique<TableFixture>(kBudget, 4, PageCache::kBypass, &executor);
    EntrySet set;
    for (std::size_t i = 0; i < kEntries; ++i) set.Put(NumberedKey(i), std::string(100, 'v'), 1);
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

  // Its tasks run when the test says so, or never.
  [[nodiscard]] Executor& tasks() const { return *manual_->runtime().executor; }
  std::size_t RunTasks() {
    std::size_t ran = 0;
    while (tasks().RunOne()) ++ran;
    return ran;
  }

  const std::unique_ptr<MemoryFileSystem> no_files_ = MemoryFileSystem::Create();
  const std::unique_ptr<ManualRuntime> manual_ = ManualRuntime::Create(*no_files_, 1);
  std::unique_ptr<TableFixture> fixture_;
  std::shared_ptr<const TableReader> reader_;
  std::vector<CopiedEntry> expected_;
};

TEST_P(PieceAheadTest, TasksReadNearlyAllOfALongWalk) {
  Open(tasks());
  std::uint64_t by_tasks = 0;
  const std::uint64_t before = fixture_->file_system().looks();
  Walk([&] {
    const std::uint64_t looks = fixture_->file_system().looks();
    RunTasks();
    by_tasks += fixture_->file_system().looks() - looks;
  });
  const std::uint64_t all = fixture_->file_system().looks() - before;
  EXPECT_GT(by_tasks, 10u);
  // The first pieces are small, and opening the table reads its footer, top and first partition.
  EXPECT_LT(all - by_tasks, 10u);
  EXPECT_EQ(held_bytes(), 0u);
}

TEST_P(PieceAheadTest, AWalkThatNoTaskHelpsReadsAsMuchByItself) {
  Open(tasks());
  const std::uint64_t before = fixture_->file_system().looks();
  Walk([] {});
  const std::uint64_t alone = fixture_->file_system().looks() - before;
  reader_.reset();
  EpochDomain::Process().Drain();
  fixture_.reset();
  EXPECT_GT(RunTasks(), 10u) << "too late: what they were to fill is gone";
  Open(tasks());
  const std::uint64_t again = fixture_->file_system().looks();
  Walk([&] { RunTasks(); });
  EXPECT_EQ(fixture_->file_system().looks() - again, alone) << "nothing is read twice";
}

TEST_P(PieceAheadTest, AWalkThatStopsOrTurnsLeavesNothingBehind) {
  Open(tasks());
  for (const std::size_t steps : {50u, 100u, 150u}) {
    const auto cursor = reader_->NewCursor(TableReader::CursorUse::kRead);
    ExpectOk(forwards() ? cursor->SeekToFirst() : cursor->SeekToLast());
    EntryBatch batch;
    for (std::size_t i = 0; i < steps; ++i) {
      ExpectOk(forwards() ? cursor->Next(batch, 64) : cursor->Prev(batch, 64));
    }
    EXPECT_GT(held_bytes(), kPieceBytes) << "a walk of " << steps << " steps is a long one";
    if (steps == 100) RunTasks();
    const std::string last(batch.entries[batch.count - 1].key);
    if (steps == 150) {
      ExpectOk(forwards() ? cursor->SeekForPrev(last) : cursor->Seek(last));
      for (std::size_t i = 0; i < 100; ++i) {
        ExpectOk(forwards() ? cursor->Prev(batch, 64) : cursor->Next(batch, 64));
      }
    }
  }
  EXPECT_EQ(held_bytes(), 0u);
  RunTasks();
  EXPECT_EQ(held_bytes(), 0u);
}

TEST_P(PieceAheadTest, WhatATaskCouldNotReadIsReadAgainByTheWalk) {
  Open(tasks());
  bool struck = false;
  Walk([&] {
    if (struck) return;
    const std::uint64_t looks = fixture_->file_system().looks();
    fixture_->file_system().InjectFault({.at_call = looks + 1, .kind = Fault::Kind::kLook});
    RunTasks();
    struck = fixture_->file_system().fault_fired();
    fixture_->file_system().InjectFault({});
  });
  EXPECT_TRUE(struck);
}

TEST_P(PieceAheadTest, WhatNobodyCanReadIsTheWalksError) {
  Open(tasks());
  const auto cursor = reader_->NewCursor(TableReader::CursorUse::kRead);
  ExpectOk(forwards() ? cursor->SeekToFirst() : cursor->SeekToLast());
  EntryBatch batch;
  while (held_bytes() < 2 * kPieceBytes) {  // until there are pieces ahead
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
  Open(tasks());
  std::vector<std::unique_ptr<EntryCursor>> cursors;
  EntryBatch batch;
  for (std::size_t i = 0; i < 20; ++i) {
    cursors.push_back(reader_->NewCursor(TableReader::CursorUse::kRead));
    ExpectOk(cursors.back()->Seek(NumberedKey(i * 100 + (forwards() ? 0 : kEntries / 2))));
  }
  for (int round = 0; round < 100; ++round) {
    for (const auto& cursor : cursors) {
      ExpectOk(forwards() ? cursor->Next(batch, 64) : cursor->Prev(batch, 64));
    }
    RunTasks();
    ASSERT_LE(held_bytes(), kBudget / FrameSource::kBudgetPerIterators + kPieceBytes +
                                2 * kDirectAlignment);
  }
}

TEST_P(PieceAheadTest, ThreadsThatReadForManyWalksChangeNoAnswer) {
  Open(*Runtime::Posix().executor);
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
