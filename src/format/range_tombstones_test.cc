#include "format/range_tombstones.h"

#include <gtest/gtest.h>

#include <random>

namespace firn {
namespace {

std::string Describe(const FragmentedTombstones& tombstones) {
  std::string text;
  for (std::size_t i = 0; i < tombstones.size(); ++i) {
    const auto fragment = tombstones.fragment(i);
    text += std::string(fragment.begin) + "-" + std::string(fragment.end) + ":";
    for (const SequenceNumber sequence : fragment.sequences) {
      text += std::to_string(sequence) + ",";
    }
    text += " ";
  }
  return text;
}

FragmentedTombstones Build(const std::vector<RangeTombstone>& tombstones) {
  return FragmentedTombstones::Build(tombstones);
}

TEST(FragmentedTombstones, HasNothingWithoutTombstones) {
  const FragmentedTombstones none = Build({});
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.FindFragment("a"), 0u);
  EXPECT_EQ(none.MaxCovering("a", kSequenceMax), 0u);
}

TEST(FragmentedTombstones, DropsEmptyAndInvertedRanges) {
  EXPECT_TRUE(Build({{"b", "b", 3}, {"c", "a", 4}}).empty());
}

TEST(FragmentedTombstones, CutsOverlapsAtEveryBoundaryNewestFirst) {
  EXPECT_EQ(Describe(Build({{"a", "m", 5}, {"c", "z", 9}, {"d", "e", 1}})),
            "a-c:5, c-d:9,5, d-e:9,5,1, e-m:9,5, m-z:9, ");
}

TEST(FragmentedTombstones, RejoinsTouchingPiecesOfEqualSequences) {
  EXPECT_EQ(Describe(Build({{"m", "z", 5}, {"a", "m", 5}, {"c", "f", 5}})), "a-z:5, ");
  EXPECT_EQ(Describe(Build({{"a", "b", 5}, {"c", "d", 5}})), "a-b:5, c-d:5, ");
}

TEST(FragmentedTombstones, FindsTheFirstFragmentEndingBehindAKey) {
  const FragmentedTombstones tombstones = Build({{"b", "d", 5}, {"f", "h", 6}});
  EXPECT_EQ(tombstones.FindFragment(""), 0u);
  EXPECT_EQ(tombstones.FindFragment("c"), 0u);
  EXPECT_EQ(tombstones.FindFragment("d"), 1u);
  EXPECT_EQ(tombstones.FindFragment("g"), 1u);
  EXPECT_EQ(tombstones.FindFragment("h"), 2u);
}

TEST(FragmentedTombstones, IncludesTheBeginAndExcludesTheEnd) {
  const FragmentedTombstones tombstones = Build({{"b", "d", 5}});
  EXPECT_EQ(tombstones.MaxCovering("azz", 9), 0u);
  EXPECT_EQ(tombstones.MaxCovering("b", 9), 5u);
  EXPECT_EQ(tombstones.MaxCovering("czz", 5), 5u);
  EXPECT_EQ(tombstones.MaxCovering("c", 4), 0u);
  EXPECT_EQ(tombstones.MaxCovering("d", 9), 0u);
}

TEST(FragmentedTombstones, AnswersStayValidWhenTheObjectMoves) {
  FragmentedTombstones source = Build({{"b", "d", 5}});
  const FragmentedTombstones target = std::move(source);
  EXPECT_EQ(Describe(target), "b-d:5, ");
  EXPECT_GT(target.memory_bytes(), sizeof(target));
}

std::string RandomKey(std::mt19937& random) {
  std::string key;
  for (std::size_t length = random() % 3; key.size() < length;) {
    key.push_back(static_cast<char>('a' + random() % 4));
  }
  return key;
}

SequenceNumber BruteForceCovering(const std::vector<RangeTombstone>& tombstones, Slice key,
                                  SequenceNumber at) {
  SequenceNumber newest = 0;
  for (const RangeTombstone& tombstone : tombstones) {
    const bool covers = tombstone.begin <= key && key < tombstone.end;
    if (covers && tombstone.sequence <= at) newest = std::max(newest, tombstone.sequence);
  }
  return newest;
}

TEST(FragmentedTombstones, AgreeWithALinearSearchAlsoAfterARoundTrip) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> keys;
    for (int i = 0; i < 24; ++i) keys.push_back(RandomKey(random));
    std::vector<RangeTombstone> tombstones;
    for (std::size_t i = 0; i < keys.size(); i += 2) {
      tombstones.push_back({keys[i], keys[i + 1], 1 + random() % 8});
    }
    const FragmentedTombstones built = Build(tombstones);
    std::vector<RangeTombstone> cut;
    built.AppendTo(cut);
    const FragmentedTombstones rebuilt = Build(cut);
    EXPECT_EQ(Describe(built), Describe(rebuilt)) << "seed " << seed;
    for (int probe = 0; probe < 60; ++probe) {
      const std::string key = RandomKey(random);
      const SequenceNumber at = random() % 10;
      ASSERT_EQ(built.MaxCovering(key, at), BruteForceCovering(tombstones, key, at))
          << "seed " << seed << " key " << key << " at " << at;
    }
    for (std::size_t i = 0; i + 1 < built.size(); ++i) {
      ASSERT_LE(built.fragment(i).end, built.fragment(i + 1).begin);
      ASSERT_LT(built.fragment(i).begin, built.fragment(i).end);
    }
  }
}

TEST(FragmentedTombstones, KeepsForSnapshotsWhatTheyCanTellApart) {
  std::mt19937_64 random(11);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> keys;
    for (char c = 'a'; c <= 'p'; ++c) keys.emplace_back(1, c);
    std::vector<RangeTombstone> tombstones;
    for (std::uint64_t i = 0; i < below(30); ++i) {
      tombstones.push_back({keys[below(keys.size())], keys[below(keys.size())], 1 + below(40)});
    }
    std::vector<SequenceNumber> snapshots;
    for (std::uint64_t i = 0; i < below(4); ++i) snapshots.push_back(below(45));
    std::ranges::sort(snapshots);
    const auto all = FragmentedTombstones::Build(tombstones);
    const auto kept = FragmentedTombstones::BuildForSnapshots(tombstones, snapshots);
    std::vector<SequenceNumber> readers = snapshots;
    readers.push_back(kSequenceMax);
    for (const std::string& key : keys) {
      for (const SequenceNumber at : readers) {
        ASSERT_EQ(kept.MaxCovering(key, at), all.MaxCovering(key, at)) << key << " at " << at;
      }
    }
    for (std::size_t i = 0; i < kept.size(); ++i) {
      ASSERT_LE(kept.fragment(i).sequences.size(), readers.size());
    }
  }
}

TEST(FragmentedTombstones, StaySmallForNestedRangesWhenOnlyOneReaderLooks) {
  // A queue trimmed from its begin again and again.
  std::vector<std::string> ends;
  for (int i = 0; i < 3000; ++i) ends.push_back("k" + std::to_string(10000 + i));
  std::vector<RangeTombstone> tombstones;
  for (std::size_t i = 0; i < ends.size(); ++i) tombstones.push_back({"a", ends[i], i + 1});
  const auto kept = FragmentedTombstones::BuildForSnapshots(tombstones, {});
  std::vector<RangeTombstone> out;
  kept.AppendTo(out);
  EXPECT_LE(out.size(), ends.size());
  EXPECT_EQ(kept.MaxCovering("b", kSequenceMax), ends.size());
}

}  // namespace
}  // namespace firn
