#include "memtable/arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>

namespace firn {
namespace {

constexpr std::size_t kChunk = 64 << 10;

class ArenaPoolTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::uint64_t held() const { return ledger_.used(MemoryClass::kMemtable); }
  MemoryLedger ledger_{std::uint64_t{1} << 30};
};

TEST_F(ArenaPoolTest, RoundsUpToAPowerOfTwoAndAccountsWholeChunks) {
  ArenaPool pool(ledger_, kChunk, 0);
  const auto small = pool.Take(1);
  EXPECT_EQ(small.bytes, ArenaPool::kChunkBytesMin);
  const auto middle = pool.Take(5000);
  EXPECT_EQ(middle.bytes, 8192u);
  EXPECT_EQ(held(), kChunk) << "both are cut from one chunk";
  const auto whole = pool.Take(kChunk);
  EXPECT_EQ(whole.bytes, kChunk);
  EXPECT_EQ(held(), 2 * kChunk);
  for (const auto& chunk : {small, middle, whole}) pool.GiveBack(chunk);
  EXPECT_EQ(held(), 0u);
}

TEST_F(ArenaPoolTest, KeepsSpareChunksUpToItsLimitAndHandsThemOutAgain) {
  ArenaPool pool(ledger_, kChunk, kChunk);
  const auto first = pool.Take(kChunk);
  const auto second = pool.Take(kChunk);
  pool.GiveBack(first);
  pool.GiveBack(second);
  EXPECT_EQ(held(), kChunk);
  const auto again = pool.Take(kChunk);
  EXPECT_EQ(again.data, first.data);
  EXPECT_EQ(held(), kChunk);
  pool.GiveBack(again);
}

TEST_F(ArenaPoolTest, ReturnsTheLedgerToZeroWhenItDies) {
  {
    ArenaPool pool(ledger_, kChunk, 10 * kChunk);
    for (int i = 0; i < 3; ++i) {
      Arena arena(pool);
      for (int j = 0; j < 5000; ++j) std::memset(arena.Allocate(100, 1), j, 100);
    }
    EXPECT_GT(held(), 0u);
  }
  EXPECT_EQ(held(), 0u);
}

TEST_F(ArenaPoolTest, GivesMoreThanAChunkItsOwnSizeAndNeverKeepsIt) {
  ArenaPool pool(ledger_, kChunk, 10 * kChunk);
  const auto large = pool.Take(10 * kChunk + 1);
  EXPECT_EQ(large.bytes, 10 * kChunk + 1);
  EXPECT_EQ(held(), 10 * kChunk + 1);
  std::memset(large.data, 1, large.bytes);
  pool.GiveBack(large);
  EXPECT_EQ(held(), 0u);
}

TEST_F(ArenaPoolTest, ServesAThousandSmallArenasFromSharedChunks) {
  ArenaPool pool(ledger_, kChunk, 0);
  std::vector<std::unique_ptr<Arena>> arenas;
  for (int i = 0; i < 1000; ++i) {
    arenas.push_back(std::make_unique<Arena>(pool));
    std::memset(arenas.back()->Allocate(100, 8), i, 100);
  }
  EXPECT_LE(held(), 1000 * ArenaPool::kChunkBytesMin + kChunk);
  arenas.clear();
  EXPECT_EQ(held(), 0u);
}

TEST_F(ArenaPoolTest, NeverHandsOutBytesTwiceAndFusesAllPiecesInTheEnd) {
  ArenaPool pool(ledger_, kChunk, 0);
  std::mt19937 random(3);
  std::vector<std::pair<ArenaPool::Chunk, char>> live;
  for (int i = 0; i < 3000; ++i) {
    if (live.size() < 40 && random() % 2 == 0) {
      const auto chunk = pool.Take(1 + random() % kChunk);
      const char mark = static_cast<char>(i);
      std::memset(chunk.data, mark, chunk.bytes);
      live.emplace_back(chunk, mark);
    } else if (!live.empty()) {
      std::swap(live[random() % live.size()], live.back());
      const auto [chunk, mark] = live.back();
      live.pop_back();
      ASSERT_EQ(chunk.data[0], mark);
      ASSERT_EQ(std::memcmp(chunk.data, chunk.data + 1, chunk.bytes - 1), 0);
      pool.GiveBack(chunk);
    }
  }
  for (const auto& [chunk, mark] : live) pool.GiveBack(chunk);
  EXPECT_EQ(held(), 0u);
}

TEST_F(ArenaPoolTest, AlignsAndKeepsTheRestOfAChunkWhenALargePieceComesBetween) {
  ArenaPool pool(ledger_, kChunk, 0);
  Arena arena(pool);
  const char* const before = arena.Allocate(10, 1);
  char* const large = arena.Allocate(3 * kChunk, 1);
  std::memset(large, 1, 3 * kChunk);
  const char* const behind = arena.Allocate(10, 1);
  EXPECT_EQ(behind, before + 10);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.Allocate(1, 64)) % 64, 0u);
  EXPECT_GE(arena.used_bytes(), 3 * kChunk + 21);
}

TEST_F(ArenaPoolTest, WastesLittleWhateverTheSizeOfThePieces) {
  for (const std::size_t bytes : {std::size_t{30}, std::size_t{1500}, std::size_t{5000},
                                  std::size_t{20000}, kChunk / 2 + 1}) {
    ArenaPool pool(ledger_, kChunk, 0);
    Arena arena(pool);
    for (std::size_t used = 0; used < 100 * kChunk; used += bytes) (void)arena.Allocate(bytes, 1);
    EXPECT_LE(held(), 2 * arena.used_bytes() + kChunk) << bytes;
  }
}

}  // namespace
}  // namespace firn
