// The device: sequential transfers, with and without the page cache, and random reads past it.
#include <fcntl.h>
#include <fmt/format.h>

#include <random>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "limits.h"
#include "limits_tools.h"

namespace firn::limits {
namespace {

constexpr std::uint64_t kTransferBytes = kMiB;
constexpr std::uint64_t kPageBytes = 4 * kKiB;

// How long and how much: whichever ends first, so that a slow device does not stretch a quick run.
struct Extent {
  std::uint64_t bytes_max;
  double seconds_max;
};

Extent ExtentOf(const Settings& settings) {
  return settings.quick ? Extent{256 * kMiB, 0.8} : Extent{4096 * kMiB, 12.0};
}

struct Transfer {
  std::uint64_t bytes = 0;
  double seconds = 0;
  [[nodiscard]] double megabytes_per_second() const {
    return static_cast<double>(bytes) / seconds / 1e6;
  }
};

// Writes from the file's start and syncs; the sync's time counts.
Result<Transfer> WriteSequentially(ScratchFile& file, Memory& buffer, const Extent& extent) {
  const Stopwatch watch;
  Transfer done;
  while (done.bytes < extent.bytes_max && watch.seconds() < extent.seconds_max) {
    FIRN_RETURN_IF_ERROR(file.Write(buffer.data(), kTransferBytes, done.bytes));
    done.bytes += kTransferBytes;
  }
  FIRN_RETURN_IF_ERROR(file.Sync());
  done.seconds = watch.seconds();
  return done;
}

Result<Transfer> ReadSequentially(ScratchFile& file, Memory& buffer, std::uint64_t file_bytes,
                                  const Extent& extent) {
  const Stopwatch watch;
  Transfer done;
  while (done.bytes < file_bytes && watch.seconds() < extent.seconds_max) {
    FIRN_RETURN_IF_ERROR(file.Read(buffer.data(), kTransferBytes, done.bytes));
    done.bytes += kTransferBytes;
  }
  done.seconds = watch.seconds();
  return done;
}

Result<double> RandomReadsPerSecond(ScratchFile& file, std::uint64_t file_bytes, unsigned threads,
                                    double seconds) {
  struct Loop {
    Memory buffer;
    std::uint64_t reads = 0;
    Status status = {};
  };
  std::vector<Loop> loops;
  loops.reserve(threads);
  for (unsigned thread = 0; thread < threads; ++thread) {
    FIRN_ASSIGN_OR_RETURN(Memory buffer, Memory::Allocate(kPageBytes, Pages::kSmall));
    loops.push_back({std::move(buffer)});
  }
  const double taken = RunTogether(threads, [&](unsigned thread) {
    Loop& loop = loops[thread];
    std::mt19937_64 random(thread + 1);
    const Stopwatch watch;
    while (loop.status.ok() && watch.seconds() < seconds) {
      const std::uint64_t page = random() % (file_bytes / kPageBytes);
      loop.status = file.Read(loop.buffer.data(), kPageBytes, page * kPageBytes);
      ++loop.reads;
    }
  });
  std::uint64_t reads = 0;
  for (const Loop& loop : loops) {
    FIRN_RETURN_IF_ERROR(loop.status);
    reads += loop.reads;
  }
  return static_cast<double>(reads) / taken;
}

std::string HowTransferred(const Transfer& transfer, const char* what) {
  return fmt::format("{} MiB in pieces of 1 MiB, {}", transfer.bytes / kMiB, what);
}

Status MeasureBuffered(const Settings& settings, Memory& buffer, const Sink& sink) {
  const Extent extent = ExtentOf(settings);
  FIRN_ASSIGN_OR_RETURN(ScratchFile file, ScratchFile::Create(settings.directory, 0));
  FIRN_ASSIGN_OR_RETURN(const Transfer written, WriteSequentially(file, buffer, extent));
  sink({"disk_write_buffered", written.megabytes_per_second(), "MB/s",
        HowTransferred(written, "through the page cache, the final fdatasync included")});
  file.DropCache();
  FIRN_ASSIGN_OR_RETURN(const Transfer read, ReadSequentially(file, buffer, written.bytes, extent));
  sink({"disk_read_buffered", read.megabytes_per_second(), "MB/s",
        HowTransferred(read, "through the page cache, dropped before")});
  return {};
}

Status MeasureDirect(const Settings& settings, Memory& buffer, const Sink& sink) {
  const Extent extent = ExtentOf(settings);
  FIRN_ASSIGN_OR_RETURN(ScratchFile file, ScratchFile::Create(settings.directory, O_DIRECT));
  FIRN_ASSIGN_OR_RETURN(const Transfer written, WriteSequentially(file, buffer, extent));
  sink({"disk_write_direct", written.megabytes_per_second(), "MB/s",
        HowTransferred(written, "past the page cache (O_DIRECT), the final fdatasync included")});
  FIRN_ASSIGN_OR_RETURN(const Transfer read, ReadSequentially(file, buffer, written.bytes, extent));
  sink({"disk_read_direct", read.megabytes_per_second(), "MB/s",
        HowTransferred(read, "past the page cache (O_DIRECT)")});
  for (const unsigned threads : {1U, 4U, 16U}) {
    FIRN_ASSIGN_OR_RETURN(const double rate, RandomReadsPerSecond(file, written.bytes, threads,
                                                                  settings.quick ? 0.3 : 3.0));
    sink({fmt::format("disk_random_read_{}t", threads), rate, "1/s",
          fmt::format("4 KiB at random in {} MiB, O_DIRECT, {} thread(s) of one read each",
                      written.bytes / kMiB, threads)});
  }
  return {};
}

}  // namespace

Status MeasureDisk(const Settings& settings, const Sink& sink) {
  FIRN_ASSIGN_OR_RETURN(Memory buffer, Memory::Allocate(kTransferBytes, Pages::kSmall));
  FIRN_RETURN_IF_ERROR(MeasureBuffered(settings, buffer, sink));
  return MeasureDirect(settings, buffer, sink);
}

}  // namespace firn::limits
