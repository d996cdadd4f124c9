// Readers of one table under a budget that holds a few frames only, beside each other and a
// sweeper: every answer is right, and afterwards nothing is left. Worth most under ThreadSanitizer.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "table/table_fixture.h"

namespace firn::testing {
namespace {

constexpr int kKeys = 3000;

std::string KeyOf(int i) {
  char key[16];
  std::snprintf(key, sizeof(key), "key%06d", i);
  return key;
}
std::string ValueOf(int i) { return "value of " + KeyOf(i) + std::string(80, '.'); }

class EvictionTest : public ::testing::Test {
 protected:
  EvictionTest() : fixture_(24 << 10) {
    EntrySet set;
    for (int i = 0; i < kKeys; ++i) set.Put(KeyOf(i), ValueOf(i), 1);
    reader_ = fixture_.WriteAndOpen(set.Sorted(), {.block_bytes = 1024, .partition_blocks = 16});
  }

  void GetRandomly(std::uint64_t seed, int rounds) {
    std::mt19937_64 random(seed);
    for (int round = 0; round < rounds; ++round) {
      const int i = static_cast<int>(random() % kKeys);
      if (Lookup(*reader_, KeyOf(i)) != ValueOf(i) + "@1") wrong_.fetch_add(1);
      if (Lookup(*reader_, KeyOf(i) + "x") != "none") wrong_.fetch_add(1);
    }
  }

  void ScanRandomly(std::uint64_t seed, int rounds, TableReader::CursorUse use) {
    std::mt19937_64 random(seed);
    const auto cursor = reader_->NewCursor(use);
    EntryBatch batch;
    for (int round = 0; round < rounds; ++round) {
      int i = static_cast<int>(random() % kKeys);
      if (!cursor->Seek(KeyOf(i)).ok()) wrong_.fetch_add(1);
      for (int step = 0; step < 5; ++step) {
        if (!cursor->Next(batch, 20).ok()) wrong_.fetch_add(1);
        for (std::size_t k = 0; k < batch.count; ++k, ++i) {
          if (batch.entries[k].key != KeyOf(i) || batch.entries[k].value != ValueOf(i)) {
            wrong_.fetch_add(1);
          }
        }
      }
    }
  }

  TableFixture fixture_;
  std::shared_ptr<const TableReader> reader_;
  std::atomic<int> wrong_{0};
};

TEST_F(EvictionTest, ConcurrentReadersUnderATinyBudgetAlwaysSeeTheRightEntries) {
  std::vector<std::thread> threads;
  threads.emplace_back([this] { GetRandomly(1, 4000); });
  threads.emplace_back([this] { GetRandomly(2, 4000); });
  threads.emplace_back([this] { ScanRandomly(3, 300, TableReader::CursorUse::kRead); });
  threads.emplace_back([this] { ScanRandomly(4, 30, TableReader::CursorUse::kJob); });
  threads.emplace_back([this] {
    for (int i = 0; i < 300; ++i) {
      const TableReader* reader = reader_.get();
      reader->Prefetch(LookupKey(KeyOf(i)));
      fixture_.ledger().Add(MemoryClass::kMemtable, 1 << 20);
      fixture_.frames().EvictExcess();
      fixture_.ledger().Remove(MemoryClass::kMemtable, 1 << 20);
    }
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong_.load(), 0);

  reader_.reset();
  EpochDomain::Process().Drain();
  EpochDomain::Process().Drain();
  EXPECT_EQ(fixture_.frames().frames(), 0u);
  EXPECT_EQ(fixture_.ledger().used(), 0u);
}

TEST_F(EvictionTest, StaysWithinTheBudgetWhenNobodyHoldsFrames) {
  GetRandomly(7, 2000);
  fixture_.frames().EvictExcess();
  EpochDomain::Process().Drain();
  EXPECT_EQ(wrong_.load(), 0);
  EXPECT_EQ(fixture_.ledger().excess(), 0u);
}

TEST_F(EvictionTest, ManyFirstReadersOpenTheTableOnce) {
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([this, seed] { GetRandomly(seed, 50); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong_.load(), 0);
}

}  // namespace
}  // namespace firn::testing
