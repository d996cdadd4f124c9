#include "memtable/memtable_cursor.h"

#include "memtable/memtable.h"
#include "testing/entry_cursor_contract.h"

namespace firn::testing {
namespace {

class MemtableMaker {
 public:
  std::unique_ptr<EntryCursor> Make(const std::vector<Entry>& sorted) {
    // Versions of a key arrive oldest first, as they do in life.
    for (std::size_t i = sorted.size(); i-- > 0;) {
      const Entry& entry = sorted[i];
      memtable_.Insert(entry.key, entry.value, entry.sequence, entry.kind);
    }
    return memtable_.NewCursor();
  }

 private:
  MemoryLedger ledger_{std::uint64_t{1} << 30};
  ArenaPool pool_{ledger_, 64 << 10, 0};
  Memtable memtable_{pool_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memtable, EntryCursorContract, MemtableMaker);

class GrowingMemtable : public ::testing::Test {
 protected:
  void Put(const std::string& key) {
    memtable_.Insert(key, "v", ++sequence_, EntryKind::kPut);
  }
  static void Collect(const EntryBatch& batch, std::vector<std::string>& keys) {
    for (std::size_t i = 0; i < batch.count; ++i) keys.emplace_back(batch.entries[i].key);
  }

  MemoryLedger ledger_{std::uint64_t{1} << 30};
  ArenaPool pool_{ledger_, 64 << 10, 0};
  Memtable memtable_{pool_};
  SequenceNumber sequence_ = 0;
  EntryBatch batch_;
};

TEST_F(GrowingMemtable, KeepsACursorInOrderWhileLeavesSplitUnderIt) {
  for (int i = 0; i < 400; ++i) Put(EvenKey(i));
  const auto cursor = memtable_.NewCursor();
  ASSERT_TRUE(cursor->SeekToFirst().ok());
  std::vector<std::string> keys;
  for (int i = 0;; ++i) {
    ASSERT_TRUE(cursor->Next(batch_, 3).ok());
    if (batch_.count == 0) break;
    Collect(batch_, keys);
    // Around the position and far from it: splits of the copied leaf and of its neighbours.
    for (int j = 0; j < 5; ++j) Put(keys.back() + "+" + std::to_string(i) + std::to_string(j));
    Put(EvenKey((i * 37) % 400) + "-" + std::to_string(i));
  }
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
  for (int i = 0; i < 400; ++i) {
    EXPECT_TRUE(std::binary_search(keys.begin(), keys.end(), EvenKey(i))) << EvenKey(i);
  }
}

TEST_F(GrowingMemtable, KeepsABackwardCursorInOrderWhileLeavesSplitUnderIt) {
  for (int i = 0; i < 400; ++i) Put(EvenKey(i));
  const auto cursor = memtable_.NewCursor();
  ASSERT_TRUE(cursor->SeekToLast().ok());
  std::vector<std::string> keys;
  for (int i = 0;; ++i) {
    ASSERT_TRUE(cursor->Prev(batch_, 3).ok());
    if (batch_.count == 0) break;
    Collect(batch_, keys);
    for (int j = 0; j < 5; ++j) Put(keys.back() + "+" + std::to_string(i) + std::to_string(j));
    Put(EvenKey((i * 37) % 400) + "-" + std::to_string(i));
  }
  std::reverse(keys.begin(), keys.end());
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
  for (int i = 0; i < 400; ++i) {
    EXPECT_TRUE(std::binary_search(keys.begin(), keys.end(), EvenKey(i))) << EvenKey(i);
  }
}

// The moment of a split that threads seldom hit: the right leaf is linked, the left one not yet
// truncated, so seven records are in both.
TEST(MemtableCursor, YieldsRecordsOnceWhileASplitIsHalfDone) {
  MemoryLedger ledger(std::uint64_t{1} << 30);
  ArenaPool pool(ledger, 64 << 10, 0);
  Arena arena(pool);
  MemtableTree tree(arena);
  for (unsigned i = 0; i < kNodeSlots; ++i) {
    const std::string key = EvenKey(static_cast<int>(i));
    tree.Insert(Record(Record::Create(arena, {key, "v", i + 1, EntryKind::kPut})));
  }
  auto& left = const_cast<Leaf&>(*tree.first_leaf());  // NOLINT: plays the writer
  ASSERT_EQ(left.LoadOrder(), Permutation::InOrder(kNodeSlots));
  Leaf right;
  constexpr unsigned kMoved = kNodeSlots / 2;
  for (unsigned i = 0; i < kMoved; ++i) {
    right.heads[i] = left.heads[kMoved + i].load();
    right.records[i] = left.records[kMoved + i].load();
  }
  right.StoreOrder(Permutation::InOrder(kMoved));
  right.previous = &left;
  left.RaiseSplits();
  left.next = &right;

  MemtableCursor cursor(tree);
  EntryBatch batch;
  ASSERT_TRUE(cursor.SeekToFirst().ok());
  ASSERT_TRUE(cursor.Next(batch, EntryBatch::kCapacity).ok());
  ASSERT_EQ(batch.count, kNodeSlots);
  for (unsigned i = 0; i < kNodeSlots; ++i) EXPECT_EQ(batch.entries[i].sequence, i + 1);
  ASSERT_TRUE(cursor.SeekToLast().ok());
  ASSERT_TRUE(cursor.Prev(batch, EntryBatch::kCapacity).ok());
  ASSERT_EQ(batch.count, kNodeSlots);
  for (unsigned i = 0; i < kNodeSlots; ++i) EXPECT_EQ(batch.entries[i].sequence, kNodeSlots - i);
}

}  // namespace
}  // namespace firn::testing
