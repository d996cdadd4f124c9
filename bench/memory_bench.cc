// What keeps things in memory: frames of blocks, the filter of a memtable, the sort of recovery.
// Frames of 6 KiB; 1 million keys of 16 random bytes, 100 bytes of value. One thread where the name
// says nothing else.
#include <benchmark/benchmark.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "cache/epoch.h"
#include "cache/frame_pool.h"
#include "memtable/key_filter.h"
#include "memtable/sorted_entries.h"

namespace firn {
namespace {

constexpr std::size_t kFrameBytes = 6 << 10;
constexpr std::size_t kKeys = 1'000'000;
constexpr std::uint64_t kPlenty = std::uint64_t{1} << 40;

std::uint64_t Mix(std::uint64_t x) {
  // The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

void Items(benchmark::State& state, std::size_t each) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(each));
}

Frame* Load(FramePool& pool, FrameSlot& slot, std::uint64_t content) {
  Frame* const frame = pool.Allocate(kFrameBytes);
  std::memcpy(frame->data(), &content, sizeof(content));
  return pool.Publish(slot, frame);
}

// A guard, the slot, the frame's header and its first bytes, of 64 frames: in the nearer caches.
void FrameHit(benchmark::State& state) {
  constexpr std::size_t kFrames = 64;
  static MemoryLedger ledger(kPlenty);
  static FramePool pool(ledger);
  static std::vector<FrameSlot> slots(kFrames);
  if (state.thread_index() == 0) {
    const EpochDomain::Guard guard;
    for (std::size_t i = 0; i < kFrames; ++i) Load(pool, slots[i], i);
  }
  std::size_t i = 0;
  for (auto iteration : state) {
    i = (i + 29) % kFrames;
    const EpochDomain::Guard guard;
    Frame* const frame = slots[i].load(std::memory_order_acquire);
    frame->Touch();
    std::uint64_t content = 0;
    std::memcpy(&content, frame->data(), sizeof(content));
    FIRN_CHECK(content == i);
  }
  Items(state, 1);
  if (state.thread_index() == 0) pool.Clear(slots);
}
BENCHMARK(FrameHit)->Threads(1)->Threads(2);

// A pool that is full: every frame that comes drives another out. Nothing is read.
void FramePublishAndEvict(benchmark::State& state) {
  constexpr std::size_t kRoom = 256;
  MemoryLedger ledger(kRoom * kFrameBytes);
  FramePool pool(ledger);
  std::vector<FrameSlot> slots(4 * kRoom);
  std::size_t i = 0;
  for (auto iteration : state) {
    i = (i + 1) % slots.size();
    const EpochDomain::Guard guard;
    if (slots[i].load(std::memory_order_acquire) == nullptr) Load(pool, slots[i], i);
  }
  EpochDomain::Process().Drain();
  FIRN_CHECK(pool.frames() <= kRoom);
  pool.Clear(slots);
  Items(state, 1);
}
BENCHMARK(FramePublishAndEvict);

// Keys that are not there, in a memtable's filter for 1 million: every probe misses the nearer
// caches.
void MemtableFilterMiss(benchmark::State& state) {
  MemoryLedger ledger(kPlenty);
  ArenaPool chunks(ledger, std::size_t{2} << 20, 0);
  Arena arena(chunks);
  KeyFilter filter(arena, kKeys);
  for (std::size_t i = 0; i < kKeys; ++i) filter.Add(Mix(i + 1));
  for (std::size_t i = 0; i < kKeys; ++i) FIRN_CHECK(filter.MayContain(Mix(i + 1)));
  std::uint64_t i = kKeys;
  std::size_t positives = 0;
  for (auto iteration : state) positives += filter.MayContain(Mix(++i)) ? 1 : 0;
  state.counters["false_positives"] =
      static_cast<double>(positives) / static_cast<double>(state.iterations());
  Items(state, 1);
}
BENCHMARK(MemtableFilterMiss);

void MemtableFilterAdd(benchmark::State& state) {
  MemoryLedger ledger(kPlenty);
  ArenaPool chunks(ledger, std::size_t{2} << 20, 0);
  Arena arena(chunks);
  KeyFilter filter(arena, kKeys);
  std::uint64_t i = 0;
  for (auto iteration : state) filter.Add(Mix(++i));
  FIRN_CHECK(filter.MayContain(Mix(i)));
  Items(state, 1);
}
BENCHMARK(MemtableFilterAdd);

// What recovery does with a log's entries: takes them in as they come, then sorts them.
void TakeInAndSort(benchmark::State& state) {
  MemoryLedger ledger(kPlenty);
  ArenaPool chunks(ledger, std::size_t{2} << 20, std::size_t{512} << 20);
  const std::string value(100, 'v');
  for (auto iteration : state) {
    SortedEntries entries(chunks);
    for (std::size_t i = 0; i < kKeys; ++i) {
      std::array<std::uint64_t, 2> words = {Mix(i + 1), i};
      entries.Add({.key = Slice(reinterpret_cast<const char*>(words.data()), sizeof(words)),
                   .value = value,
                   .sequence = i + 1,
                   .kind = EntryKind::kPut});
    }
    entries.Sort();
    state.PauseTiming();
    const auto cursor = entries.NewCursor();
    FIRN_CHECK(cursor->SeekToFirst().ok());
    EntryBatch batch;
    std::string before;
    std::size_t count = 0;
    while (cursor->Next(batch, EntryBatch::kCapacity).ok() && batch.count > 0) {
      for (std::size_t i = 0; i < batch.count; ++i, ++count) {
        FIRN_CHECK(before < batch.entries[i].key);
        before = batch.entries[i].key;
      }
    }
    FIRN_CHECK(count == kKeys);
    state.ResumeTiming();
  }
  Items(state, kKeys);
}
BENCHMARK(TakeInAndSort)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace firn

BENCHMARK_MAIN();
