#include "memtable/key_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/hash.h"

namespace firn {
namespace {

constexpr std::uint64_t kKeys = 20000;

std::uint64_t HashOf(std::uint64_t number) { return KeyHash("key " + std::to_string(number)); }

class KeyFilterTest : public ::testing::Test {
 protected:
  void Add(KeyFilter& filter, std::uint64_t keys) {
    for (std::uint64_t i = 0; i < keys; ++i) filter.Add(HashOf(i));
  }
  // Of keys that were never added, the share that the filter lets through.
  [[nodiscard]] static double FalsePositives(const KeyFilter& filter) {
    constexpr std::uint64_t kTried = 50000;
    std::uint64_t passed = 0;
    for (std::uint64_t i = 0; i < kTried; ++i) {
      passed += filter.MayContain(HashOf(1'000'000'000 + i)) ? 1 : 0;
    }
    return static_cast<double>(passed) / static_cast<double>(kTried);
  }

  MemoryLedger ledger_{std::uint64_t{1} << 30};
  ArenaPool pool_{ledger_, 1 << 20, 0};
  Arena arena_{pool_};
};

TEST_F(KeyFilterTest, HoldsNothingAtFirstWhateverTheMemoryHeldBefore) {
  ArenaPool recycling(ledger_, 1 << 20, 1 << 20);
  {
    const ArenaPool::Chunk chunk = recycling.Take(1 << 20);
    std::fill_n(chunk.data, chunk.bytes, '\xff');
    recycling.GiveBack(chunk);
  }
  Arena arena(recycling);
  const KeyFilter filter(arena, kKeys);
  EXPECT_EQ(FalsePositives(filter), 0);
}

TEST_F(KeyFilterTest, NeverDeniesAKeyThatWasAdded) {
  for (const std::size_t planned : {std::size_t{0}, std::size_t{1}, std::size_t{100},
                                    std::size_t{kKeys}, std::size_t{50 * kKeys}}) {
    KeyFilter filter(arena_, planned);
    for (std::uint64_t i = 0; i < kKeys; ++i) {
      filter.Add(HashOf(i));
      ASSERT_TRUE(filter.MayContain(HashOf(i)));
    }
    for (std::uint64_t i = 0; i < kKeys; ++i) ASSERT_TRUE(filter.MayContain(HashOf(i))) << i;
  }
}

TEST_F(KeyFilterTest, ExtremeHashesHaveTheirLine) {
  KeyFilter filter(arena_, 3 * kKeys);
  for (const std::uint64_t hash : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
    EXPECT_FALSE(filter.MayContain(hash));
    filter.Add(hash);
    EXPECT_TRUE(filter.MayContain(hash));
  }
}

TEST_F(KeyFilterTest, LetsLessThanThreeInAHundredThroughAtThePlannedSize) {
  KeyFilter filter(arena_, kKeys);
  Add(filter, kKeys);
  EXPECT_LT(FalsePositives(filter), 0.03);
  EXPECT_LE(filter.bytes(), kKeys * 10 / 8 + kCacheLineBytes);
}

TEST_F(KeyFilterTest, PastThePlannedSizeItDeniesLessAndLess) {
  KeyFilter twice(arena_, kKeys / 2);
  Add(twice, kKeys);
  EXPECT_LT(FalsePositives(twice), 0.25);
  KeyFilter far(arena_, kKeys / 64);
  Add(far, kKeys);
  EXPECT_GT(FalsePositives(far), 0.95);
}

TEST_F(KeyFilterTest, TheSameKeyAgainChangesNothing) {
  KeyFilter filter(arena_, kKeys);
  Add(filter, kKeys);
  const double before = FalsePositives(filter);
  for (int i = 0; i < 10; ++i) Add(filter, kKeys);
  EXPECT_EQ(FalsePositives(filter), before);
}

}  // namespace
}  // namespace firn
