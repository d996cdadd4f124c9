#include "merge/concatenating_cursor.h"

#include <gtest/gtest.h>

#include "testing/entry_cursor_contract.h"
#include "testing/vector_cursor.h"

namespace firn::testing {

// Cuts the entries between user keys into parts of about kPartEntries.
template <std::size_t kPartEntries>
struct CutMaker {
  std::unique_ptr<EntryCursor> Make(const std::vector<Entry>& sorted) {
    for (const Entry& entry : sorted) {
      const bool full = parts.empty() || (parts.back().size() >= kPartEntries &&
                                          parts.back().back().key != entry.key);
      if (full) parts.emplace_back();
      parts.back().push_back(entry);
    }
    for (const std::vector<Entry>& part : parts) {
      lowers.push_back(part.front().key);
      uppers.push_back(part.back().key);
    }
    ConcatenatingParts described{.lowers = lowers, .uppers = uppers, .open = {}};
    described.open = [this](std::size_t part) {
      ++opened;
      return std::make_unique<VectorCursor>(parts[part], Views::kFleeting, 5);
    };
    return NewConcatenatingCursor(std::move(described));
  }
  std::vector<std::vector<Entry>> parts;
  std::vector<Slice> lowers;
  std::vector<Slice> uppers;
  int opened = 0;
};

using SinglePartEntries = CutMaker<1>;
using SevenEntryParts = CutMaker<7>;
using OnePart = CutMaker<100000>;

INSTANTIATE_TYPED_TEST_SUITE_P(TinyParts, EntryCursorContract, SinglePartEntries);
INSTANTIATE_TYPED_TEST_SUITE_P(SmallParts, EntryCursorContract, SevenEntryParts);
INSTANTIATE_TYPED_TEST_SUITE_P(OnePart, EntryCursorContract, OnePart);

TEST(ConcatenatingCursor, OpensAPartOnlyWhenReadingReachesIt) {
  EntryList list = EvenKeys(70);
  const std::vector<Entry> sorted = list.Sorted();
  CutMaker<10> maker;
  const auto cursor = maker.Make(sorted);
  EntryBatch batch;
  ASSERT_TRUE(cursor->SeekToFirst().ok());
  ASSERT_TRUE(cursor->SeekToLast().ok());
  ASSERT_TRUE(cursor->Seek("z").ok());
  ASSERT_TRUE(cursor->Next(batch, 64).ok());
  ASSERT_TRUE(cursor->SeekForPrev("a").ok());
  ASSERT_TRUE(cursor->Prev(batch, 64).ok());
  ASSERT_TRUE(cursor->Seek(EvenKey(10)).ok());  // the second part's first key
  EXPECT_EQ(maker.opened, 0);
  ASSERT_TRUE(cursor->Seek(EvenKey(15)).ok());
  EXPECT_EQ(maker.opened, 1);
  ASSERT_TRUE(cursor->Next(batch, 64).ok());
  EXPECT_EQ(batch.entries[0].key, EvenKey(15));
  ASSERT_TRUE(cursor->Seek(EvenKey(12)).ok());
  EXPECT_EQ(maker.opened, 1) << "the part at hand is not opened again";
}

TEST(ConcatenatingCursor, FindsTheNextPartWhenAPartHoldsLessThanItMay) {
  // A part's upper may come from a range tombstone that reaches beyond its last entry.
  const std::vector<Entry> first = {{"a", "", 1, EntryKind::kPut}};
  const std::vector<Entry> second = {{"m", "", 2, EntryKind::kPut}};
  ConcatenatingParts parts;
  const std::vector<Slice> lowers = {"a", "m"};
  const std::vector<Slice> uppers = {"m", "p"};
  parts.lowers = lowers;
  parts.uppers = uppers;
  parts.open = [&](std::size_t part) {
    return std::make_unique<VectorCursor>(part == 0 ? first : second, Views::kFleeting);
  };
  const auto cursor = NewConcatenatingCursor(std::move(parts));
  EntryBatch batch;
  ASSERT_TRUE(cursor->Seek("m").ok());
  ASSERT_TRUE(cursor->Next(batch, 64).ok());
  ASSERT_EQ(batch.count, 1u);
  EXPECT_EQ(batch.entries[0].key, "m");
  ASSERT_TRUE(cursor->SeekForPrev("f").ok());
  ASSERT_TRUE(cursor->Prev(batch, 64).ok());
  ASSERT_EQ(batch.count, 1u);
  EXPECT_EQ(batch.entries[0].key, "a");
}

// Every seek inside it fails.
class Unseekable final : public EntryCursor {
 public:
  Status SeekToFirst() override { return Failure(); }
  Status SeekToLast() override { return Failure(); }
  Status Seek(Slice) override { return Failure(); }
  Status SeekForPrev(Slice) override { return Failure(); }
  Status Next(EntryBatch& batch, std::size_t) override { return Nothing(batch); }
  Status Prev(EntryBatch& batch, std::size_t) override { return Nothing(batch); }

 private:
  static Status Failure() { return {StatusCode::kIo, "no such table"}; }
  static Status Nothing(EntryBatch& batch) {
    batch.count = 0;
    return {};
  }
};

TEST(ConcatenatingCursor, AFailedSeekIsNoEnd) {
  ConcatenatingParts parts;
  const Slice lower = "b";
  const Slice upper = "y";
  parts.lowers = {&lower, 1};
  parts.uppers = {&upper, 1};
  parts.open = [](std::size_t) { return std::make_unique<Unseekable>(); };
  const auto cursor = NewConcatenatingCursor(std::move(parts));
  EntryBatch batch;
  EXPECT_EQ(cursor->Seek("c").code(), StatusCode::kIo);
  EXPECT_EQ(cursor->Next(batch, 1).code(), StatusCode::kIo);
  EXPECT_EQ(cursor->Prev(batch, 1).code(), StatusCode::kIo);
  ASSERT_TRUE(cursor->SeekToFirst().ok());
  EXPECT_EQ(cursor->Next(batch, 1).code(), StatusCode::kIo);
}

}  // namespace firn::testing
