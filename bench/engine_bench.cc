// The engine's own steps around data structures: the commit pipeline with one and several threads,
// a snapshot, the pin of a read view, an iterator's birth and death. 16-byte keys, 100-byte values,
// overwritten over and over so that the store stays small; FIRN_BENCH_DIR on the disk in question.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include "base/check.h"
#include "cache/epoch.h"
#include "db/engine.h"

namespace firn {
namespace {

constexpr std::uint64_t kKeys = 100'000;  // a thread
constexpr std::size_t kValueBytes = 100;

class Key {
 public:
  explicit Key(std::uint64_t index) {
    words_ = {index * 0x9E3779B97F4A7C15ull, index};  // 2^64 / golden ratio (Knuth): spread
  }
  [[nodiscard]] Slice slice() const {
    return {reinterpret_cast<const char*>(words_.data()), sizeof(words_)};
  }

 private:
  std::array<std::uint64_t, 2> words_;
};

// One store for all benchmarks of the program; removed at exit.
class Store {
 public:
  static Store& Get() {
    static Store store;
    return store;
  }
  ~Store() {
    FIRN_CHECK(db_->Close().ok());
    db_.reset();
    engine_.reset();
    std::filesystem::remove_all(directory_);
  }
  Engine& engine() { return *engine_; }
  Db& db() { return *db_; }

 private:
  Store() {
    const char* const base = std::getenv("FIRN_BENCH_DIR");
    directory_ = std::string(base != nullptr ? base : ".") + "/engine_bench_store";
    std::filesystem::remove_all(directory_);
    auto engine = Engine::Open(directory_, {});
    FIRN_CHECK(engine.ok());
    engine_ = std::move(engine).value();
    db_ = std::make_unique<Db>(engine_);
  }

  std::string directory_;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<Db> db_;
};

void Items(benchmark::State& state, std::size_t each) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(each));
}

std::uint64_t FirstKeyOf(const benchmark::State& state) {
  return static_cast<std::uint64_t>(state.thread_index()) * kKeys;
}

// The value names how often its thread has written: what is read back is the last write.
std::string ValueOf(std::uint64_t written) {
  std::string value(kValueBytes, 'v');
  std::memcpy(value.data(), &written, sizeof(written));
  return value;
}

void MustHold(const Db& db, Slice key, Slice value) {
  const auto found = db.Get(key);
  FIRN_CHECK(found.ok() && *found == value);
}

// One entry a commit: sequence, log, memtable, publication, and what flushes take meanwhile.
void Commit(benchmark::State& state) {
  Db& db = Store::Get().db();
  const std::uint64_t first = FirstKeyOf(state);
  std::uint64_t written = 0;
  std::string value = ValueOf(0);
  for (auto iteration : state) {
    std::memcpy(value.data(), &written, sizeof(written));
    FIRN_CHECK(db.Put(Key(first + written % kKeys).slice(), value).ok());
    ++written;
  }
  MustHold(db, Key(first + (written - 1) % kKeys).slice(), ValueOf(written - 1));
  Items(state, 1);
}
BENCHMARK(Commit)->ThreadRange(1, 4)->UseRealTime();

void CommitBatchOf100(benchmark::State& state) {
  constexpr std::size_t kBatch = 100;
  Db& db = Store::Get().db();
  const std::uint64_t first = FirstKeyOf(state);
  std::uint64_t written = 0;
  std::string value = ValueOf(0);
  WriteBatch batch;
  for (auto iteration : state) {
    batch.Clear();
    for (std::size_t i = 0; i < kBatch; ++i, ++written) {
      std::memcpy(value.data(), &written, sizeof(written));
      batch.Put(Key(first + written % kKeys).slice(), value);
    }
    FIRN_CHECK(db.Write(batch).ok());
  }
  MustHold(db, Key(first + (written - 1) % kKeys).slice(), ValueOf(written - 1));
  Items(state, kBatch);
}
BENCHMARK(CommitBatchOf100)->ThreadRange(1, 4)->UseRealTime();

// The read view of the moment, counted and let go: what every iterator begins and ends with.
void PinReadView(benchmark::State& state) {
  const Engine& engine = Store::Get().engine();
  for (auto iteration : state) {
    const EpochDomain::Guard guard;
    const auto moment = engine.TakeMoment({}, {});
    FIRN_CHECK(moment.ok());
    benchmark::DoNotOptimize(moment->sequence);
  }
  Items(state, 1);
}
BENCHMARK(PinReadView)->Threads(1)->Threads(2);

void TakeSnapshot(benchmark::State& state) {
  const Db& db = Store::Get().db();
  for (auto iteration : state) FIRN_CHECK(db.GetSnapshot().valid());
  Items(state, 1);
}
BENCHMARK(TakeSnapshot);

// Not positioned: its memory, its view, its sources.
void CreateIterator(benchmark::State& state) {
  const Db& db = Store::Get().db();
  for (auto iteration : state) {
    const Iterator iterator = db.NewIterator();
    FIRN_CHECK(iterator.status().ok());
  }
  Items(state, 1);
}
BENCHMARK(CreateIterator);

void CreateIteratorAndSeek(benchmark::State& state) {
  Db& db = Store::Get().db();
  const Key key(0);
  FIRN_CHECK(db.Put(key.slice(), ValueOf(1)).ok());
  for (auto iteration : state) {
    Iterator iterator = db.NewIterator();
    iterator.Seek(key.slice());
    FIRN_CHECK(iterator.Valid() && iterator.key() == key.slice());
  }
  Items(state, 1);
}
BENCHMARK(CreateIteratorAndSeek);

}  // namespace
}  // namespace firn

BENCHMARK_MAIN();
