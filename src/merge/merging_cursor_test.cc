#include "merge/merging_cursor.h"

#include <gtest/gtest.h>

#include <random>

#include "testing/entry_cursor_contract.h"
#include "testing/vector_cursor.h"

namespace firn::testing {

// Entries dealt at random over the sources, which return short batches of dying views.
template <std::size_t kSources, std::size_t kStretch>
struct DealtMaker {
  std::unique_ptr<EntryCursor> Make(const std::vector<Entry>& sorted) {
    std::mt19937 random(kSources * 31 + kStretch);
    parts.resize(kSources);
    std::size_t target = 0;
    for (const Entry& entry : sorted) {
      if (random() % kStretch == 0) target = random() % kSources;
      parts[target].push_back(entry);
    }
    std::vector<std::unique_ptr<EntryCursor>> cursors;
    for (std::size_t i = 0; i < kSources; ++i) {
      const std::size_t batch_max = i % 2 == 0 ? EntryBatch::kCapacity : 1 + random() % 9;
      cursors.push_back(std::make_unique<VectorCursor>(parts[i], Views::kFleeting, batch_max));
    }
    return NewMergingCursor(std::move(cursors));
  }
  std::vector<std::vector<Entry>> parts;
};

struct OneVector {
  std::unique_ptr<EntryCursor> Make(const std::vector<Entry>& sorted) {
    return std::make_unique<VectorCursor>(sorted, Views::kFleeting);
  }
};
using InterleavedFour = DealtMaker<4, 1>;
using StretchesOfThree = DealtMaker<3, 40>;
using SeventeenSources = DealtMaker<17, 3>;
using OneSource = DealtMaker<1, 1>;

INSTANTIATE_TYPED_TEST_SUITE_P(Vector, EntryCursorContract, OneVector);
INSTANTIATE_TYPED_TEST_SUITE_P(MergeOfFour, EntryCursorContract, InterleavedFour);
INSTANTIATE_TYPED_TEST_SUITE_P(MergeOfStretches, EntryCursorContract, StretchesOfThree);
INSTANTIATE_TYPED_TEST_SUITE_P(MergeOfMany, EntryCursorContract, SeventeenSources);
INSTANTIATE_TYPED_TEST_SUITE_P(MergeOfOne, EntryCursorContract, OneSource);

// The same (key, sequence) in several sources: the value names the source.
struct Duplicates {
  Duplicates() {
    for (int i = 0; i < 3; ++i) {
      const Slice name = std::array<Slice, 3>{"first", "second", "third"}[std::size_t(i)];
      sources.push_back({{"a", name, 9, EntryKind::kPut},
                         {"a", name, 8, EntryKind::kPut},
                         {"b", name, 7, EntryKind::kPut}});
    }
  }
  std::unique_ptr<EntryCursor> Merge() {
    std::vector<std::unique_ptr<EntryCursor>> cursors;
    for (const auto& source : sources) {
      cursors.push_back(std::make_unique<VectorCursor>(source, Views::kFleeting, 2));
    }
    return NewMergingCursor(std::move(cursors));
  }
  std::vector<std::vector<Entry>> sources;
};

std::string Name(const Entry& entry) {
  return std::string(entry.key) + std::to_string(entry.sequence) + std::string(entry.value);
}

TEST(MergingCursor, GivesTiesToTheEarlierSourceAndReversesThemBackwards) {
  Duplicates duplicates;
  const auto cursor = duplicates.Merge();
  const std::vector<std::string> expected = {"a9first", "a9second", "a9third",
                                             "a8first", "a8second", "a8third",
                                             "b7first", "b7second", "b7third"};
  EntryBatch batch;
  ASSERT_TRUE(cursor->SeekToFirst().ok());
  // From every position: one back, one forth, one on.
  for (std::size_t position = 0; position < expected.size(); ++position) {
    ASSERT_TRUE(cursor->Next(batch, 1).ok());
    ASSERT_EQ(batch.count, 1u);
    ASSERT_EQ(Name(batch.entries[0]), expected[position]);
    ASSERT_TRUE(cursor->Prev(batch, 1).ok());
    ASSERT_EQ(batch.count, 1u);
    ASSERT_EQ(Name(batch.entries[0]), expected[position]);
    ASSERT_TRUE(cursor->Next(batch, 1).ok());
    ASSERT_EQ(batch.count, 1u);
    ASSERT_EQ(Name(batch.entries[0]), expected[position]);
  }
  ASSERT_TRUE(cursor->Next(batch, 1).ok());
  ASSERT_EQ(batch.count, 0u);
}

// Fails its n-th read.
class FailingCursor final : public EntryCursor {
 public:
  FailingCursor(const std::vector<Entry>& entries, int reads_left)
      : inner_(entries, Views::kFleeting, 2), reads_left_(reads_left) {}
  Status SeekToFirst() override { return inner_.SeekToFirst(); }
  Status SeekToLast() override { return inner_.SeekToLast(); }
  Status Seek(Slice target) override { return inner_.Seek(target); }
  Status SeekForPrev(Slice target) override { return inner_.SeekForPrev(target); }
  Status Next(EntryBatch& batch, std::size_t limit) override {
    if (Fails()) return {StatusCode::kCorruption, "bad block"};
    return inner_.Next(batch, limit);
  }
  Status Prev(EntryBatch& batch, std::size_t limit) override {
    if (Fails()) return {StatusCode::kCorruption, "bad block"};
    return inner_.Prev(batch, limit);
  }

 private:
  bool Fails() { return reads_left_-- == 0; }
  VectorCursor inner_;
  int reads_left_;
};

TEST(MergingCursor, KeepsFailingUntilTheNextSeekAndNeverSkipsOverAFailure) {
  EntryList list = EvenKeys(40);
  const std::vector<Entry> sorted = list.Sorted();
  for (int fail_at = 0; fail_at < 20; ++fail_at) {
    std::vector<std::unique_ptr<EntryCursor>> cursors;
    std::vector<Entry> even;
    std::vector<Entry> odd;
    for (std::size_t i = 0; i < sorted.size(); ++i) (i % 2 == 0 ? even : odd).push_back(sorted[i]);
    cursors.push_back(std::make_unique<VectorCursor>(even, Views::kFleeting, 3));
    cursors.push_back(std::make_unique<FailingCursor>(odd, fail_at));
    const auto cursor = NewMergingCursor(std::move(cursors));
    EntryBatch batch;
    ASSERT_TRUE(cursor->SeekToFirst().ok());
    std::size_t seen = 0;
    Status status;
    while ((status = cursor->Next(batch, 64)).ok() && batch.count != 0) {
      for (std::size_t i = 0; i < batch.count; ++i, ++seen) {
        ASSERT_EQ(batch.entries[i].key, sorted[seen].key);
      }
    }
    // 20 entries come in 11 reads (one, then two at a time), and a 12th finds the end.
    ASSERT_EQ(status.ok(), fail_at > 11) << fail_at;
    if (status.ok()) continue;
    EXPECT_EQ(cursor->Next(batch, 64).code(), StatusCode::kCorruption);
    EXPECT_EQ(cursor->Prev(batch, 64).code(), StatusCode::kCorruption);
    EXPECT_EQ(batch.count, 0u);
    ASSERT_TRUE(cursor->SeekToFirst().ok());
    ASSERT_TRUE(cursor->Next(batch, 64).ok());
    ASSERT_GT(batch.count, 0u);
    EXPECT_EQ(batch.entries[0].key, sorted[0].key);
  }
}

TEST(MergingCursor, PassesAWholeStretchOfOneSourceOnInOneBatch) {
  std::vector<Entry> low;
  std::vector<Entry> high;
  for (int i = 0; i < 200; ++i) {
    low.push_back({"a", "", static_cast<SequenceNumber>(500 - i), EntryKind::kPut});
    high.push_back({"b", "", static_cast<SequenceNumber>(900 - i), EntryKind::kPut});
  }
  std::vector<std::unique_ptr<EntryCursor>> cursors;
  cursors.push_back(std::make_unique<VectorCursor>(high, Views::kStable));
  cursors.push_back(std::make_unique<VectorCursor>(low, Views::kStable));
  const auto cursor = NewMergingCursor(std::move(cursors));
  EntryBatch batch;
  ASSERT_TRUE(cursor->SeekToFirst().ok());
  std::size_t largest = 0;
  for (std::size_t seen = 0; seen < low.size(); seen += batch.count) {
    ASSERT_TRUE(cursor->Next(batch, 64).ok());
    ASSERT_EQ(batch.entries[batch.count - 1].key, "a");
    largest = std::max(largest, batch.count);
  }
  EXPECT_EQ(largest, 64u);
}

// A large settled base (even numbers) under a few newer entries (every hundredth key, both
// overwriting one of the base and falling between two).
struct SettledUnderFew {
  SettledUnderFew() {
    for (int i = 0; i < 3000; ++i) {
      all.Put(EvenKey(i), 0);
      if (i % 100 == 50) all.Put(EvenKey(i), 7);
      if (i % 100 == 70) all.Put(EvenKey(i) + "x", 8);
    }
    sources.resize(2);
    for (const Entry& entry : all.Sorted()) {
      sources[entry.sequence == 0 ? 1 : 0].push_back(entry);
    }
  }
  std::unique_ptr<EntryCursor> Merge() {
    std::vector<std::unique_ptr<EntryCursor>> cursors;
    for (const auto& source : sources) {
      cursors.push_back(std::make_unique<VectorCursor>(source, Views::kFleeting));
    }
    return NewMergingCursor(std::move(cursors));
  }
  EntryList all;
  std::vector<std::vector<Entry>> sources;
};

// Reads everything, plain where that yields something; returns how many entries came plain.
std::size_t WalkPlainFirst(EntryCursor& cursor, std::size_t window, std::vector<Entry> expected,
                           bool forward) {
  if (!forward) std::ranges::reverse(expected);
  std::vector<KeyValue> items(window);
  EntryBatch batch;
  std::size_t plain = 0;
  std::size_t seen = 0;
  while (true) {
    std::size_t count = 0;
    EXPECT_TRUE((forward ? cursor.NextPlain(items, nullptr, &count)
                         : cursor.PrevPlain(items, nullptr, &count)).ok());
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(items[i].key, expected.at(seen++).key);
    plain += count;
    if (count != 0) continue;
    EXPECT_TRUE((forward ? cursor.Next(batch, 64) : cursor.Prev(batch, 64)).ok());
    if (batch.count == 0) break;
    for (std::size_t i = 0; i < batch.count; ++i, ++seen) {
      EXPECT_EQ(batch.entries[i].key, expected.at(seen).key);
      EXPECT_EQ(batch.entries[i].sequence, expected.at(seen).sequence);
    }
  }
  EXPECT_EQ(seen, expected.size());
  return plain;
}

TEST(MergingCursor, TakesMostOfASettledBasePlainUnderAFewNewerEntries) {
  SettledUnderFew data;
  const std::vector<Entry> expected = data.all.Sorted();
  for (const std::size_t window : {std::size_t{1}, std::size_t{16}, std::size_t{64}}) {
    SCOPED_TRACE(window);
    const auto cursor = data.Merge();
    ASSERT_TRUE(cursor->SeekToFirst().ok());
    EXPECT_GT(WalkPlainFirst(*cursor, window, expected, true), expected.size() * 9 / 10);
    ASSERT_TRUE(cursor->SeekToLast().ok());
    EXPECT_GT(WalkPlainFirst(*cursor, window, expected, false), expected.size() * 9 / 10);
  }
}

}  // namespace firn::testing
