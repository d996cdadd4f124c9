#include "db/dead_range.h"

#include <random>
#include <set>

#include "cache/epoch.h"
#include "db/store_fixture.h"

namespace firn::testing {
namespace {

DeadRange::Bounds Range(const std::string& begin, const std::string& end) { return {begin, end}; }

// "[begin,end)" of the range around `key`, or "none".
std::string Around(const DeadRange& range, const std::string& key, SequenceNumber at) {
  EpochDomain::Guard guard;
  const auto found = range.Around(key, at);
  if (!found) return "none";
  return "[" + found->begin + "," + found->end.value_or("") + ")";
}

TEST(DeadRange, IsKnownFromTheSequenceOfTheReadThatSawIt) {
  DeadRange range;
  EXPECT_TRUE(range.unknown());
  range.Learn(Range("b", "f"), 10, 10);
  EXPECT_EQ(Around(range, "b", 10), "[b,f)");
  EXPECT_EQ(Around(range, "e", 99), "[b,f)");
  EXPECT_EQ(Around(range, "c", 9), "none") << "an older snapshot may see entries there";
  EXPECT_EQ(Around(range, "a", 10), "none");
  EXPECT_EQ(Around(range, "f", 10), "none") << "the end is not in it";
}

TEST(DeadRange, APutInsideCutsItAndOneOutsideDoesNot) {
  DeadRange range;
  range.Learn(Range("b", "f"), 10, 10);
  range.NotePut("a");
  range.NotePut("f");
  EXPECT_EQ(Around(range, "e", 10), "[b,f)");
  range.NotePut("d");
  EXPECT_EQ(Around(range, "c", 10), "[b,d)");
  EXPECT_EQ(Around(range, "d", 10), "none");
  EXPECT_EQ(Around(range, "e", 10), "none");
  range.NotePut("b");
  EXPECT_EQ(Around(range, "b", 10), "none");
  EXPECT_EQ(Around(range, "ba", 10), std::string("[b") + '\0' + ",d)");
}

TEST(DeadRange, GrowsByWhatTouchesIt) {
  DeadRange range;
  range.Learn(Range("d", "f"), 10, 10);
  range.Learn(Range("f", "h"), 11, 11);
  range.Learn(Range("b", "d"), 12, 12);
  EXPECT_EQ(Around(range, "d", 12), "[b,h)");
  range.Learn(Range("h", "k"), 13, 13);
  range.Learn({"j", std::nullopt}, 14, 14);
  EXPECT_EQ(Around(range, "zzz", 14), "[b,)") << "to the end of the keyspace";
  range.NotePut("p");
  EXPECT_EQ(Around(range, "c", 14), "[b,p)");
}

TEST(DeadRange, WhatWasCommittedAfterTheReadMakesItUncertain) {
  DeadRange range;
  range.Learn(Range("b", "f"), 10, 12);  // 11 and 12 may lie in the range
  EXPECT_EQ(Around(range, "c", 99), "none");
}

TEST(DeadRange, LearnsBesideWritersOnceItHasWatchedTheirPuts) {
  DeadRange range;
  range.Learn(Range("b", "f"), 10, 12);
  range.NotePut("x");                    // 13: the tail of a queue
  range.Learn(Range("b", "g"), 13, 14);  // 14: a delete
  EXPECT_EQ(Around(range, "c", 13), "[b,g)");
  range.NotePut("k");                    // 15
  range.Learn(Range("g", "m"), 14, 16);  // a read older than 15
  EXPECT_EQ(Around(range, "c", 14), "[b,k)") << "only up to the put";
}

TEST(DeadRange, AReadOlderThanTheRangeAtHandTeachesNothing) {
  DeadRange range;
  range.Learn(Range("b", "f"), 10, 10);
  range.Learn(Range("f", "z"), 9, 11);
  range.Learn(Range("m", "p"), 9, 11);
  EXPECT_EQ(Around(range, "c", 10), "[b,f)");
  EXPECT_EQ(Around(range, "n", 99), "none");
}

// Everything that happens to a range, against the entries themselves.
TEST(DeadRange, NeverHoldsAVisibleKeyOnARandomWalk) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);  // NOLINT: the same walk everywhere
    DeadRange range;
    std::vector<std::set<int>> alive(1);  // by sequence
    const auto key = [](int n) { return std::string(1, static_cast<char>('a' + n)); };
    for (int step = 0; step < 300; ++step) {
      const int n = static_cast<int>(random() % 20);
      if (random() % 3 == 0) {
        std::set<int> next = alive.back();
        if (random() % 2 == 0) {
          next.insert(n);
          range.NotePut(key(n));
        } else {
          next.erase(n);
        }
        alive.push_back(std::move(next));
      } else {
        const std::size_t at = alive.size() - 1 - random() % std::min<std::size_t>(3, alive.size());
        const auto first = alive[at].lower_bound(n);
        DeadRange::Bounds seen{key(n), std::nullopt};
        if (first != alive[at].end()) seen.end = key(*first);
        if (!seen.end || seen.begin < *seen.end) range.Learn(seen, at, alive.size() - 1);
      }
      for (std::size_t at = 0; at < alive.size(); ++at) {
        for (const int visible : alive[at]) {
          ASSERT_EQ(Around(range, key(visible), at), "none") << "seed " << seed << " step " << step;
        }
      }
    }
  }
}

std::string FirstFrom(const Db& db, Slice target, const IteratorOptions& options = {}) {
  Iterator iterator = db.NewIterator(options);
  iterator.Seek(target);
  return iterator.Valid() ? std::string(iterator.key()) : "end " + iterator.status().ToString();
}

TEST(DeadRangeInStore, SeeksGoPastItAndSnapshotsStillSeeWhatWasThere) {
  Machine machine;
  auto db = machine.Open();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(db->Put(KeyOf(i), "v").ok());
  const Snapshot before = db->GetSnapshot();
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(db->Delete(KeyOf(i)).ok());
  EXPECT_EQ(FirstFrom(*db, "key"), KeyOf(40));
  EXPECT_EQ(FirstFrom(*db, "key"), KeyOf(40)) << "by the shortcut";
  EXPECT_EQ(FirstFrom(*db, KeyOf(7)), KeyOf(40));
  EXPECT_EQ(FirstFrom(*db, KeyOf(7), {.snapshot = before}), KeyOf(7));
  EXPECT_EQ(FirstFrom(*db, KeyOf(7), {.upper = KeyOf(30)}), "end ok");
  ASSERT_TRUE(db->Put(KeyOf(20), "again").ok());
  EXPECT_EQ(FirstFrom(*db, "key"), KeyOf(20));
  EXPECT_EQ(FirstFrom(*db, KeyOf(21)), KeyOf(40));
  ASSERT_TRUE(db->DeleteRange("key", "kez").ok());
  EXPECT_EQ(FirstFrom(*db, "key"), "end ok");
  EXPECT_EQ(FirstFrom(*db, "key"), "end ok");
  ASSERT_TRUE(db->Put(KeyOf(3), "once more").ok());
  EXPECT_EQ(FirstFrom(*db, "key"), KeyOf(3));
}

}  // namespace
}  // namespace firn::testing
