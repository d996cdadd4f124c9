// What an append to the log costs over the copy of its bytes, and what sharing a sync gains.
//
// Records are a put of a 16 B key and a 100 B value, as the store would log it. The directory is
// $TMPDIR: point it at the disk in question.
#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "format/batch.h"
#include "wal/log_writer.h"

namespace firn {
namespace {

constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kValueBytes = 100;
constexpr std::uint64_t kSegmentBytes = std::uint64_t{64} << 20;

// The parts of one record: operation header, key, value.
struct BenchRecord {
  BenchRecord() : key(kKeyBytes, 'k'), value(kValueBytes, 'v') {}
  std::array<Slice, 3> parts() {
    const std::size_t bytes =
        EncodeOperationHeader(header.data(), {EntryKind::kPut, kDefaultKeyspace, key, value});
    return {Slice(header.data(), bytes), key, value};
  }
  std::array<char, kBatchOperationHeaderBytesMax> header{};
  std::string key;
  std::string value;
};

// A log in a directory of its own, removed with it.
class BenchLog {
 public:
  BenchLog(SegmentBackend backend, std::uint64_t recycled_max) {
    const Runtime& runtime = Runtime::Posix();
    LogWriterSettings settings;
    settings.directory = (std::filesystem::temp_directory_path() /
                          ("firn-wal-bench-" + std::to_string(runtime.random->Next64())))
                             .string();
    settings.database = {1, 2};
    settings.incarnation = 1;
    settings.segment_bytes = kSegmentBytes;
    settings.recycled_max = recycled_max;
    settings.backend = backend;
    settings.first_sequence = 1;
    path_ = settings.directory;
    if (!runtime.file_system->CreateDirectory(path_).ok()) std::abort();
    directory_ = runtime.file_system->OpenDirectory(path_).value();
    writer_ = LogWriter::Create(
                  runtime, *directory_, ledger_, [this] { return FileNumber{++last_file_number_}; },
                  settings)
                  .value();
  }
  ~BenchLog() {
    if (!writer_->Close().ok()) std::abort();
    writer_.reset();
    std::filesystem::remove_all(path_);
  }

  LogPosition Append(std::span<const Slice> parts, AfterAppend after = AfterAppend::kNothing) {
    return writer_->Append(next_sequence_++, 1, parts, after).value();
  }
  LogPosition LockedAppend(std::span<const Slice> parts) {
    MutexLock lock(mutex_);
    return Append(parts, AfterAppend::kSync);
  }
  LogWriter& writer() { return *writer_; }

 private:
  std::string path_;
  std::unique_ptr<DirectoryHandle> directory_;
  MemoryLedger ledger_{std::uint64_t{1} << 30};
  std::atomic<std::uint64_t> last_file_number_{0};
  std::unique_ptr<LogWriter> writer_;
  SequenceNumber next_sequence_ = 1;
  Mutex mutex_;
};

// The floor: the same bytes copied into memory of a segment's size that is already there.
void CopyOnly(benchmark::State& state) {
  BenchRecord record;
  std::string memory(kSegmentBytes, 'x');
  std::size_t offset = 0;
  const std::size_t stride = RecordBytes(record.parts()[0].size() + kKeyBytes + kValueBytes);
  for (auto _ : state) {
    if (offset + stride > memory.size()) offset = 0;
    char* to = memory.data() + offset + kRecordHeaderBytes;
    for (const Slice part : record.parts()) {
      std::memcpy(to, part.data(), part.size());
      to += part.size();
    }
    offset += stride;
    benchmark::ClobberMemory();
  }
}
BENCHMARK(CopyOnly)->Iterations(2000000);

// The same with the frame and its checksum.
void EncodeOnly(benchmark::State& state) {
  BenchRecord record;
  std::string memory(kSegmentBytes, 'x');
  std::size_t offset = 0;
  RecordHeader header;
  header.type = 1;
  for (auto _ : state) {
    if (offset + 512 > memory.size()) offset = 0;
    offset += EncodeRecord(memory.data() + offset, offset, {{1, 2}, FileNumber{3}}, header,
                           record.parts());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(EncodeOnly)->Iterations(2000000);

void Append(benchmark::State& state, SegmentBackend backend, std::uint64_t recycled_max) {
  BenchRecord record;
  BenchLog log(backend, recycled_max);
  LogPosition release_at = kSegmentBytes;
  const auto append = [&] {
    const LogPosition end = log.Append(record.parts());
    if (end >= release_at) [[unlikely]] {
      log.writer().Release(end - kSegmentBytes / 2);
      release_at = end + kSegmentBytes / 4;
    }
  };
  // Recycling needs segments to recycle: the first ones are made before the clock starts.
  while (recycled_max > 0 && log.writer().appended() < 4 * kSegmentBytes) append();
  for (auto _ : state) append();
}
BENCHMARK_CAPTURE(Append, MappedFresh, SegmentBackend::kMapped, 0)->Iterations(2000000);
BENCHMARK_CAPTURE(Append, MappedRecycled, SegmentBackend::kMapped, 3)->Iterations(2000000);
BENCHMARK_CAPTURE(Append, Positioned, SegmentBackend::kPositioned, 3)->Iterations(1000000);

std::optional<BenchLog> shared_log;

void AppendAndSync(benchmark::State& state) {
  BenchRecord record;
  if (state.thread_index() == 0) shared_log.emplace(SegmentBackend::kMapped, 3);
  for (auto _ : state) {
    const LogPosition end = shared_log->LockedAppend(record.parts());
    if (!shared_log->writer().Sync(end).ok()) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) shared_log.reset();
}
BENCHMARK(AppendAndSync)->Threads(1)->Threads(4)->UseRealTime()->Iterations(2000);

// The disk's own pace: one record and one data sync on a file of written zeros.
void RawSync(benchmark::State& state) {
  FileSystem& file_system = *Runtime::Posix().file_system;
  const std::string path = (std::filesystem::temp_directory_path() / "firn-raw-sync.log").string();
  auto file =
      file_system.CreateSegment(path, std::uint64_t{4} << 20, SegmentBackend::kPositioned).value();
  if (!file->SyncData().ok()) std::abort();
  const std::string record(160, 'r');
  std::uint64_t offset = 0;
  for (auto _ : state) {
    if (!file->WriteAt(offset, record).ok() || !file->SyncData().ok()) std::abort();
    offset += record.size();
  }
  state.SetItemsProcessed(state.iterations());
  if (!file->Close().ok() || !file_system.Remove(path).ok()) std::abort();
}
BENCHMARK(RawSync)->UseRealTime()->Iterations(2000);

}  // namespace
}  // namespace firn

BENCHMARK_MAIN();
