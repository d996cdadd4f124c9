#include "memtable/memtable.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>

#include "testing/entry_cursor_contract.h"

namespace firn {
namespace {

class MemtableTest : public ::testing::Test {
 protected:
  void Put(Slice key, Slice value, SequenceNumber sequence) {
    memtable_.Insert(key, value, sequence, EntryKind::kPut);
  }
  [[nodiscard]] std::optional<Entry> Get(Slice key, SequenceNumber at = kSequenceMax) const {
    Entry entry;
    if (!memtable_.Get(key, at, &entry)) return std::nullopt;
    return entry;
  }

  MemoryLedger ledger_{std::uint64_t{8} << 30};
  ArenaPool pool_{ledger_, 1 << 20, 0};
  Memtable memtable_{pool_};
};

TEST_F(MemtableTest, IsEmptyAndTakesNoMemoryAtFirst) {
  EXPECT_TRUE(memtable_.empty());
  EXPECT_EQ(memtable_.bytes(), 0u);
  EXPECT_EQ(memtable_.sequence_min(), 0u);
  EXPECT_EQ(memtable_.sequence_max(), 0u);
  EXPECT_EQ(ledger_.used(), 0u);
  EXPECT_FALSE(Get("key").has_value());
  EXPECT_FALSE(memtable_.has_range_tombstones());
}

TEST_F(MemtableTest, ReturnsTheNewestVersionUpToASequence) {
  Put("key", "one", 10);
  memtable_.Insert("key", "", 20, EntryKind::kDelete);
  Put("key", "three", 30);
  EXPECT_FALSE(Get("key", 9).has_value());
  EXPECT_EQ(Get("key", 10)->value, "one");
  EXPECT_EQ(Get("key", 19)->sequence, 10u);
  EXPECT_EQ(Get("key", 20)->kind, EntryKind::kDelete);
  EXPECT_EQ(Get("key")->value, "three");
  EXPECT_EQ(Get("key", ~SequenceNumber{0})->value, "three");
  EXPECT_EQ(memtable_.entries(), 3u);
  EXPECT_EQ(memtable_.sequence_min(), 10u);
  EXPECT_EQ(memtable_.sequence_max(), 30u);
}

TEST_F(MemtableTest, TellsAShortKeyFromItsZeroPaddedTwin) {
  Put("a", "short", 1);
  Put(Slice("a\0", 2), "long", 2);
  EXPECT_EQ(Get("a")->value, "short");
  EXPECT_EQ(Get(Slice("a\0", 2))->value, "long");
  EXPECT_FALSE(Get(Slice("a\0\0", 3)).has_value());
  EXPECT_FALSE(Get("").has_value());
}

TEST_F(MemtableTest, HoldsTheLargestKeysAndLargeValues) {
  const std::string key(kKeyBytesMax, 'k');
  const std::string value(std::size_t{40} << 20, 'v');
  Put(key, value, 1);
  Put("small", "s", 2);
  Put(Slice(key).substr(1), "shorter", 3);
  EXPECT_EQ(Get(key)->value, value);
  EXPECT_EQ(Get(Slice(key).substr(1))->value, "shorter");
  EXPECT_EQ(Get("small")->value, "s");
}

TEST_F(MemtableTest, FindsEachOfManyVersionsOfOneKey) {
  Put("before", "x", 1);
  Put("zafter", "x", 2);
  for (SequenceNumber sequence = 10; sequence < 3000; sequence += 2) {
    Put("hot", std::to_string(sequence), sequence);
  }
  EXPECT_FALSE(Get("hot", 9).has_value());
  for (SequenceNumber at = 10; at < 3000; ++at) {
    ASSERT_EQ(Get("hot", at)->sequence, at / 2 * 2);
  }
}

TEST_F(MemtableTest, PacksOrderedInputIntoFullLeaves) {
  const std::string value(100, 'v');
  for (unsigned i = 0; i < 20000; ++i) {
    const std::string digits = std::to_string(i);
    Put(std::string(16 - digits.size(), '0') + digits, value, i + 1);
  }
  const double overhead = static_cast<double>(memtable_.bytes()) / 20000 - 116;
  EXPECT_LT(overhead, 34) << "a full leaf costs 18 bytes an entry, a record 10";
}

TEST_F(MemtableTest, KeepsItsOverheadForRandomKeysWithinBounds) {
  std::mt19937_64 random(11);
  const std::string value(100, 'v');
  for (unsigned i = 0; i < 50000; ++i) {
    char key[16];
    StoreFixed<std::uint64_t>(key, random());
    StoreFixed<std::uint64_t>(key + 8, random());
    Put(Slice(key, sizeof(key)), value, i + 1);
  }
  EXPECT_LT(static_cast<double>(memtable_.bytes()) / 50000 - 116, 48);
}

TEST_F(MemtableTest, KeepsRangeTombstonesBesideItsEntries) {
  Put("b", "1", 1);
  memtable_.InsertRangeDelete("a", "c", 2);
  EXPECT_TRUE(memtable_.has_range_tombstones());
  EXPECT_EQ(memtable_.MaxCovering("b", kSequenceMax), 2u);
  EXPECT_EQ(memtable_.MaxCovering("b", 1), 0u);
  EXPECT_EQ(Get("b")->value, "1") << "the caller weighs tombstones against entries";
  EXPECT_EQ(memtable_.entries(), 2u);
  EXPECT_EQ(memtable_.sequence_max(), 2u);
  std::vector<RangeTombstone> out;
  memtable_.AppendRangeTombstones(kSequenceMax, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].begin, "a");
}

TEST(MemtableMemory, IsAllGivenBackWhenTheMemtableDies) {
  MemoryLedger ledger(std::uint64_t{1} << 30);
  ArenaPool pool(ledger, 64 << 10, 0);
  for (int round = 0; round < 3; ++round) {
    Memtable memtable(pool);
    const std::string value(1000 * (static_cast<std::size_t>(round) + 1), 'v');
    for (unsigned i = 0; i < 2000; ++i) {
      memtable.Insert(std::to_string(i * 7919 % 2000), value, i + 1, EntryKind::kPut);
      memtable.InsertRangeDelete("a", "b" + std::to_string(i), i + 1);
    }
    EXPECT_GE(ledger.used(), memtable.bytes());
  }
  EXPECT_EQ(ledger.used(), 0u);
}

TEST(MemtableMemory, CostsAFewKibibytesForAFewEntries) {
  MemoryLedger ledger(std::uint64_t{1} << 30);
  ArenaPool pool(ledger, 1 << 20, 0);
  std::vector<std::unique_ptr<Memtable>> memtables;
  for (int i = 0; i < 1000; ++i) {
    memtables.push_back(std::make_unique<Memtable>(pool));
    memtables.back()->Insert("key", "value", 1, EntryKind::kPut);
  }
  EXPECT_LE(ledger.used(), std::uint64_t{1000} * 4096 + (1 << 20));
}

// The order of the model is E1.
struct ModelKey {
  std::string key;
  SequenceNumber sequence;
  bool operator<(const ModelKey& other) const {
    return key != other.key ? key < other.key : sequence > other.sequence;
  }
};
struct ModelValue {
  std::string value;
  EntryKind kind;
};
using Model = std::map<ModelKey, ModelValue>;

// Random, ascending, descending, sharing heads, awkward: streams interleave so that the append path
// and the splits of the tree meet in every order.
class KeyStream {
 public:
  explicit KeyStream(unsigned seed) : random_(seed), awkward_(testing::AwkwardKeys()) {}
  std::string Next() {
    if (random_() % 20 == 0) shape_ = static_cast<unsigned>(random_() % 6);
    switch (shape_) {
      case 0:
        return awkward_[random_() % awkward_.size()];
      case 1:
        return "ascending" + Digits(ascending_++);
      case 2:
        return "descending" + Digits(descending_--);
      case 3:
        return std::string(random_() % 12, "abc"[random_() % 3]);
      case 4:
        return std::string("\xff\xff\xff\xff\xff\xff\xff\xff") + Digits(random_() % 500);
      default:
        return Digits(random_() % 100000);
    }
  }

 private:
  static std::string Digits(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(10 - digits.size(), '0') + digits;
  }
  std::mt19937 random_;
  std::vector<std::string> awkward_;
  unsigned shape_ = 5;
  unsigned ascending_ = 0;
  unsigned descending_ = 1000000;
};

void ExpectGetAgrees(const Memtable& memtable, const Model& model, const ModelKey& probe) {
  const auto found = model.lower_bound(probe);
  const bool exists = found != model.end() && found->first.key == probe.key;
  Entry entry;
  ASSERT_EQ(memtable.Get(probe.key, probe.sequence, &entry), exists) << probe.key;
  if (!exists) return;
  ASSERT_EQ(entry.key, probe.key);
  ASSERT_EQ(entry.sequence, found->first.sequence);
  ASSERT_EQ(entry.kind, found->second.kind);
  ASSERT_EQ(entry.value, found->second.value);
}

void ExpectScanAgrees(const Memtable& memtable, const Model& model) {
  const auto cursor = memtable.NewCursor();
  EntryBatch batch;
  ASSERT_TRUE(cursor->SeekToFirst().ok());
  auto expected = model.begin();
  for (;;) {
    ASSERT_TRUE(cursor->Next(batch, EntryBatch::kCapacity).ok());
    if (batch.count == 0) break;
    for (std::size_t i = 0; i < batch.count; ++i, ++expected) {
      ASSERT_NE(expected, model.end());
      ASSERT_EQ(batch.entries[i].key, expected->first.key);
      ASSERT_EQ(batch.entries[i].sequence, expected->first.sequence);
      ASSERT_EQ(batch.entries[i].value, expected->second.value);
    }
  }
  ASSERT_EQ(expected, model.end());
}

class MemtableModel : public ::testing::TestWithParam<unsigned> {};

TEST_P(MemtableModel, AgreesWithAMap) {
  MemoryLedger ledger(std::uint64_t{1} << 30);
  ArenaPool pool(ledger, 64 << 10, 0);
  Memtable memtable(pool);
  Model model;
  KeyStream keys(GetParam());
  std::mt19937 random(GetParam());
  for (SequenceNumber sequence = 1; sequence <= 12000; ++sequence) {
    const std::string key = keys.Next();
    const EntryKind kind = random() % 5 == 0 ? EntryKind::kDelete : EntryKind::kPut;
    const std::string value(kind == EntryKind::kPut ? random() % 40 : 0, 'v');
    memtable.Insert(key, value, sequence, kind);
    model[{key, sequence}] = {value, kind};
    ASSERT_NO_FATAL_FAILURE(ExpectGetAgrees(memtable, model, {key, sequence}));
    const SequenceNumber at = random() % (sequence + 1);
    ASSERT_NO_FATAL_FAILURE(ExpectGetAgrees(memtable, model, {keys.Next(), at}));
    if (sequence % 4000 == 0) {
      ASSERT_NO_FATAL_FAILURE(ExpectScanAgrees(memtable, model));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MemtableModel, ::testing::Range(1u, 6u));

}  // namespace
}  // namespace firn
