// The log: what one append costs, and how many syncs a second the device acknowledges.
//
// A sync of a growing file, or of one whose space was reserved but never written, also commits the
// file system's journal; a file that was written before is overwritten without (ext4, xfs).
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "limits.h"
#include "limits_tools.h"

namespace firn::limits {
namespace {

constexpr std::uint64_t kMappedBytes = 64 * kMiB;
constexpr std::uint64_t kSyncFileBytes = 8 * kMiB;
constexpr int kMappedPasses = 5;

using Record = std::array<std::byte, kRecordBytes>;

Status MeasureWriteAppend(const Settings& settings, const Sink& sink) {
  FIRN_ASSIGN_OR_RETURN(ScratchFile file, ScratchFile::Create(settings.directory, O_APPEND));
  const std::uint64_t appends = settings.quick ? 200'000 : 2'000'000;
  Record record{};
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < appends; ++i) {
    std::memcpy(record.data(), &i, sizeof(i));
    FIRN_RETURN_IF_ERROR(file.Write(record.data(), record.size(), i * kRecordBytes));
  }
  sink({"append_write", watch.seconds() * 1e9 / static_cast<double>(appends), "ns",
        fmt::format("one pwrite of {} B at the end of a file, {} times, not synced", kRecordBytes,
                    appends)});
  return {};
}

// A file mapped for writing, unmapped on destruction.
class Mapping {
 public:
  Mapping(const ScratchFile& file, std::uint64_t bytes)
      : data_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor(), 0)),
        bytes_(bytes) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (ok()) ::munmap(data_, bytes_);
  }
  [[nodiscard]] bool ok() const { return data_ != MAP_FAILED; }
  [[nodiscard]] std::byte* data() { return static_cast<std::byte*>(data_); }

 private:
  void* data_;
  std::uint64_t bytes_;
};

Status MeasureMappedAppend(const Settings& settings, const Sink& sink) {
  FIRN_ASSIGN_OR_RETURN(ScratchFile file, ScratchFile::Create(settings.directory, 0));
  FIRN_RETURN_IF_ERROR(file.Fill(kMappedBytes));
  Mapping mapping(file, kMappedBytes);
  if (!mapping.ok()) return FromErrno("map a file in", settings.directory);
  const std::uint64_t appends = kMappedBytes / kRecordBytes;
  Record record{};
  double best = std::numeric_limits<double>::max();
  // The first pass takes the page faults; it is what "recycled" saves, so it does not count.
  for (int pass = 0; pass <= kMappedPasses; ++pass) {
    const Stopwatch watch;
    for (std::uint64_t i = 0; i < appends; ++i) {
      std::memcpy(record.data(), &i, sizeof(i));
      std::memcpy(mapping.data() + i * kRecordBytes, record.data(), kRecordBytes);
    }
    if (pass > 0) best = std::min(best, watch.seconds());
  }
  sink({"append_mapped", best * 1e9 / static_cast<double>(appends), "ns",
        fmt::format("copy of {} B to the end of a shared mapping whose pages are dirty already, "
                    "not synced, best of {}",
                    kRecordBytes, kMappedPasses)});
  return {};
}

enum class LogFile : std::uint8_t { kGrowing, kReserved, kWritten };

Result<ScratchFile> MakeLogFile(const Settings& settings, LogFile kind) {
  FIRN_ASSIGN_OR_RETURN(ScratchFile file, ScratchFile::Create(settings.directory, 0));
  if (kind == LogFile::kWritten) FIRN_RETURN_IF_ERROR(file.Fill(kSyncFileBytes));
  if (kind == LogFile::kReserved) FIRN_RETURN_IF_ERROR(file.Reserve(kSyncFileBytes));
  FIRN_RETURN_IF_ERROR(file.Sync());
  return file;
}

// One thread's share: a record, a sync, until `seconds` are over or the file is.
struct SyncLoop {
  ScratchFile file;
  std::vector<double> syncs = {};  // how long each took, in seconds
  Status status = {};

  void Run(double seconds) {
    const Record record{};
    const Stopwatch watch;
    double before = 0;
    for (std::uint64_t offset = 0; offset + kRecordBytes <= kSyncFileBytes && before < seconds;
         offset += kRecordBytes) {
      status = file.Write(record.data(), record.size(), offset);
      if (status.ok()) status = file.Sync();
      if (!status.ok()) return;
      const double now = watch.seconds();
      syncs.push_back(now - before);
      before = now;
    }
  }
};

struct SyncRate {
  double per_second = 0;
  double fast_micros = 0;  // a tenth is no slower
  double median_micros = 0;
};

Result<SyncRate> MeasureSyncs(const Settings& settings, LogFile kind, unsigned threads) {
  std::vector<SyncLoop> loops;
  loops.reserve(threads);
  for (unsigned thread = 0; thread < threads; ++thread) {
    FIRN_ASSIGN_OR_RETURN(ScratchFile file, MakeLogFile(settings, kind));
    loops.push_back({std::move(file)});
  }
  const double wanted = settings.quick ? 0.25 : 2.0;
  const double seconds = RunTogether(threads, [&](unsigned thread) { loops[thread].Run(wanted); });
  std::vector<double> syncs;
  for (const SyncLoop& loop : loops) {
    FIRN_RETURN_IF_ERROR(loop.status);
    syncs.insert(syncs.end(), loop.syncs.begin(), loop.syncs.end());
  }
  std::sort(syncs.begin(), syncs.end());
  return SyncRate{static_cast<double>(syncs.size()) / seconds, syncs[syncs.size() / 10] * 1e6,
                  syncs[syncs.size() / 2] * 1e6};
}

Status MeasureAllSyncs(const Settings& settings, const Sink& sink) {
  struct Case {
    LogFile kind;
    const char* name;
    const char* how;
  };
  constexpr std::array<Case, 3> kCases = {{
      {LogFile::kGrowing, "growing", "at the end of a growing file"},
      {LogFile::kReserved, "reserved", "into space that was reserved but never written"},
      {LogFile::kWritten, "overwrite", "over a file that was written and synced before"},
  }};
  double fastest = std::numeric_limits<double>::max();
  for (const Case& one : kCases) {
    for (const unsigned threads : {1U, 2U, 4U}) {
      FIRN_ASSIGN_OR_RETURN(const SyncRate rate, MeasureSyncs(settings, one.kind, threads));
      if (one.kind == LogFile::kWritten) fastest = std::min(fastest, rate.fast_micros);
      sink({fmt::format("sync_{}_{}t", one.name, threads), rate.per_second, "1/s",
            fmt::format("pwrite of {} B {}, then fdatasync; {} thread(s), each with its own file; "
                        "p10 {:.0f} us, p50 {:.0f} us",
                        kRecordBytes, one.how, threads, rate.fast_micros, rate.median_micros)});
    }
  }
  // A lone sync may wait for a timer tick of a processor that idles or is busy with others' work,
  // so its rate is no bound of the device.
  sink({"sync_fastest", fastest, "us",
        "the fastest tenth of the overwriting syncs, at the number of threads where it is least"});
  return {};
}

}  // namespace

Status MeasureLog(const Settings& settings, const Sink& sink) {
  FIRN_RETURN_IF_ERROR(MeasureWriteAppend(settings, sink));
  FIRN_RETURN_IF_ERROR(MeasureMappedAppend(settings, sink));
  return MeasureAllSyncs(settings, sink);
}

}  // namespace firn::limits
