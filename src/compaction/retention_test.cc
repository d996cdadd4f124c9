#include "compaction/retention.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <optional>
#include <random>

#include "testing/vector_cursor.h"

namespace firn::testing {
namespace {

// Everything one tree of a keyspace holds. `below` is what lies under the merge's inputs: older in
// every respect, and not read by the merge.
struct World {
  std::deque<std::string> bytes;
  std::vector<Entry> entries;
  std::vector<RangeTombstone> tombstones;
  std::vector<Entry> below;

  Slice Keep(std::string text) { return bytes.emplace_back(std::move(text)); }
};

using State = std::map<std::string, std::string>;

// What a reader at `at` sees.
State VisibleAt(SequenceNumber at, const std::vector<const std::vector<Entry>*>& sources,
                const std::vector<RangeTombstone>& tombstones) {
  std::map<std::string, const Entry*> newest;
  for (const std::vector<Entry>* source : sources) {
    for (const Entry& entry : *source) {
      if (entry.sequence > at) continue;
      const Entry*& best = newest[std::string(entry.key)];
      if (best == nullptr || entry.sequence > best->sequence) best = &entry;
    }
  }
  State state;
  for (const auto& [key, entry] : newest) {
    bool hidden = entry->kind == EntryKind::kDelete;
    for (const RangeTombstone& tombstone : tombstones) {
      hidden |= tombstone.sequence <= at && tombstone.sequence > entry->sequence &&
                tombstone.begin <= key && key < tombstone.end;
    }
    if (!hidden) state[key] = entry->value;
  }
  return state;
}

struct Outcome {
  std::vector<Entry> entries;
  std::vector<RangeTombstone> tombstones;
  RetentionCounts counts;
};

Outcome Retain(const World& world, const RetentionSettings& settings,
               const FragmentedTombstones& cut, std::size_t batch_max) {
  Outcome outcome;
  Retention retention(settings, cut);
  VectorCursor source(world.entries, Views::kStable, batch_max);
  EntryBatch in;
  EntryBatch other;
  for (bool in_place = true;; in_place = !in_place) {
    EXPECT_TRUE(source.Next(in, EntryBatch::kCapacity).ok());
    if (in.count == 0) break;
    EntryBatch& out = in_place ? in : other;
    retention.Filter(in, out);
    for (std::size_t i = 0; i < out.count; ++i) {
      EXPECT_EQ(out.heads[i], KeyHead(out.entries[i].key));
      outcome.entries.push_back(out.entries[i]);
    }
  }
  outcome.tombstones = retention.KeptTombstones();
  outcome.counts = retention.counts();
  return outcome;
}

std::string Text(const Outcome& outcome) {
  std::string text;
  for (const Entry& entry : outcome.entries) {
    text += std::string(entry.key) + std::to_string(entry.sequence) +
            (entry.kind == EntryKind::kDelete ? "- " : " ");
  }
  for (const RangeTombstone& tombstone : outcome.tombstones) {
    text += std::string(tombstone.begin) + ".." + std::string(tombstone.end) + ":" +
            std::to_string(tombstone.sequence) + " ";
  }
  return text;
}

// docs/compaction.md, "Retention", walks through this example.
class RetentionExample : public ::testing::Test {
 protected:
  RetentionExample() {
    world_.entries = {{"a", "", 12, EntryKind::kPut}, {"a", "", 9, EntryKind::kPut},
                      {"a", "", 4, EntryKind::kPut},  {"a", "", 2, EntryKind::kPut},
                      {"b", "", 5, EntryKind::kDelete}, {"b", "", 3, EntryKind::kPut},
                      {"c", "", 11, EntryKind::kDelete}, {"c", "", 7, EntryKind::kPut},
                      {"d", "", 6, EntryKind::kPut}};
    world_.tombstones = {{"c", "e", 8}, {"d", "f", 14}};
  }
  std::string Retained(RetentionSettings settings) {
    const FragmentedTombstones cut = FragmentedTombstones::Build(world_.tombstones);
    outcome_ = Retain(world_, settings, cut, 64);
    EXPECT_TRUE(outcome_.counts.Balanced());
    return Text(outcome_);
  }
  World world_;
  Outcome outcome_;
};

TEST_F(RetentionExample, WithoutSnapshotsKeepsTheNewestAndAllMarkers) {
  EXPECT_EQ(Retained({}), "a12 b5- c11- c..d:8 d..f:14 ");
  EXPECT_EQ(outcome_.counts.superseded, 5u);
  EXPECT_EQ(outcome_.counts.covered, 1u);
}

TEST_F(RetentionExample, AtTheBottomWithoutSnapshotsLeavesOnlyPutsOfSequenceZero) {
  EXPECT_EQ(Retained({.bottom = true}), "a0 ");
  EXPECT_EQ(outcome_.counts.deletes_dropped, 2u);
}

TEST_F(RetentionExample, KeepsOneVersionPerStripe) {
  EXPECT_EQ(Retained({.snapshots = {4, 10, 10}}),
            "a12 a9 a4 b5- b3 c11- c..d:8 d..e:14 d..e:8 e..f:14 ");
}

TEST_F(RetentionExample, SettlesOnlyWhatTheOldestSnapshotSees) {
  EXPECT_EQ(Retained({.snapshots = {4, 10}, .bottom = true}),
            "a12 a9 a0 b5- b0 c11- c..d:8 d..e:14 d..e:8 e..f:14 ");
}

TEST_F(RetentionExample, DropsWhatWasNeverAcknowledged) {
  EXPECT_EQ(Retained({.visible_max = 10}), "a9 b5- c..e:8 ");
  EXPECT_EQ(outcome_.counts.unacknowledged, 2u);
  EXPECT_EQ(outcome_.counts.covered, 2u);
}

TEST(Retention, AnEmptyStreamKeepsNothing) {
  const FragmentedTombstones none;
  Retention retention({}, none);
  EXPECT_TRUE(retention.KeptTombstones().empty());
  EXPECT_EQ(retention.counts().in, 0u);
  EXPECT_TRUE(retention.counts().Balanced());
}

std::string RandomKey(std::mt19937& random) {
  std::string key = random() % 4 == 0 ? "longprefix" : "";
  for (std::size_t length = random() % 3; length > 0; --length) {
    key.push_back(static_cast<char>('a' + random() % 4));
  }
  return key;
}

World RandomWorld(std::mt19937& random, SequenceNumber below_max, SequenceNumber writes) {
  World world;
  const std::size_t tombstone_odds = 3 + random() % 60;
  for (SequenceNumber sequence = 1; sequence <= writes; ++sequence) {
    std::string key = RandomKey(random);
    const bool put = random() % 4 != 0;
    const Slice value = put ? world.Keep("v" + std::to_string(sequence)) : Slice();
    const Entry entry{world.Keep(std::move(key)), value, sequence,
                      put ? EntryKind::kPut : EntryKind::kDelete};
    if (sequence <= below_max) {
      world.below.push_back(entry);
    } else if (random() % tombstone_odds == 0) {
      world.tombstones.push_back({entry.key, world.Keep(RandomKey(random)), sequence});
    } else {
      world.entries.push_back(entry);
    }
  }
  std::ranges::sort(world.entries, Precedes);
  return world;
}

void ExpectSettled(const Outcome& outcome, const RetentionSettings& settings) {
  const SequenceNumber oldest =
      settings.snapshots.empty() ? kSequenceMax : settings.snapshots.front();
  for (const Entry& entry : outcome.entries) {
    ASSERT_TRUE(entry.sequence == 0 || entry.sequence > oldest) << entry.key;
    ASSERT_FALSE(entry.sequence == 0 && entry.kind == EntryKind::kDelete) << entry.key;
  }
  for (const RangeTombstone& tombstone : outcome.tombstones) ASSERT_GT(tombstone.sequence, oldest);
}

// In each stripe at most one entry a key and one tombstone a fragment, in order E1.
void ExpectMinimal(const Outcome& outcome, const RetentionSettings& settings) {
  const auto same_stripe = [&](SequenceNumber newer, SequenceNumber older) {
    return std::ranges::none_of(settings.snapshots, [&](SequenceNumber snapshot) {
      return older <= snapshot && snapshot < newer;
    });
  };
  for (std::size_t i = 1; i < outcome.entries.size(); ++i) {
    const Entry& before = outcome.entries[i - 1];
    const Entry& entry = outcome.entries[i];
    ASSERT_TRUE(Precedes(before, entry));
    if (before.key == entry.key) {
      ASSERT_FALSE(same_stripe(before.sequence, entry.sequence));
    }
  }
  for (std::size_t i = 1; i < outcome.tombstones.size(); ++i) {
    const RangeTombstone& before = outcome.tombstones[i - 1];
    const RangeTombstone& tombstone = outcome.tombstones[i];
    if (before.begin == tombstone.begin) {
      ASSERT_EQ(before.end, tombstone.end);
      ASSERT_FALSE(same_stripe(before.sequence, tombstone.sequence));
    } else {
      ASSERT_LE(before.end, tombstone.begin);
    }
  }
}

// The oracle: every reader there may ever be sees the same before and after.
TEST(Retention, ChangesNothingForAnySnapshotNorForTheNewestReader) {
  constexpr SequenceNumber kWrites = 200;
  for (unsigned seed = 0; seed < 400 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    RetentionSettings settings;
    settings.bottom = random() % 2 == 0;
    const World world = RandomWorld(random, settings.bottom ? 0 : 60, kWrites);
    if (random() % 3 == 0) settings.visible_max = 100 + random() % 120;
    const SequenceNumber newest = std::min(settings.visible_max, kWrites);
    for (std::size_t count = random() % 5; count > 0; --count) {
      settings.snapshots.push_back(random() % (newest + 1));
    }
    std::ranges::sort(settings.snapshots);
    const FragmentedTombstones cut = FragmentedTombstones::Build(world.tombstones);
    const Outcome outcome = Retain(world, settings, cut, 1 + random() % 64);

    ASSERT_TRUE(outcome.counts.Balanced());
    ASSERT_EQ(outcome.counts.in, world.entries.size());
    ASSERT_EQ(outcome.counts.out, outcome.entries.size());
    ASSERT_NO_FATAL_FAILURE(ExpectMinimal(outcome, settings));
    if (settings.bottom) {
      ASSERT_NO_FATAL_FAILURE(ExpectSettled(outcome, settings));
    }
    std::vector<SequenceNumber> readers = settings.snapshots;
    for (SequenceNumber at = newest; at <= kWrites; at += 7) readers.push_back(at);
    for (const SequenceNumber at : readers) {
      ASSERT_EQ(VisibleAt(std::min(at, newest), {&world.entries, &world.below}, world.tombstones),
                VisibleAt(at, {&outcome.entries, &world.below}, outcome.tombstones))
          << "reader at " << at;
    }
  }
}

}  // namespace
}  // namespace firn::testing
