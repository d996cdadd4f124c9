// The whole store on one client thread: 16-byte random hexadecimal keys, 100-byte values, data in
// memory, no compression. One settled run of FIRN_BENCH_ENTRIES entries (default 3,000,000) for the
// reads; "fresh" puts a memtable with one entry in 200 above it.

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "firn/db.h"

namespace {

std::uint64_t Mix(std::uint64_t x) {
  // SplitMix64 (Steele, Lea, Flood 2014): a bijection, so the keys are distinct.
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

struct Key {
  char bytes[16];
  [[nodiscard]] firn::Slice slice() const { return firn::Slice(bytes, sizeof(bytes)); }
};

Key KeyOf(std::uint64_t index) {
  constexpr char kDigits[] = "0123456789abcdef";
  Key key;
  std::uint64_t x = Mix(index);
  for (int i = 15; i >= 0; --i, x >>= 4) key.bytes[i] = kDigits[x & 15];
  return key;
}

std::uint64_t Entries() {
  const char* text = std::getenv("FIRN_BENCH_ENTRIES");
  return text == nullptr ? 3000000 : std::strtoull(text, nullptr, 10);
}

std::string NewDirectory() {
  static int count = 0;
  const char* base = std::getenv("FIRN_BENCH_DIR");
  std::string directory = std::string(base != nullptr ? base : ".") + "/store_bench_" +
                          std::to_string(count++);
  std::filesystem::remove_all(directory);
  return directory;
}

[[noreturn]] void Die(const firn::Status& status) {
  std::fprintf(stderr, "store_bench: %s\n", status.ToString().c_str());
  std::exit(1);
}

void Must(const firn::Status& status) {
  if (!status.ok()) Die(status);
}

std::unique_ptr<firn::Db> Open(const std::string& directory, std::uint64_t budget) {
  firn::Options options;
  options.memory_budget = budget;
  options.compression = firn::Compression::kNone;
  auto db = firn::Db::Open(directory, options);
  Must(db.status());
  return std::move(db).value();
}

const std::string kValue(100, 'v');

// Loaded, settled, and resident after one pass; then some keys were written once more, which stay in
// the memtable.
std::unique_ptr<firn::Db> Load(std::uint64_t fresh) {
  auto db = Open(NewDirectory(), std::uint64_t{1} << 30);
  for (std::uint64_t i = 0; i < Entries(); ++i) Must(db->Put(KeyOf(i).slice(), kValue));
  Must(db->CompactRange());
  Must(db->WaitForIdle());
  firn::Iterator it = db->NewIterator();
  std::uint64_t count = 0;
  for (it.SeekToFirst(); it.Valid(); it.Next()) ++count;
  Must(it.status());
  if (count != Entries()) std::abort();
  for (std::uint64_t i = 0; i < fresh; ++i) Must(db->Put(KeyOf(i).slice(), kValue));
  return db;
}

// The stores the read benchmarks share.
firn::Db& Settled() {
  static const std::unique_ptr<firn::Db> db = Load(0);
  return *db;
}
// One entry in 200, so that scans merge.
firn::Db& UnderFresh() {
  static const std::unique_ptr<firn::Db> db = Load(Entries() / 200);
  return *db;
}
firn::Db& StoreOf(const benchmark::State& state) {
  return state.range(0) == 0 ? Settled() : UnderFresh();
}

std::vector<Key> RandomKeys(std::uint64_t from, std::size_t count) {
  std::mt19937_64 random(7);
  std::vector<Key> keys(count);
  for (Key& key : keys) key = KeyOf(from + random() % Entries());
  return keys;
}

void FillRandom(benchmark::State& state) {
  const auto budget = static_cast<std::uint64_t>(state.range(0)) << 20;
  for (auto _ : state) {
    state.PauseTiming();
    const std::string directory = NewDirectory();
    {
      auto db = Open(directory, budget);
      state.ResumeTiming();
      for (std::uint64_t i = 0; i < Entries(); ++i) Must(db->Put(KeyOf(i).slice(), kValue));
      state.PauseTiming();
      const firn::Stats stats = db->GetStats();
      Must(db->WaitForIdle());
      const firn::Stats settled = db->GetStats();
      state.counters["stall_ms"] = static_cast<double>(stats.write_stall_micros) / 1000;
      state.counters["written_per_put_byte"] =
          static_cast<double>(settled.log_bytes + settled.flush_bytes + settled.compaction_bytes) /
          static_cast<double>(settled.bytes_put);
    }
    std::filesystem::remove_all(directory);
    state.ResumeTiming();
  }
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  state.counters["peak_rss_mib"] = static_cast<double>(usage.ru_maxrss) / 1024;
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(Entries()));
}

void FillSequential(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    const std::string directory = NewDirectory();
    {
      auto db = Open(directory, std::uint64_t{1} << 30);
      state.ResumeTiming();
      char key[24];
      for (std::uint64_t i = 0; i < Entries(); ++i) {
        std::snprintf(key, sizeof(key), "%016llu", static_cast<unsigned long long>(i));
        Must(db->Put(firn::Slice(key, 16), kValue));
      }
      state.PauseTiming();
    }
    std::filesystem::remove_all(directory);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(Entries()));
}

void GetHit(benchmark::State& state) {
  firn::Db& db = Settled();
  const std::vector<Key> keys = RandomKeys(0, 1 << 20);
  std::size_t i = 0;
  for (auto _ : state) {
    auto value = db.Get(keys[i++ & (keys.size() - 1)].slice());
    if (!value.ok() || !value->has_value()) std::abort();
    benchmark::DoNotOptimize((*value)->data());
  }
  state.SetItemsProcessed(state.iterations());
}

void GetPinnedHit(benchmark::State& state) {
  firn::Db& db = Settled();
  const std::vector<Key> keys = RandomKeys(0, 1 << 20);
  firn::PinnedValue value;
  std::size_t i = 0;
  for (auto _ : state) {
    auto found = db.Get(keys[i++ & (keys.size() - 1)].slice(), value);
    if (!found.ok() || !*found) std::abort();
    benchmark::DoNotOptimize(value.value().data());
  }
  state.SetItemsProcessed(state.iterations());
}

void GetMiss(benchmark::State& state) {
  firn::Db& db = Settled();
  const std::vector<Key> keys = RandomKeys(Entries() * 2, 1 << 20);
  std::size_t i = 0;
  for (auto _ : state) {
    auto value = db.Get(keys[i++ & (keys.size() - 1)].slice());
    if (!value.ok() || value->has_value()) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}

void NextAll(benchmark::State& state) {
  firn::Db& db = StoreOf(state);
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    firn::Iterator it = db.NewIterator();
    for (it.SeekToFirst(); it.Valid(); it.Next(), ++entries) {
      bytes += static_cast<unsigned char>(it.key().back()) + it.value().size();
    }
  }
  benchmark::DoNotOptimize(bytes);
  state.SetItemsProcessed(static_cast<std::int64_t>(entries));
}

void PrevAll(benchmark::State& state) {
  firn::Db& db = StoreOf(state);
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    firn::Iterator it = db.NewIterator();
    for (it.SeekToLast(); it.Valid(); it.Prev(), ++entries) {
      bytes += static_cast<unsigned char>(it.key().back()) + it.value().size();
    }
  }
  benchmark::DoNotOptimize(bytes);
  state.SetItemsProcessed(static_cast<std::int64_t>(entries));
}

void SeekAndTenNext(benchmark::State& state) {
  firn::Db& db = StoreOf(state);
  const std::vector<Key> keys = RandomKeys(0, 1 << 20);
  std::size_t i = 0;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    firn::Iterator it = db.NewIterator();
    it.Seek(keys[i++ & (keys.size() - 1)].slice());
    for (int step = 0; step < 10 && it.Valid(); ++step, it.Next()) bytes += it.value().size();
  }
  benchmark::DoNotOptimize(bytes);
  state.SetItemsProcessed(state.iterations());
}

void MultiGet32(benchmark::State& state) {
  firn::Db& db = Settled();
  const std::vector<Key> keys = RandomKeys(0, 1 << 20);
  std::vector<firn::Slice> batch(32);
  std::size_t i = 0;
  for (auto _ : state) {
    for (firn::Slice& key : batch) key = keys[i++ & (keys.size() - 1)].slice();
    auto values = db.MultiGet(batch);
    if (!values.ok()) std::abort();
    benchmark::DoNotOptimize(values->data());
  }
  state.SetItemsProcessed(state.iterations() * 32);
}

// A queue of a thousand entries: push behind the last, find and pop the first.
void QueuePushPop(benchmark::State& state) {
  auto db = Open(NewDirectory(), std::uint64_t{256} << 20);
  char key[24];
  const auto key_of = [&](std::uint64_t n) {
    std::snprintf(key, sizeof(key), "q%015llu", static_cast<unsigned long long>(n));
    return firn::Slice(key, 16);
  };
  std::uint64_t tail = 0;
  for (; tail < 1000; ++tail) Must(db->Put(key_of(tail), kValue));
  for (auto _ : state) {
    Must(db->Put(key_of(tail++), kValue));
    firn::Iterator it = db->NewIterator();
    it.Seek("q");
    if (!it.Valid()) std::abort();
    Must(db->Delete(it.key()));
  }
  state.SetItemsProcessed(state.iterations());
}

void FillSync(benchmark::State& state) {
  static std::unique_ptr<firn::Db> db;
  static std::string directory;
  if (state.thread_index() == 0) {
    directory = NewDirectory();
    db = Open(directory, std::uint64_t{256} << 20);
  }
  std::uint64_t i = static_cast<std::uint64_t>(state.thread_index()) << 32;
  for (auto _ : state) {
    Must(db->Put(KeyOf(i++).slice(), kValue, {.durability = firn::Durability::kSync}));
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) {
    db.reset();
    std::filesystem::remove_all(directory);
  }
}

BENCHMARK(FillRandom)->Arg(256)->Arg(1024)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(FillSequential)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(GetHit);
BENCHMARK(GetPinnedHit);
BENCHMARK(GetMiss);
BENCHMARK(MultiGet32);
BENCHMARK(NextAll)->ArgName("fresh")->Arg(0)->Arg(1);
BENCHMARK(PrevAll)->ArgName("fresh")->Arg(0)->Arg(1);
BENCHMARK(SeekAndTenNext)->ArgName("fresh")->Arg(0)->Arg(1);
BENCHMARK(QueuePushPop);
BENCHMARK(FillSync)->Threads(1)->Threads(4)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
