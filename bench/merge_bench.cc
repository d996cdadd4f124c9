// CPU cost of the merge core without tables: sources are vectors in memory, so the numbers are
// what the merge, retention and the visible view add to each entry.
#include <benchmark/benchmark.h>

#include <deque>
#include <random>

#include "compaction/retention.h"
#include "merge/merging_cursor.h"
#include "merge/visible_cursor.h"
#include "testing/vector_cursor.h"

namespace firn::testing {
namespace {

constexpr std::size_t kEntries = 16'000;  // stays in the second-level cache
constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kValueBytes = 100;

enum class Keys : std::int64_t {
  kRandomHeads,   // the first 8 bytes tell keys apart
  kSharedPrefix,  // they do not: every comparison needs the rest of the key
};

// kEntries distinct keys, each dealt to one of the sources for `stretch` keys in a row.
class Data {
 public:
  Data(Keys shape, std::size_t sources, std::size_t stretch) : parts_(sources) {
    std::mt19937_64 random(1);
    std::vector<std::string> keys;
    while (keys.size() < kEntries) {
      std::string key(kKeyBytes, 'k');
      const std::uint64_t head = __builtin_bswap64(random());
      std::memcpy(key.data() + (shape == Keys::kRandomHeads ? 0 : 8), &head, sizeof(head));
      keys.push_back(std::move(key));
    }
    std::ranges::sort(keys);
    std::size_t target = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i % stretch == 0) target = random() % sources;
      const Slice key = bytes_.emplace_back(std::move(keys[i]));
      const Slice value = bytes_.emplace_back(std::string(kValueBytes, 'v'));
      parts_[target].push_back({key, value, i + 1, EntryKind::kPut});
    }
  }
  [[nodiscard]] std::unique_ptr<EntryCursor> Merge() const {
    std::vector<std::unique_ptr<EntryCursor>> cursors;
    for (const auto& part : parts_) {
      cursors.push_back(std::make_unique<VectorCursor>(part, Views::kStable));
    }
    return NewMergingCursor(std::move(cursors));
  }

 private:
  std::deque<std::string> bytes_;
  std::vector<std::vector<Entry>> parts_;
};

void ReportPerEntry(benchmark::State& state) {
  state.counters["entry"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * kEntries,
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// The floor: what the vector source itself costs.
void BM_Source(benchmark::State& state) {
  const Data data(Keys::kRandomHeads, 1, 1);
  const auto source = data.Merge();
  EntryBatch batch;
  for (auto _ : state) {
    benchmark::DoNotOptimize(source->SeekToFirst().ok());
    while (source->Next(batch, EntryBatch::kCapacity).ok() && batch.count != 0) {
      benchmark::DoNotOptimize(batch.entries.data());
    }
  }
  ReportPerEntry(state);
}
BENCHMARK(BM_Source)->Unit(benchmark::kMicrosecond);

// Arguments: key shape, sources, stretch.
void BM_MergeWithRetention(benchmark::State& state) {
  const Data data(static_cast<Keys>(state.range(0)), static_cast<std::size_t>(state.range(1)),
                  static_cast<std::size_t>(state.range(2)));
  const auto merge = data.Merge();
  const FragmentedTombstones none;
  EntryBatch batch;
  for (auto _ : state) {
    Retention retention({.bottom = true}, none);
    benchmark::DoNotOptimize(merge->SeekToFirst().ok());
    while (merge->Next(batch, EntryBatch::kCapacity).ok() && batch.count != 0) {
      retention.Filter(batch, batch);
      benchmark::DoNotOptimize(batch.entries.data());
    }
    if (retention.counts().out != kEntries) state.SkipWithError("entries were lost");
  }
  ReportPerEntry(state);
}
BENCHMARK(BM_MergeWithRetention)
    ->Unit(benchmark::kMicrosecond)
    ->ArgNames({"prefixed", "sources", "stretch"})
    ->Args({0, 1, 1})->Args({0, 4, 1})->Args({0, 4, 100})->Args({0, 16, 1})->Args({1, 4, 1});

// Arguments: sources, backwards, tombstones.
void BM_Visible(benchmark::State& state) {
  const Data data(Keys::kRandomHeads, static_cast<std::size_t>(state.range(0)), 1);
  const bool backward = state.range(1) != 0;
  std::vector<RangeTombstone> tombstones;
  if (state.range(2) != 0) tombstones.push_back({"\x10", "\x11", kSequenceMax});
  const FragmentedTombstones cut = FragmentedTombstones::Build(tombstones);
  VisibleCursor cursor(data.Merge(), {.at = kSequenceMax, .tombstones = &cut});
  std::array<KeyValue, EntryBatch::kCapacity> items;
  std::size_t count = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize((backward ? cursor.SeekToLast() : cursor.SeekToFirst()).ok());
    while ((backward ? cursor.Prev(items, &count) : cursor.Next(items, &count)).ok() &&
           count != 0) {
      benchmark::DoNotOptimize(items.data());
    }
  }
  ReportPerEntry(state);
}
BENCHMARK(BM_Visible)
    ->Unit(benchmark::kMicrosecond)
    ->ArgNames({"sources", "backward", "tombstones"})
    ->Args({1, 0, 0})->Args({1, 1, 0})->Args({1, 0, 1})->Args({4, 0, 0})->Args({4, 1, 0});

}  // namespace
}  // namespace firn::testing

BENCHMARK_MAIN();
