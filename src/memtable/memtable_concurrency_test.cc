// Readers beside the writer: M2, order, and (under the thread sanitizer) freedom from races.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "memtable/memtable.h"

namespace firn {
namespace {

constexpr SequenceNumber kInserts = 30000;

// Which key an insert wrote is a function of its sequence, so readers can check what must be there.
// Four streams meet: random, ascending with equal heads, and one hot key.
std::string KeyOf(SequenceNumber sequence) {
  if (sequence % 50 == 0) return "hot";
  const std::uint64_t mixed = sequence * 0x9E3779B97F4A7C15u;
  const std::string digits = std::to_string(sequence % 4 == 0 ? sequence : mixed % 1000000);
  const std::string prefix = sequence % 4 == 0 ? "ascending" : "";
  return prefix + std::string(10 - digits.size(), '0') + digits;
}

class BesideAWriter : public ::testing::Test {
 protected:
  // Runs the writer to its end with `readers` beside it; each gets its number.
  template <typename Reader>
  void Run(int readers, Reader reader) {
    std::vector<std::thread> threads;
    for (int i = 0; i < readers; ++i) threads.emplace_back([&, i] { reader(i); });
    for (SequenceNumber sequence = 1; sequence <= kInserts; ++sequence) {
      memtable_.Insert(KeyOf(sequence), std::to_string(sequence), sequence, EntryKind::kPut);
      if (sequence % 64 == 0) {
        memtable_.InsertRangeDelete("r", "s", sequence);
        std::this_thread::yield();  // on few cores the readers would come only when all is done
      }
      visible_.store(sequence, std::memory_order_release);
    }
    for (std::thread& thread : threads) thread.join();
  }
  [[nodiscard]] SequenceNumber visible() const {
    return visible_.load(std::memory_order_acquire);
  }

  MemoryLedger ledger_{std::uint64_t{1} << 30};
  ArenaPool pool_{ledger_, 1 << 20, 0};
  Memtable memtable_{pool_};
  std::atomic<SequenceNumber> visible_{0};
};

TEST_F(BesideAWriter, GetFindsEverythingUpToTheVisibleSequence) {
  Run(2, [&](int number) {
    std::mt19937_64 random(static_cast<unsigned>(number));
    for (;;) {
      const SequenceNumber at = visible();
      if (at == 0) continue;
      // Mostly the latest inserts: that is where nodes are changing.
      const SequenceNumber pick = random() % 4 == 0 ? 1 + random() % at : at;
      Entry entry;
      ASSERT_TRUE(memtable_.Get(KeyOf(pick), pick, &entry)) << pick;
      ASSERT_EQ(entry.key, KeyOf(pick));
      ASSERT_EQ(entry.sequence, pick);
      ASSERT_EQ(entry.value, std::to_string(pick));
      ASSERT_FALSE(memtable_.Get("nothing" + std::to_string(pick), at, &entry));
      const SequenceNumber covering = at / 64 * 64;
      ASSERT_EQ(memtable_.MaxCovering("r", at), covering);
      if (at == kInserts) return;
    }
  });
}

bool InOrder(const Entry& a, const Entry& b) {
  return a.key < b.key || (a.key == b.key && a.sequence > b.sequence);
}

// Every entry up to the sequence visible at the seek is met once, in strict order.
void ExpectOrderedAndComplete(const std::vector<Entry>& seen, SequenceNumber at) {
  std::vector<bool> met(at + 1);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    ASSERT_EQ(seen[i].value, std::to_string(seen[i].sequence));
    if (i > 0) {
      ASSERT_TRUE(InOrder(seen[i - 1], seen[i]));
    }
    if (seen[i].sequence <= at) met[seen[i].sequence] = true;
  }
  for (SequenceNumber sequence = 1; sequence <= at; ++sequence) ASSERT_TRUE(met[sequence]);
}

TEST_F(BesideAWriter, CursorsMeetEverythingUpToTheVisibleSequenceInOrder) {
  Run(2, [&](int number) {
    const auto cursor = memtable_.NewCursor();
    EntryBatch batch;
    SequenceNumber at = 0;
    while (at < kInserts) {
      at = visible();
      const bool forward = number == 0;
      ASSERT_TRUE((forward ? cursor->SeekToFirst() : cursor->SeekToLast()).ok());
      std::vector<Entry> seen;
      for (;;) {
        ASSERT_TRUE((forward ? cursor->Next(batch, 7) : cursor->Prev(batch, 7)).ok());
        if (batch.count == 0) break;
        seen.insert(seen.end(), batch.entries.begin(), batch.entries.begin() + batch.count);
      }
      if (!forward) std::reverse(seen.begin(), seen.end());
      ASSERT_NO_FATAL_FAILURE(ExpectOrderedAndComplete(seen, at));
    }
  });
}

TEST_F(BesideAWriter, SeeksLandOnTheirKeyAndTurnAround) {
  Run(2, [&](int number) {
    std::mt19937_64 random(static_cast<unsigned>(number) + 10);
    const auto cursor = memtable_.NewCursor();
    EntryBatch batch;
    for (;;) {
      const SequenceNumber at = visible();
      if (at == 0) continue;
      const std::string key = KeyOf(random() % 2 == 0 ? at : 1 + random() % at);
      ASSERT_TRUE(cursor->Seek(key).ok());
      ASSERT_TRUE(cursor->Next(batch, 20).ok());
      ASSERT_GE(batch.count, 1u);
      ASSERT_EQ(batch.entries[0].key, key);
      const std::string last(batch.entries[batch.count - 1].key);
      ASSERT_TRUE(cursor->Prev(batch, 1).ok());
      ASSERT_EQ(batch.count, 1u);
      ASSERT_LE(batch.entries[0].key, last);
      ASSERT_GE(batch.entries[0].key, key);
      ASSERT_TRUE(cursor->SeekForPrev(key).ok());
      ASSERT_TRUE(cursor->Prev(batch, 1).ok());
      ASSERT_EQ(batch.count, 1u);
      ASSERT_EQ(batch.entries[0].key, key);
      if (at == kInserts) return;
    }
  });
}

// All walks start at the latest insert: that is where a leaf may be between the steps of a split.
TEST_F(BesideAWriter, WalksThroughASplitRepeatAndLoseNothing) {
  Run(2, [&](int number) {
    const auto cursor = memtable_.NewCursor();
    EntryBatch batch;
    for (SequenceNumber at = 0; at < kInserts;) {
      at = visible();
      if (at == 0) continue;
      ASSERT_TRUE(cursor->Seek(KeyOf(at)).ok());
      for (int step = 0; step < 4; ++step) {
        const bool forward = (step + number) % 2 == 0;
        ASSERT_TRUE((forward ? cursor->Next(batch, 40) : cursor->Prev(batch, 40)).ok());
        for (std::size_t i = 1; i < batch.count; ++i) {
          const Entry& left = batch.entries[forward ? i - 1 : i];
          const Entry& right = batch.entries[forward ? i : i - 1];
          ASSERT_TRUE(InOrder(left, right)) << left.key << ' ' << right.key;
        }
      }
    }
  });
}

}  // namespace
}  // namespace firn
