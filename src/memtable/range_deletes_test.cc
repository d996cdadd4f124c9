#include "memtable/range_deletes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace firn {
namespace {

class RangeDeletesTest : public ::testing::Test {
 protected:
  void Insert(std::string begin, std::string end, SequenceNumber sequence) {
    range_deletes_.Insert(begin, end, sequence);
    model_.push_back({std::move(begin), std::move(end), sequence});
  }
  [[nodiscard]] SequenceNumber Expected(const std::string& key, SequenceNumber at) const {
    SequenceNumber found = 0;
    for (const Model& m : model_) {
      if (m.begin <= key && key < m.end && m.sequence <= at) found = std::max(found, m.sequence);
    }
    return found;
  }

  struct Model {
    std::string begin;
    std::string end;
    SequenceNumber sequence;
  };
  std::vector<Model> model_;
  MemoryLedger ledger_{std::uint64_t{1} << 30};
  ArenaPool pool_{ledger_, 1 << 20, 0};
  Arena arena_{pool_};
  RangeDeletes range_deletes_{arena_};
};

std::string Key(std::uint64_t i) {
  const std::string digits = std::to_string(i);
  return std::string(4 - digits.size(), '0') + digits;
}

TEST_F(RangeDeletesTest, CoverNothingWhenEmpty) {
  EXPECT_TRUE(range_deletes_.empty());
  EXPECT_EQ(range_deletes_.MaxCovering("a", kSequenceMax), 0u);
}

TEST_F(RangeDeletesTest, CoverBeginButNotEnd) {
  Insert("b", "d", 7);
  EXPECT_FALSE(range_deletes_.empty());
  EXPECT_EQ(range_deletes_.MaxCovering("a", 9), 0u);
  EXPECT_EQ(range_deletes_.MaxCovering("b", 9), 7u);
  EXPECT_EQ(range_deletes_.MaxCovering(std::string("d\0", 1), 9), 0u);
  EXPECT_EQ(range_deletes_.MaxCovering("c", 7), 7u);
  EXPECT_EQ(range_deletes_.MaxCovering("c", 6), 0u);
}

TEST_F(RangeDeletesTest, AgreeWithAListAtEverySizeAndSequence) {
  std::mt19937 random(5);
  for (SequenceNumber sequence = 1; sequence <= 1200; ++sequence) {
    const std::uint64_t begin = random() % 900;
    Insert(Key(begin), Key(begin + 1 + random() % 99), sequence);
    for (int probe = 0; probe < 10; ++probe) {
      const std::string key = Key(random() % 1000) + (random() % 2 == 0 ? "" : "x");
      const SequenceNumber at = random() % 2 == 0 ? kSequenceMax : random() % (sequence + 2);
      ASSERT_EQ(range_deletes_.MaxCovering(key, at), Expected(key, at)) << key << " at " << at;
    }
  }
}

TEST_F(RangeDeletesTest, StaySmallWhenRangesNest) {
  for (unsigned i = 1; i <= 9000; ++i) Insert("", Key(i), i);
  // One (interval, tombstone) pair each would be 9000 * 9000 / 2 sequences: 324 MB.
  EXPECT_LT(arena_.used_bytes(), std::size_t{9000} * 2000);
  EXPECT_EQ(range_deletes_.MaxCovering(Key(8999), kSequenceMax), 9000u);
  EXPECT_EQ(range_deletes_.MaxCovering(Key(8999), 8999), 0u);
  EXPECT_EQ(range_deletes_.MaxCovering("", 4500), 4500u);
}

TEST_F(RangeDeletesTest, ListThoseUpToASequence) {
  for (SequenceNumber sequence = 1; sequence <= 50; ++sequence) Insert("a", "b", sequence);
  std::vector<RangeTombstone> out;
  range_deletes_.AppendTo(20, out);
  ASSERT_EQ(out.size(), 20u);
  for (const RangeTombstone& tombstone : out) {
    EXPECT_LE(tombstone.sequence, 20u);
    EXPECT_EQ(tombstone.begin, "a");
    EXPECT_EQ(tombstone.end, "b");
  }
}

TEST_F(RangeDeletesTest, AcceptSequencesInAnyOrder) {
  for (SequenceNumber sequence = 100; sequence > 0; --sequence) Insert("a", "z", sequence);
  for (SequenceNumber at = 0; at <= 101; ++at) {
    EXPECT_EQ(range_deletes_.MaxCovering("m", at), std::min<SequenceNumber>(at, 100));
  }
}

}  // namespace
}  // namespace firn
