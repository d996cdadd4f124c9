#include "merge/visible_cursor.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "testing/vector_cursor.h"

namespace firn::testing {
namespace {

using Items = std::vector<std::pair<std::string, std::string>>;

// A store's content: all versions and range tombstones, and what of them is visible, by brute
// force.
struct World {
  std::deque<std::string> bytes;
  std::vector<Entry> entries;
  std::vector<RangeTombstone> tombstones;

  Slice Keep(std::string text) { return bytes.emplace_back(std::move(text)); }
  void Add(std::string key, SequenceNumber sequence, EntryKind kind) {
    const Slice value =
        kind == EntryKind::kPut ? Keep("v" + std::to_string(sequence)) : Slice();
    entries.push_back({Keep(std::move(key)), value, sequence, kind});
  }
  void Sort() { std::ranges::sort(entries, Precedes); }

  [[nodiscard]] Items Visible(const VisibleCursorSettings& settings) const {
    std::map<std::string, const Entry*> newest;
    for (const Entry& entry : entries) {
      if (entry.sequence > settings.at) continue;
      const Entry*& best = newest[std::string(entry.key)];
      if (best == nullptr || entry.sequence > best->sequence) best = &entry;
    }
    Items items;
    for (const auto& [key, entry] : newest) {
      if (settings.lower && key < *settings.lower) continue;
      if (settings.upper && key >= *settings.upper) continue;
      bool hidden = entry->kind == EntryKind::kDelete;
      for (const RangeTombstone& tombstone : tombstones) {
        hidden |= tombstone.sequence <= settings.at && tombstone.sequence > entry->sequence &&
                  tombstone.begin <= key && key < tombstone.end;
      }
      if (!hidden) items.emplace_back(key, entry->value);
    }
    return items;
  }
};

// Walks a cursor and the brute-force answer side by side.
class Walker {
 public:
  Walker(const World& world, const VisibleCursorSettings& settings, std::size_t batch_max)
      : expected_(world.Visible(settings)),
        settings_(settings),
        cursor_(std::make_unique<VectorCursor>(world.entries, Views::kFleeting, batch_max),
                settings) {}

  void SeekToFirst() {
    ASSERT_TRUE(cursor_.SeekToFirst().ok());
    position_ = 0;
  }
  void SeekToLast() {
    ASSERT_TRUE(cursor_.SeekToLast().ok());
    position_ = expected_.size();
  }
  void Seek(const std::string& target) {
    ASSERT_TRUE(cursor_.Seek(target).ok());
    position_ = CountWhere([&](const auto& item) { return item.first < target; });
  }
  void SeekForPrev(const std::string& target) {
    ASSERT_TRUE(cursor_.SeekForPrev(target).ok());
    position_ = CountWhere([&](const auto& item) { return item.first <= target; });
  }
  void Next(std::size_t limit) {
    ASSERT_TRUE(cursor_.Next(std::span(items_).first(limit), &count_).ok());
    ASSERT_LE(count_, limit);
    ASSERT_LE(count_, expected_.size() - position_);
    ASSERT_EQ(count_ == 0, position_ == expected_.size());
    for (std::size_t i = 0; i < count_; ++i) Expect(i, expected_[position_ + i]);
    position_ += count_;
  }
  void Prev(std::size_t limit) {
    ASSERT_TRUE(cursor_.Prev(std::span(items_).first(limit), &count_).ok());
    ASSERT_LE(count_, limit);
    ASSERT_LE(count_, position_);
    ASSERT_EQ(count_ == 0, position_ == 0);
    for (std::size_t i = 0; i < count_; ++i) Expect(i, expected_[position_ - 1 - i]);
    position_ -= count_;
  }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] const Items& expected() const { return expected_; }

 private:
  template <typename Predicate>
  std::size_t CountWhere(Predicate predicate) const {
    return static_cast<std::size_t>(std::ranges::count_if(expected_, predicate));
  }
  void Expect(std::size_t index, const std::pair<std::string, std::string>& want) {
    ASSERT_EQ(items_[index].key, want.first);
    ASSERT_EQ(items_[index].value, want.second);
  }

  const Items expected_;
  const VisibleCursorSettings settings_;
  VisibleCursor cursor_;
  std::array<KeyValue, 64> items_;
  std::size_t count_ = 0;
  std::size_t position_ = 0;
};

TEST(VisibleCursor, ShowsTheNewestVersionAtItsSequenceBothWays) {
  World world;
  world.Add("a", 1, EntryKind::kPut);
  world.Add("a", 5, EntryKind::kPut);
  world.Add("b", 2, EntryKind::kPut);
  world.Add("b", 4, EntryKind::kDelete);
  world.Add("c", 9, EntryKind::kPut);
  world.Sort();
  for (const auto& [at, items] : std::map<SequenceNumber, Items>{
           {0, {}},
           {3, {{"a", "v1"}, {"b", "v2"}}},
           {4, {{"a", "v1"}}},
           {9, {{"a", "v5"}, {"c", "v9"}}}}) {
    Walker walker(world, {.at = at}, 64);
    ASSERT_EQ(walker.expected(), items) << "the model itself";
    walker.SeekToFirst();
    walker.Next(64);
    walker.Next(64);
    walker.SeekToLast();
    walker.Prev(64);
    walker.Prev(64);
  }
}

TEST(VisibleCursor, HidesASettledValueUnderItsNewerDeleteBothWays) {
  World world;
  for (const char* key : {"a", "b", "c", "d", "e"}) world.Add(key, 0, EntryKind::kPut);
  world.Add("a", 3, EntryKind::kDelete);
  world.Add("c", 4, EntryKind::kDelete);
  world.Add("d", 5, EntryKind::kPut);
  world.Sort();
  for (const SequenceNumber at : {0u, 3u, 4u, 9u}) {
    for (const std::size_t limit : {1u, 2u, 64u}) {
      Walker walker(world, {.at = at}, 64);
      walker.SeekToFirst();
      while (walker.Next(limit), walker.count() != 0) {
      }
      walker.SeekToLast();
      while (walker.Prev(limit), walker.count() != 0) {
      }
    }
  }
}

TEST(VisibleCursor, ShowsAnEntryNewerThanTheRangeTombstoneOverIt) {
  World world;
  world.Add("b", 1, EntryKind::kPut);
  world.Add("c", 7, EntryKind::kPut);
  world.Add("d", 2, EntryKind::kPut);
  world.Sort();
  world.tombstones = {{"b", "d", 5}};
  const FragmentedTombstones cut = FragmentedTombstones::Build(world.tombstones);
  Walker walker(world, {.at = 9, .tombstones = &cut}, 64);
  ASSERT_EQ(walker.expected(), (Items{{"c", "v7"}, {"d", "v2"}}));
  walker.SeekToFirst();
  walker.Next(64);
  walker.Prev(64);
}

TEST(VisibleCursor, NeverLeavesItsBoundsWhateverTheTarget) {
  World world;
  for (const char* key : {"a", "b", "c", "d", "e"}) world.Add(key, 1, EntryKind::kPut);
  world.Sort();
  Walker walker(world, {.at = 9, .lower = "b", .upper = "d"}, 64);
  ASSERT_EQ(walker.expected().size(), 2u);
  for (const char* target : {"", "a", "b", "bb", "c", "d", "e", "f"}) {
    for (int turns = 0; turns < 2; ++turns) {
      walker.Seek(target);
      turns == 0 ? walker.Prev(64) : walker.Next(64);
      walker.Next(64);
      walker.Prev(64);
      walker.SeekForPrev(target);
      turns == 0 ? walker.Prev(64) : walker.Next(64);
      walker.Next(64);
      walker.Prev(64);
    }
  }
}

TEST(VisibleCursor, ShowsNothingBetweenInvertedBounds) {
  World world;
  for (const char* key : {"a", "b", "c", "d", "e"}) world.Add(key, 1, EntryKind::kPut);
  world.Sort();
  Walker walker(world, {.at = 9, .lower = "d", .upper = "b"}, 64);
  walker.SeekToFirst();
  walker.Next(4);
  walker.Prev(4);
  walker.SeekToLast();
  walker.Prev(4);
  walker.Next(4);
}

TEST(VisibleCursor, CarriesAKeyWhoseVersionsSpanManySourceBatches) {
  World world;
  world.Add("a", 1, EntryKind::kPut);
  for (SequenceNumber sequence = 1; sequence <= 300; ++sequence) {
    world.Add("b", sequence, sequence % 50 == 0 ? EntryKind::kDelete : EntryKind::kPut);
  }
  world.Add("c", 400, EntryKind::kPut);
  world.Sort();
  for (const SequenceNumber at : {0u, 1u, 49u, 50u, 151u, 299u, 300u, 500u}) {
    Walker walker(world, {.at = at}, 64);
    walker.SeekToFirst();
    while (walker.Next(3), walker.count() != 0) {
    }
    while (walker.Prev(2), walker.count() != 0) {
    }
  }
}

std::string RandomKey(std::mt19937& random) {
  std::string key = random() % 3 == 0 ? "longprefix" : "";
  for (std::size_t length = random() % 3; length > 0; --length) {
    key.push_back(static_cast<char>('a' + random() % 5));
  }
  return key;
}

World RandomWorld(std::mt19937& random) {
  World world;
  const SequenceNumber writes = random() % 400;
  // Without tombstones, and with a settled base below, plain entries take their shortcut.
  const std::size_t tombstone_odds = random() % 3 == 0 ? 1000000 : 2 + random() % 100;
  std::set<std::string> settled;
  for (std::size_t i = random() % 3 == 0 ? 0 : random() % 150; i > 0; --i) {
    settled.insert(RandomKey(random));
  }
  for (const std::string& key : settled) world.Add(key, 0, EntryKind::kPut);
  for (SequenceNumber sequence = 1; sequence <= writes; ++sequence) {
    if (random() % tombstone_odds == 0) {
      const Slice begin = world.Keep(RandomKey(random));
      const Slice end = world.Keep(RandomKey(random));
      world.tombstones.push_back({begin, end, sequence});
    } else {
      world.Add(RandomKey(random), sequence,
                random() % 4 == 0 ? EntryKind::kDelete : EntryKind::kPut);
    }
  }
  world.Sort();
  return world;
}

void RandomSteps(Walker& walker, std::mt19937& random) {
  walker.SeekToFirst();
  for (int step = 0; step < 120 && !::testing::Test::HasFatalFailure(); ++step) {
    const std::size_t limit = 1 + random() % (random() % 2 == 0 ? 64 : 3);
    switch (random() % 10) {
      case 0: walker.Seek(RandomKey(random)); break;
      case 1: walker.SeekForPrev(RandomKey(random)); break;
      case 2: random() % 2 == 0 ? walker.SeekToFirst() : walker.SeekToLast(); break;
      case 3: case 4: case 5: walker.Next(limit); break;
      default: walker.Prev(limit); break;
    }
  }
}

TEST(VisibleCursor, AgreesWithBruteForceOnRandomWalks) {
  for (unsigned seed = 0; seed < 300 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const World world = RandomWorld(random);
    const FragmentedTombstones cut = FragmentedTombstones::Build(world.tombstones);
    for (int view = 0; view < 4; ++view) {
      VisibleCursorSettings settings{.at = random() % 420, .tombstones = &cut};
      if (random() % 2 == 0) settings.lower = RandomKey(random);
      if (random() % 2 == 0) settings.upper = RandomKey(random);
      Walker walker(world, settings, 1 + random() % 64);
      RandomSteps(walker, random);
    }
  }
}

}  // namespace
}  // namespace firn::testing
