// One table of 3 million entries: 16 random hexadecimal digits as key, 100 bytes of value, stored
// plain, every block resident unless it says otherwise, one thread. Single items are reported as
// items_per_second; the build writes to $TMPDIR.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "cache/frame_pool.h"
#include "env/runtime.h"
#include "table/filter.h"
#include "table/open_files.h"
#include "table/table_reader.h"
#include "table/table_writer.h"

namespace firn {
namespace {

constexpr std::size_t kEntries = 3'000'000;
constexpr std::size_t kValueBytes = 100;
constexpr DatabaseId kDatabase{.high = 1, .low = 2};
using Key = std::array<char, 16>;

std::uint64_t Mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;  // the finalizer of SplitMix64
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

Key KeyOf(std::uint64_t i) {
  Key key;
  std::uint64_t digits = Mix(i + 1);
  for (std::size_t at = key.size(); at-- > 0; digits >>= 4)
    key[at] = "0123456789abcdef"[digits & 15];
  return key;
}

Slice SliceOf(const Key& key) { return {key.data(), key.size()}; }

// Made once, on first use; removes its files at exit.
class Data {
 public:
  static Data& Get() {
    static Data data;
    return data;
  }

  TableMetadata Build(FileNumber number, const TableSettings& settings = {}) {
    auto writer = TableWriter::Create(files(), ledger_, directory_, kDatabase, number, settings);
    FIRN_CHECK(writer.ok());
    EntryBatch batch;
    for (std::size_t next = 0; next < kEntries; next += batch.count) {
      batch.count = std::min(EntryBatch::kCapacity, kEntries - next);
      for (std::size_t i = 0; i < batch.count; ++i) {
        const Slice key = SliceOf(keys_[next + i]);
        batch.entries[i] = {.key = key, .value = value_, .sequence = 0, .kind = EntryKind::kPut};
        batch.heads[i] = KeyHead(key);
      }
      FIRN_CHECK((*writer)->Add(batch, 0, batch.count).ok());
    }
    auto metadata = (*writer)->Finish();
    FIRN_CHECK(metadata.ok());
    return *metadata;
  }
  void Remove(FileNumber number) {
    FIRN_CHECK(files().Remove(directory_ + "/" + TableFileName(number)).ok());
  }

  const TableReader& reader() {
    if (reader_ == nullptr) {
      context_ = {.file_system = &files(),
                  .frames = &frames_,
                  .ledger = &ledger_,
                  .files = &open_files_,
                  .directory = directory_,
                  .database = kDatabase};
      reader_ = TableReader::Make(context_, Build(FileNumber{1}));
      // Makes everything resident.
      FIRN_CHECK(Walk(*reader_->NewCursor(TableReader::CursorUse::kRead), true) == kEntries);
    }
    return *reader_;
  }

  // Of the reader.
  [[nodiscard]] const TableContext& context() const { return context_; }

  static std::size_t Walk(EntryCursor& cursor, bool forwards) {
    EntryBatch batch;
    std::size_t count = 0;
    std::size_t bytes = 0;
    FIRN_CHECK((forwards ? cursor.SeekToFirst() : cursor.SeekToLast()).ok());
    do {
      const Status status = forwards ? cursor.Next(batch, EntryBatch::kCapacity)
                                     : cursor.Prev(batch, EntryBatch::kCapacity);
      FIRN_CHECK(status.ok());
      for (std::size_t i = 0; i < batch.count; ++i) {
        bytes += static_cast<unsigned char>(batch.entries[i].key.back());
        bytes += static_cast<unsigned char>(batch.entries[i].value.front());
      }
      count += batch.count;
    } while (batch.count > 0);
    benchmark::DoNotOptimize(bytes);
    return count;
  }

 private:
  Data() : ledger_(std::uint64_t{8} << 30), frames_(ledger_), open_files_(files()) {
    const char* temporary = std::getenv("TMPDIR");
    directory_ = std::string(temporary != nullptr ? temporary : "/tmp") + "/firn_table_bench";
    FIRN_CHECK(files().CreateDirectory(directory_).ok());
    // What an earlier run left when it was killed.
    const auto left = files().List(directory_);
    FIRN_CHECK(left.ok());
    for (const std::string& name : *left) FIRN_CHECK(files().Remove(directory_ + "/" + name).ok());
    keys_.reserve(kEntries);
    for (std::size_t i = 0; i < kEntries; ++i) keys_.push_back(KeyOf(i));
    std::sort(keys_.begin(), keys_.end());
  }
  ~Data() {
    if (reader_ == nullptr) return;
    reader_.reset();
    Remove(FileNumber{1});
    FIRN_CHECK(files().RemoveDirectory(directory_).ok());
  }
  static FileSystem& files() { return *Runtime::Posix().file_system; }

  const std::string value_ = std::string(kValueBytes, 'v');
  std::string directory_;
  std::vector<Key> keys_;
  MemoryLedger ledger_;
  FramePool frames_;
  OpenFiles open_files_;
  TableContext context_;
  std::shared_ptr<const TableReader> reader_;
};

void Items(benchmark::State& state, std::size_t per_iteration) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(per_iteration));
}

// Without the kernel's share, which is the copying into the page cache.
double UserSeconds() {
  rusage usage;
  FIRN_CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  return static_cast<double>(usage.ru_utime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec) * 1e-6;
}

void Build(benchmark::State& state) {
  Data& data = Data::Get();
  const double before = UserSeconds();
  for (auto iteration : state) {
    data.Build(FileNumber{99});
    state.PauseTiming();
    data.Remove(FileNumber{99});
    state.ResumeTiming();
  }
  state.counters["user_ns_per_entry"] =
      (UserSeconds() - before) * 1e9 / static_cast<double>(state.iterations()) / kEntries;
  Items(state, kEntries);
}
BENCHMARK(Build)->Unit(benchmark::kMillisecond);

void GetHit(benchmark::State& state) {
  const TableReader& reader = Data::Get().reader();
  std::uint64_t i = 0;
  std::string value;
  for (auto iteration : state) {
    const Key key = KeyOf(Mix(i += 2) % kEntries);
    EpochDomain::Guard guard;
    TableLookup lookup;
    const auto found = reader.Get(LookupKey(SliceOf(key)), kSequenceMax, &lookup);
    FIRN_CHECK(found.ok() && *found);
    value.assign(lookup.value);
    benchmark::DoNotOptimize(value.data());
  }
  Items(state, 1);
}
BENCHMARK(GetHit);

void GetMiss(benchmark::State& state) {
  const TableReader& reader = Data::Get().reader();
  std::uint64_t i = 0;
  for (auto iteration : state) {
    const Key key = KeyOf(kEntries + i++);
    EpochDomain::Guard guard;
    TableLookup lookup;
    const auto found = reader.Get(LookupKey(SliceOf(key)), kSequenceMax, &lookup);
    FIRN_CHECK(found.ok() && !*found);
  }
  Items(state, 1);
}
BENCHMARK(GetMiss);

void SeekAndTenNext(benchmark::State& state) {
  const TableReader& reader = Data::Get().reader();
  std::uint64_t i = 0;
  EntryBatch batch;
  for (auto iteration : state) {
    const Key key = KeyOf(i++);
    const auto cursor = reader.NewCursor(TableReader::CursorUse::kRead);
    FIRN_CHECK(cursor->Seek(SliceOf(key)).ok());
    std::size_t left = 10;
    do {
      FIRN_CHECK(cursor->Next(batch, left).ok());
      left -= batch.count;
    } while (left > 0 && batch.count > 0);
  }
  Items(state, 1);
}
BENCHMARK(SeekAndTenNext);

void WalkWith(benchmark::State& state, TableReader::CursorUse use, bool forwards) {
  const TableReader& reader = Data::Get().reader();
  for (auto iteration : state) {
    FIRN_CHECK(Data::Walk(*reader.NewCursor(use), forwards) == kEntries);
  }
  Items(state, kEntries);
}
void WalkForward(benchmark::State& state) { WalkWith(state, TableReader::CursorUse::kRead, true); }
void WalkBackward(benchmark::State& state) {
  WalkWith(state, TableReader::CursorUse::kRead, false);
}
void WalkAsJob(benchmark::State& state) { WalkWith(state, TableReader::CursorUse::kJob, true); }
BENCHMARK(WalkForward)->Unit(benchmark::kMillisecond);
BENCHMARK(WalkBackward)->Unit(benchmark::kMillisecond);
BENCHMARK(WalkAsJob)->Unit(benchmark::kMillisecond);

// Off the disk: a budget that holds a sixth of the table. Argument: whether background threads read
// the pieces that the walk comes to next.
void WalkPastPageCache(benchmark::State& state) {
  MemoryLedger ledger(std::uint64_t{64} << 20);
  FramePool frames(ledger);
  OpenFiles files(*Runtime::Posix().file_system, 4, PageCache::kBypass);
  (void)Data::Get().reader();
  TableContext context = Data::Get().context();
  context.frames = &frames;
  context.ledger = &ledger;
  context.files = &files;
  context.executor = state.range(0) != 0 ? Runtime::Posix().executor : nullptr;
  // Partitions of a store: several fit in a piece.
  constexpr FileNumber kNumber{3};
  auto reader = TableReader::Make(context, Data::Get().Build(kNumber, {.partition_blocks = 64}));
  const Status direct = reader->NewCursor(TableReader::CursorUse::kRead)->SeekToFirst();
  if (direct.code() == StatusCode::kNotSupported) {
    state.SkipWithError("$TMPDIR is on a file system without direct reads");
  }
  for (auto iteration : state) {
    const auto cursor = reader->NewCursor(TableReader::CursorUse::kRead);
    FIRN_CHECK(Data::Walk(*cursor, true) == kEntries);
  }
  Items(state, kEntries);
  reader.reset();
  Data::Get().Remove(kNumber);
}
BENCHMARK(WalkPastPageCache)
    ->ArgName("ahead")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->UseRealTime();

// One filter over all keys: every probe misses the nearer caches.
void FilterProbe(benchmark::State& state) {
  std::vector<std::uint64_t> hashes;
  for (std::size_t i = 0; i < kEntries; ++i) hashes.push_back(KeyHash(SliceOf(KeyOf(i))));
  std::string bytes(FilterBytes(kEntries, 10), '\0');
  BuildFilter(hashes, 10, bytes.data());
  FilterView filter;
  FIRN_CHECK(FilterView::Parse(bytes, &filter));
  std::uint64_t i = 0;
  std::size_t positives = 0;
  for (auto iteration : state) positives += filter.MayContain(Mix(++i)) ? 1 : 0;
  state.counters["false_positives"] =
      static_cast<double>(positives) / static_cast<double>(state.iterations());
  Items(state, 1);
}
BENCHMARK(FilterProbe);

void EpochGuard(benchmark::State& state) {
  for (auto iteration : state) {
    EpochDomain::Guard guard;
    benchmark::ClobberMemory();
  }
  Items(state, 1);
}
BENCHMARK(EpochGuard);

}  // namespace
}  // namespace firn

BENCHMARK_MAIN();
