// The filter of a memtable: when there is one, that it is never wrong, and that readers beside the
// writer may rely on it.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "memtable/memtable.h"

namespace firn {
namespace {

constexpr std::size_t kBytesPlanned = 2 << 20;

std::string KeyOf(SequenceNumber number) {
  return std::to_string(number * 0x9E3779B97F4A7C15u) + "/" + std::to_string(number);
}

class MemtableFilterTest : public ::testing::Test {
 protected:
  void Put(SequenceNumber sequence, Slice value) {
    memtable_.Insert(KeyOf(sequence), value, sequence, EntryKind::kPut);
  }
  // As a read does.
  [[nodiscard]] bool Finds(const std::string& key) const {
    Entry entry;
    memtable_.PrefetchFilter(KeyHash(key));
    return memtable_.MayContain(KeyHash(key)) && memtable_.Get(key, kSequenceMax, &entry);
  }
  [[nodiscard]] double FalsePositives() const {
    constexpr SequenceNumber kTried = 20000;
    SequenceNumber passed = 0;
    for (SequenceNumber i = 0; i < kTried; ++i) {
      passed += memtable_.MayContain(KeyHash(KeyOf(1'000'000'000 + i))) ? 1 : 0;
    }
    return static_cast<double>(passed) / static_cast<double>(kTried);
  }
  // Inserts until the memtable is full; returns the last sequence.
  SequenceNumber Fill(SequenceNumber sequence, Slice value) {
    for (; memtable_.bytes() < kBytesPlanned; ++sequence) Put(sequence, value);
    return sequence - 1;
  }

  MemoryLedger ledger_{std::uint64_t{1} << 30};
  ArenaPool pool_{ledger_, 1 << 18, 0};
  Memtable memtable_{pool_, kBytesPlanned};
};

TEST_F(MemtableFilterTest, EveryKeyIsFoundWhileItFillsAndTheRestIsDenied) {
  const std::string value(100, 'v');
  for (SequenceNumber sequence = 1; memtable_.bytes() < kBytesPlanned; ++sequence) {
    Put(sequence, value);
    ASSERT_TRUE(Finds(KeyOf(sequence)));
    ASSERT_TRUE(Finds(KeyOf(1 + sequence / 2)));
    ASSERT_FALSE(Finds(KeyOf(1'000'000 + sequence)));
  }
  for (SequenceNumber sequence = 1; sequence <= memtable_.entries(); ++sequence) {
    ASSERT_TRUE(Finds(KeyOf(sequence))) << sequence;
  }
  EXPECT_LT(FalsePositives(), 0.03);
}

TEST_F(MemtableFilterTest, ValuesOfAnySizeAreForecast) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{8}, std::size_t{1000}}) {
    Memtable memtable(pool_, kBytesPlanned);
    const std::string value(bytes, 'v');
    SequenceNumber sequence = 0;
    for (; memtable.bytes() < kBytesPlanned; ++sequence) {
      memtable.Insert(KeyOf(sequence), value, sequence, EntryKind::kPut);
    }
    SequenceNumber passed = 0;
    for (SequenceNumber i = 0; i < 10000; ++i) {
      passed += memtable.MayContain(KeyHash(KeyOf(1'000'000'000 + i))) ? 1 : 0;
    }
    EXPECT_LT(passed, 300u) << bytes;
  }
}

TEST_F(MemtableFilterTest, MoreKeysThanForecastAreAllFound) {
  SequenceNumber sequence = 1;
  const std::string large(4000, 'v');
  while (memtable_.bytes() < kBytesPlanned / 64) Put(sequence++, large);
  EXPECT_LT(FalsePositives(), 0.03);
  const SequenceNumber last = Fill(sequence, "");
  for (SequenceNumber i = 1; i <= last; ++i) ASSERT_TRUE(Finds(KeyOf(i))) << i;
  EXPECT_GT(FalsePositives(), 0.5) << "the forecast was meant to be wrong here";
}

TEST_F(MemtableFilterTest, DeletesAreEntriesToo) {
  Fill(1, "value");
  memtable_.Insert("deleted", "", kSequenceMax, EntryKind::kDelete);
  EXPECT_TRUE(Finds("deleted"));
}

TEST_F(MemtableFilterTest, WithoutAPlanThereIsNone) {
  Memtable memtable(pool_);
  for (SequenceNumber i = 0; memtable.bytes() < kBytesPlanned; ++i) {
    memtable.Insert(KeyOf(i), "value", i, EntryKind::kPut);
  }
  EXPECT_TRUE(memtable.MayContain(KeyHash("anything")));
}

TEST_F(MemtableFilterTest, ItsMemoryIsCountedAndSmall) {
  const std::string value(100, 'v');
  Memtable plain(pool_);
  SequenceNumber sequence = 1;
  for (; sequence <= 10000; ++sequence) {
    Put(sequence, value);
    plain.Insert(KeyOf(sequence), value, sequence, EntryKind::kPut);
  }
  EXPECT_GT(memtable_.bytes(), plain.bytes());
  EXPECT_LT(memtable_.bytes(), plain.bytes() + kBytesPlanned / 64);
}

// M2 through the filter, from before there is one until long after.
TEST_F(MemtableFilterTest, ReadersBesideTheWriterAreNeverToldThatAVisibleKeyIsMissing) {
  constexpr SequenceNumber kInserts = 30000;
  std::atomic<SequenceNumber> visible = 0;
  std::vector<std::thread> readers;
  std::atomic<SequenceNumber> missing = 0;
  for (SequenceNumber number = 1; number <= 2; ++number) {
    readers.emplace_back([&, number] {
      SequenceNumber at = 0;
      for (SequenceNumber turn = number; at < kInserts; turn += 7) {
        at = visible.load(std::memory_order_acquire);
        if (at == 0) continue;
        // Every other time the latest one: its bits are the newest.
        const SequenceNumber pick = turn % 2 == 0 ? at : 1 + turn % at;
        if (!Finds(KeyOf(pick))) missing = pick;
      }
    });
  }
  for (SequenceNumber sequence = 1; sequence <= kInserts; ++sequence) {
    Put(sequence, "value");
    if (sequence % 64 == 0) std::this_thread::yield();  // few cores: let the readers come
    visible.store(sequence, std::memory_order_release);
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(missing, 0u);
}

}  // namespace
}  // namespace firn
