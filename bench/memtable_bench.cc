// The memtable against a skip list of LevelDB's design and absl::btree_map, from one warm arena
// pool: 500,000 entries with values of 100 bytes. Results and command:
// docs/decisions/0001-memtable-structure.md.
//
// FilteredTable is the memtable with its filter and a hash a call, as the store has it; FirnTable
// is the tree alone. absl::btree_map is a bound, not a rival: it knows neither versions nor
// concurrent readers.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/page_allocation.h"
#include "memtable/memtable.h"
#include "skiplist.h"
#ifdef FIRN_HAVE_ABSL
#include <absl/container/btree_map.h>
#endif

namespace firn::bench {
namespace {

constexpr std::size_t kEntries = 500'000;
constexpr std::size_t kValueBytes = 100;

ArenaPool& Pool() {
  static MemoryLedger ledger(std::uint64_t{4} << 30);
  static ArenaPool pool(ledger, kHugePageBytes, std::size_t{1} << 30);
  return pool;
}

template <std::size_t kBytesPlanned>
class MemtableOf {
 public:
  void Insert(Slice key, Slice value, SequenceNumber sequence) {
    memtable_.Insert(key, value, sequence, EntryKind::kPut);
  }
  [[nodiscard]] bool Get(Slice key, Entry* entry) const {
    if (kBytesPlanned != 0 && !memtable_.MayContain(KeyHash(key))) return false;
    return memtable_.Get(key, kSequenceMax, entry);
  }
  [[nodiscard]] std::size_t bytes() const { return memtable_.bytes(); }
  template <typename Visit>
  void Walk(Visit visit) const {
    const auto cursor = memtable_.NewCursor();
    EntryBatch batch;
    FIRN_CHECK(cursor->SeekToFirst().ok());
    while (cursor->Next(batch, EntryBatch::kCapacity).ok() && batch.count != 0) {
      for (std::size_t i = 0; i < batch.count; ++i) visit(batch.entries[i]);
    }
  }

 private:
  Memtable memtable_{Pool(), kBytesPlanned};
};
using FirnTable = MemtableOf<0>;
using FilteredTable = MemtableOf<std::size_t{80} << 20>;  // about what the entries come to

class SkipListTable {
 public:
  void Insert(Slice key, Slice value, SequenceNumber sequence) {
    list_.Insert(key, value, sequence, EntryKind::kPut);
  }
  [[nodiscard]] bool Get(Slice key, Entry* entry) const {
    return list_.Get(key, kSequenceMax, entry);
  }
  [[nodiscard]] std::size_t bytes() const { return list_.bytes(); }
  template <typename Visit>
  void Walk(Visit visit) const {
    for (auto* node = list_.first(); node != nullptr; node = node->Next(0)) {
      visit(SkipList::Decode(node->record));
    }
  }

 private:
  SkipList list_{Pool()};
};

#ifdef FIRN_HAVE_ABSL
class AbslTable {
 public:
  void Insert(Slice key, Slice value, SequenceNumber sequence) {
    const Record record(Record::Create(arena_, {key, value, sequence, EntryKind::kPut}));
    map_.emplace(record.key(), record);
  }
  [[nodiscard]] bool Get(Slice key, Entry* entry) const {
    const auto found = map_.find(key);
    if (found == map_.end()) return false;
    *entry = found->second.entry();
    return true;
  }
  [[nodiscard]] std::size_t bytes() const {
    return arena_.used_bytes() + map_.size() * sizeof(std::pair<Slice, Record>);
  }
  template <typename Visit>
  void Walk(Visit visit) const {
    for (const auto& [key, record] : map_) visit(record.entry());
  }

 private:
  Arena arena_{Pool()};
  absl::btree_map<Slice, Record> map_;
};
#endif

std::uint64_t Mix(std::uint64_t x) {  // the finaliser of SplitMix64
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}
std::string Hex(std::uint64_t number) {
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; number >>= 4) text[i] = "0123456789abcdef"[number & 15];
  return text;
}

enum Shape : std::int64_t { kRandom, kOrdered, kLongPrefix };

// Keys of one length side by side in the order of use, so that reading them costs next to nothing.
class KeyList {
 public:
  KeyList() = default;
  explicit KeyList(std::int64_t shape) {
    for (std::uint64_t i = 0; i < kEntries; ++i) {
      if (shape == kOrdered) {
        Add(Hex(i));  // all heads are equal
      } else {
        Add((shape == kLongPrefix ? "tenants/0001/documents/" : "") + Hex(Mix(i + 1)));
      }
    }
  }
  void Add(Slice key) {
    key_bytes_ = key.size();
    bytes_.append(key);
  }
  [[nodiscard]] std::size_t key_bytes() const { return key_bytes_; }
  [[nodiscard]] Slice operator[](std::size_t i) const {
    return Slice(bytes_.data() + i * key_bytes_, key_bytes_);
  }
  [[nodiscard]] KeyList Shuffled() const {
    std::vector<std::size_t> order(kEntries);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937(1));
    KeyList shuffled;
    for (const std::size_t i : order) shuffled.Add((*this)[i]);
    return shuffled;
  }

 private:
  std::string bytes_;
  std::size_t key_bytes_ = 0;
};
const KeyList& Keys(std::int64_t shape) {
  static const KeyList all[] = {KeyList(kRandom), KeyList(kOrdered), KeyList(kLongPrefix)};
  return all[shape];
}

template <typename Table>
void Fill(Table& table, std::int64_t shape) {
  const std::string value(kValueBytes, 'v');
  const KeyList& keys = Keys(shape);
  for (std::size_t i = 0; i < kEntries; ++i) table.Insert(keys[i], value, i + 1);
}

void CountPerEntry(benchmark::State& state) {
  state.counters["per_entry"] = benchmark::Counter(
      static_cast<double>(kEntries),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

template <typename Table>
void Insert(benchmark::State& state) {
  auto table = std::make_unique<Table>();
  Fill(*table, state.range(0));  // the first touch of the arena's pages is not what we measure
  for (auto _ : state) {
    state.PauseTiming();
    table.reset();
    table = std::make_unique<Table>();
    state.ResumeTiming();
    Fill(*table, state.range(0));
  }
  CountPerEntry(state);
  const auto key_bytes = static_cast<double>(Keys(state.range(0)).key_bytes());
  state.counters["overhead_bytes"] =
      static_cast<double>(table->bytes()) / kEntries - key_bytes - kValueBytes;
}

template <typename Table>
void Get(benchmark::State& state) {
  Table table;
  Fill(table, state.range(0));
  const KeyList keys = Keys(state.range(0)).Shuffled();
  std::size_t found = 0;
  for (auto _ : state) {
    Entry entry;
    for (std::size_t i = 0; i < kEntries; ++i) found += table.Get(keys[i], &entry) ? 1 : 0;
  }
  FIRN_CHECK(found == kEntries * static_cast<std::size_t>(state.iterations()));
  CountPerEntry(state);
}

template <typename Table>
void GetMissing(benchmark::State& state) {
  Table table;
  Fill(table, kRandom);
  KeyList keys;
  for (std::uint64_t i = 0; i < kEntries; ++i) keys.Add(Hex(Mix(i + 1 + kEntries)));
  std::size_t found = 0;
  for (auto _ : state) {
    Entry entry;
    for (std::size_t i = 0; i < kEntries; ++i) found += table.Get(keys[i], &entry) ? 1 : 0;
  }
  FIRN_CHECK(found == 0);
  CountPerEntry(state);
}

template <typename Table>
void Iterate(benchmark::State& state) {
  Table table;
  Fill(table, state.range(0));
  for (auto _ : state) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    table.Walk([&](const Entry& entry) {
      ++count;
      bytes += entry.value.size() + static_cast<unsigned char>(entry.key.back());
    });
    FIRN_CHECK(count == kEntries);
    benchmark::DoNotOptimize(bytes);
  }
  CountPerEntry(state);
}

#define FIRN_BENCH_TABLE(Table)                                                             \
  BENCHMARK(Insert<Table>)->Arg(kRandom)->Arg(kOrdered)->Arg(kLongPrefix)->ArgName("keys"); \
  BENCHMARK(Get<Table>)->Arg(kRandom)->Arg(kLongPrefix)->ArgName("keys");                   \
  BENCHMARK(GetMissing<Table>);                                                             \
  BENCHMARK(Iterate<Table>)->Arg(kRandom)->Arg(kOrdered)->ArgName("keys")
FIRN_BENCH_TABLE(FirnTable);
FIRN_BENCH_TABLE(FilteredTable);
FIRN_BENCH_TABLE(SkipListTable);
#ifdef FIRN_HAVE_ABSL
FIRN_BENCH_TABLE(AbslTable);
#endif

}  // namespace
}  // namespace firn::bench

BENCHMARK_MAIN();
