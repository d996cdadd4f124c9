// Readers beside splits, under a seeded scheduler that looks into every window between two steps of
// a split (memtable/memtable_tree.cc). Two orders of those steps were wrong once. When one is put
// back, the random walks find it within the first 300 seeds:
//   - a leaf that gets its neighbours after its parent knew it: whoever comes through the parent
//     finds the list ending there
//   - `splits` not raised again behind the truncation: a reader takes a refilled slot for a record
//     that moved
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "memtable/memtable.h"
#include "sim/fiber_scheduler.h"
#include "testing/seeds.h"

namespace firn {
namespace {

using testing::FiberScheduler;
using testing::SeededRandom;

constexpr SequenceNumber kBefore = 40;   // a few leaves below one parent
constexpr SequenceNumber kInserts = 90;  // enough for leaves to split, be refilled and split again

// Two thirds fall anywhere, the others behind everything.
std::string KeyOf(SequenceNumber sequence) {
  const std::uint64_t mixed = sequence * 0x9E3779B97F4A7C15u >> 40;
  const std::string digits = std::to_string(sequence % 3 == 0 ? sequence : mixed % 10000);
  return (sequence % 3 == 0 ? "z" : "a") + std::string(7 - digits.size(), '0') + digits +
         std::to_string(sequence);
}

class BesideSplits : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  // One writer and two readers of each kind, under many seeds. A reader gets a memtable and the
  // newest visible sequence, and answers what is wrong or nothing; it is called until the writer
  // is done.
  using Reader = std::string (*)(const Memtable& memtable, const SequenceNumber& visible,
                                 SeededRandom& random);
  void Run(Reader reader) {
    const std::uint64_t seeds = testing::SeedCount(3000);
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const std::string wrong = RunSeed(seed, reader);
      ASSERT_EQ(wrong, "") << "seed " << seed << ", PCT depth " << GetParam();
    }
  }

 private:
  std::string RunSeed(std::uint64_t seed, Reader reader) {
    MemoryLedger ledger(std::uint64_t{1} << 30);
    ArenaPool pool(ledger, 16 << 10, 0);
    Memtable memtable(pool);
    SequenceNumber visible = 0;
    std::string wrong;
    const auto insert = [&](SequenceNumber sequence) {
      memtable.Insert(KeyOf(sequence), std::to_string(sequence), sequence, EntryKind::kPut);
      visible = sequence;
    };
    for (SequenceNumber sequence = 1; sequence <= kBefore; ++sequence) insert(sequence);
    FiberScheduler scheduler({.seed = seed, .pct_depth = GetParam(), .pct_steps = 2000});
    scheduler.Spawn("writer", [&] {
      for (SequenceNumber sequence = kBefore + 1; sequence <= kInserts; ++sequence) {
        insert(sequence);
        YieldPoint("between inserts");
      }
    });
    for (std::uint64_t i = 0; i < 2; ++i) {
      scheduler.Spawn("reader", [&, i] {
        SeededRandom random(seed * 2 + i);
        while (visible < kInserts && wrong.empty()) {
          wrong = reader(memtable, visible, random);
          YieldThread();
        }
      });
    }
    const testing::Outcome outcome = scheduler.Run();
    return outcome.done() ? wrong : outcome.report;
  }
};

TEST_P(BesideSplits, GetsFindEverything) {
  Run([](const Memtable& memtable, const SequenceNumber& visible, SeededRandom& random) {
    const SequenceNumber at = visible;
    const SequenceNumber pick = 1 + random.Below(at);
    Entry entry;
    if (!memtable.Get(KeyOf(pick), pick, &entry)) return "lost " + std::to_string(pick);
    if (entry.value != std::to_string(pick)) return "wrong value of " + std::to_string(pick);
    return std::string();
  });
}

// Every visible record from `start` on, in the direction of the walk, is met once and in order.
std::string CheckWalk(std::vector<Entry> seen, const std::string& start, SequenceNumber at,
                      bool forward) {
  if (!forward) std::reverse(seen.begin(), seen.end());
  std::vector<bool> met(at + 1);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (i > 0 && seen[i - 1].key >= seen[i].key) return "a walk is out of order";
    if (seen[i].sequence <= at) met[seen[i].sequence] = true;
  }
  for (SequenceNumber sequence = 1; sequence <= at; ++sequence) {
    const std::string key = KeyOf(sequence);
    const bool ahead = forward ? key >= start : key <= start;
    if (ahead && !met[sequence]) return "a walk misses " + std::to_string(sequence);
  }
  return std::string();
}

TEST_P(BesideSplits, WalksMeetEverything) {
  Run([](const Memtable& memtable, const SequenceNumber& visible, SeededRandom& random) {
    const SequenceNumber at = visible;
    const bool forward = random.Coin();
    const std::string start = KeyOf(1 + random.Below(at));
    const auto cursor = memtable.NewCursor();
    if (!(forward ? cursor->Seek(start) : cursor->SeekForPrev(start)).ok()) {
      return std::string("seek");
    }
    EntryBatch batch;
    std::vector<Entry> seen;
    do {
      if (!(forward ? cursor->Next(batch, 5) : cursor->Prev(batch, 5)).ok()) {
        return std::string("step");
      }
      seen.insert(seen.end(), batch.entries.begin(), batch.entries.begin() + batch.count);
    } while (batch.count > 0);
    return CheckWalk(seen, start, at, forward);
  });
}

TEST_P(BesideSplits, SeeksLandOnTheirKey) {
  Run([](const Memtable& memtable, const SequenceNumber& visible, SeededRandom& random) {
    const SequenceNumber pick = 1 + random.Below(visible);
    const auto cursor = memtable.NewCursor();
    const bool forward = random.Coin();
    const std::string key = KeyOf(pick);
    if (!(forward ? cursor->Seek(key) : cursor->SeekForPrev(key)).ok()) return std::string("seek");
    EntryBatch batch;
    if (!(forward ? cursor->Next(batch, 1) : cursor->Prev(batch, 1)).ok()) {
      return std::string("step");
    }
    if (batch.count != 1 || batch.entries[0].key != key) {
      return "a seek misses " + std::to_string(pick);
    }
    return std::string();
  });
}

INSTANTIATE_TEST_SUITE_P(Pickers, BesideSplits, ::testing::Values(0, 3),
                         [](const auto& instance) {
                           return instance.param == 0 ? "random_walk" : "pct";
                         });

}  // namespace
}  // namespace firn
