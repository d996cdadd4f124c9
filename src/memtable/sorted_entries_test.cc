#include "memtable/sorted_entries.h"

#include <string>

#include "memtable/memtable.h"
#include "sim/seeded_random.h"
#include "testing/entry_cursor_contract.h"
#include "testing/seeds.h"

namespace firn::testing {
namespace {

class SortedEntriesMaker {
 public:
  std::unique_ptr<EntryCursor> Make(std::vector<Entry> sorted) {
    std::sort(sorted.begin(), sorted.end(),
              [](const Entry& a, const Entry& b) { return a.sequence < b.sequence; });
    for (const Entry& entry : sorted) entries_.Add(entry);
    entries_.Sort();
    return entries_.NewCursor();
  }

 private:
  MemoryLedger ledger_{std::uint64_t{1} << 30};
  ArenaPool pool_{ledger_, 64 << 10, 0};
  SortedEntries entries_{pool_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(SortedEntries, EntryCursorContract, SortedEntriesMaker);

std::string Dump(EntryCursor& cursor) {
  std::string text;
  EntryBatch batch;
  EXPECT_TRUE(cursor.SeekToFirst().ok());
  for (;;) {
    EXPECT_TRUE(cursor.Next(batch, EntryBatch::kCapacity).ok());
    if (batch.count == 0) return text;
    for (std::size_t i = 0; i < batch.count; ++i) {
      const Entry& entry = batch.entries[i];
      EXPECT_EQ(batch.heads[i], KeyHead(entry.key));
      text.append(std::to_string(entry.key.size())).append(":").append(entry.key);
      text.append("@").append(std::to_string(entry.sequence));
      text.append(entry.kind == EntryKind::kPut ? "=" : "-").append(entry.value).append("\n");
    }
  }
}

// Keys on which a sort by heads goes wrong if it can: few or many, short ones that others begin
// with, zeros, equal heads at every depth.
class KeySource {
 public:
  explicit KeySource(SeededRandom& random) : random_(random) {
    shape_ = random.Below(7);
    shared_ = std::string(random.Below(40), shape_ % 2 == 0 ? '\0' : 'p');
  }
  std::string Next() {
    switch (shape_) {
      case 0:  // random bytes
        return shared_ + Bytes(random_.Below(24), 256);
      case 1:  // two letters: deep ties
        return shared_ + Bytes(random_.Below(30), 2);
      case 2:  // nothing but zeros behind what is shared: all keys begin with each other
        return shared_ + std::string(random_.Below(40), '\0');
      case 3:  // a few keys, very many versions
        return shared_ + Bytes(1, 4);
      case 4:  // several long prefixes
        return std::string(9 + random_.Below(3) * 8, 'a') + Bytes(8, 3);
      case 5:  // ascending
        return shared_ + std::to_string(1000000 + ++count_);
      default:  // descending, with the empty key
        return count_++ % 50 == 49 ? "" : shared_ + std::to_string(9000000 - count_);
    }
  }

 private:
  std::string Bytes(std::size_t count, std::uint64_t letters) {
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_.Below(letters));
    return bytes;
  }

  SeededRandom& random_;
  std::uint64_t shape_;
  std::string shared_;
  int count_ = 0;
};

TEST(SortedEntries, HoldsWhatAMemtableHolds) {
  for (std::uint64_t seed = 0; seed < SeedCount(300); ++seed) {
    SeededRandom random(seed);
    MemoryLedger ledger(std::uint64_t{1} << 30);
    ArenaPool pool(ledger, 64 << 10, 0);
    {
      Memtable memtable(pool);
      SortedEntries entries(pool);
      KeySource keys(random);
      const std::uint64_t count = random.Below(4) == 0 ? random.Below(12000) : random.Below(60);
      SequenceNumber sequence = random.Below(1000);
      for (std::uint64_t i = 0; i < count; ++i) {
        sequence += 1 + random.Below(3);
        const std::string key = keys.Next();
        if (random.Below(50) == 0 && !key.empty()) {
          memtable.InsertRangeDelete("", key, sequence);
          entries.AddRangeDelete("", key, sequence);
          continue;
        }
        const EntryKind kind = random.Below(5) == 0 ? EntryKind::kDelete : EntryKind::kPut;
        const std::string value =
            kind == EntryKind::kPut ? std::to_string(sequence) + std::string(i % 7, 'v') : "";
        memtable.Insert(key, value, sequence, kind);
        entries.Add({key, value, sequence, kind});
      }
      ASSERT_EQ(entries.point_entries(), memtable.point_entries());
      ASSERT_EQ(entries.sequence_max(), memtable.sequence_max());
      ASSERT_EQ(entries.empty(), memtable.empty());
      std::vector<RangeTombstone> wanted;
      memtable.AppendRangeTombstones(kSequenceMax, wanted);
      std::reverse(wanted.begin(), wanted.end());
      ASSERT_EQ(entries.range_tombstones().size(), wanted.size());
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        ASSERT_EQ(entries.range_tombstones()[i].begin, wanted[i].begin);
        ASSERT_EQ(entries.range_tombstones()[i].end, wanted[i].end);
        ASSERT_EQ(entries.range_tombstones()[i].sequence, wanted[i].sequence);
      }
      const std::size_t bytes = entries.bytes();
      entries.Sort();
      ASSERT_LE(entries.bytes() - bytes, entries.point_entries() * sizeof(RecordPlace) + 64)
          << "what Sort takes was counted before";
      ASSERT_EQ(Dump(*entries.NewCursor()), Dump(*memtable.NewCursor())) << "seed " << seed;
    }
    ASSERT_EQ(ledger.used(), 0u);
  }
}

// Quadratic work would take hours here: equal heads everywhere, and no pivot that divides.
TEST(SortedEntries, EqualKeysAndLongSharedBytesAreNoWorstCase) {
  MemoryLedger ledger(std::uint64_t{1} << 30);
  ArenaPool pool(ledger, 64 << 10, 0);
  SortedEntries entries(pool);
  const std::string shared(4000, 's');
  SequenceNumber sequence = 0;
  for (int i = 0; i < 20000; ++i) {
    entries.Add({shared + (i % 2 == 0 ? "even" : "odd"), "", ++sequence, EntryKind::kPut});
  }
  entries.Sort();
  const auto cursor = entries.NewCursor();
  EntryBatch batch;
  ASSERT_TRUE(cursor->SeekToFirst().ok());
  ASSERT_TRUE(cursor->Next(batch, 1).ok());
  EXPECT_EQ(batch.entries[0].sequence, 19999u);
  ASSERT_TRUE(cursor->SeekToLast().ok());
  ASSERT_TRUE(cursor->Prev(batch, 1).ok());
  EXPECT_EQ(batch.entries[0].sequence, 2u);
}

}  // namespace
}  // namespace firn::testing
