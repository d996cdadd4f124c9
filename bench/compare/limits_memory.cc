// Memory: how many bytes a second, and how long one load takes whose address another delivered.
//
// Random loads follow one cycle through all cache lines of an array (a random cyclic permutation),
// so that neither the processor nor its prefetchers can know the next address. Every figure is the
// best of some passes: a limit is what the machine can do, not what it did under others' load.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>

#include "base/status_macros.h"
#include "limits.h"
#include "limits_tools.h"

namespace firn::limits {
namespace {

constexpr int kPasses = 3;
constexpr std::uint64_t kCachedBytes = kMiB;

struct alignas(64) Line {
  std::uint32_t next;
};

// Keeps a result that nothing else uses from being optimised away.
template <typename T>
void Keep(const T& value) {
  asm("" : : "r,m"(value) : "memory");  // an empty instruction
}

std::uint64_t Sum(const std::uint64_t* words, std::uint64_t count) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < count; ++i) sum += words[i];
  return sum;
}

double BestSeconds(unsigned threads, const std::function<void(unsigned)>& body) {
  double best = std::numeric_limits<double>::max();
  for (int pass = 0; pass < kPasses; ++pass) best = std::min(best, RunTogether(threads, body));
  return best;
}

Status MeasureBandwidth(const Settings& settings, const Sink& sink) {
  const std::uint64_t bytes = settings.quick ? 256 * kMiB : 1024 * kMiB;
  FIRN_ASSIGN_OR_RETURN(Memory from, Memory::Allocate(bytes, Pages::kHuge));
  FIRN_ASSIGN_OR_RETURN(Memory to, Memory::Allocate(bytes, Pages::kHuge));
  for (const unsigned threads : {1U, 2U}) {
    const std::uint64_t share = bytes / threads;
    const double copy = BestSeconds(threads, [&](unsigned thread) {
      std::memcpy(to.data() + thread * share, from.data() + thread * share, share);
    });
    const double read = BestSeconds(threads, [&](unsigned thread) {
      Keep(Sum(from.as<std::uint64_t>() + thread * share / 8, share / 8));
    });
    const std::string how =
        fmt::format("{} MiB, {} thread(s), huge pages, best of {}", bytes / kMiB, threads, kPasses);
    sink({fmt::format("copy_bandwidth_{}t", threads), static_cast<double>(bytes) / copy / 1e9,
          "GB/s", "memcpy, bytes copied: " + how});
    sink({fmt::format("read_bandwidth_{}t", threads), static_cast<double>(bytes) / read / 1e9,
          "GB/s", "sum of 8 B words: " + how});
  }
  return {};
}

// One cycle through all lines (Sattolo's shuffle).
void LinkCycle(Line* lines, std::uint64_t count) {
  std::mt19937_64 random(1);
  for (std::uint64_t i = 0; i < count; ++i) lines[i].next = static_cast<std::uint32_t>(i);
  for (std::uint64_t i = count - 1; i > 0; --i) std::swap(lines[i].next, lines[random() % i].next);
}

// Nanoseconds a load with kChains walks in flight, each `steps` long.
template <unsigned kChains>
double LoadNanos(const Line* lines, std::uint64_t count, std::uint64_t steps) {
  double best = std::numeric_limits<double>::max();
  for (int pass = 0; pass < kPasses; ++pass) {
    std::uint32_t at[kChains];
    for (unsigned chain = 0; chain < kChains; ++chain) {
      at[chain] = static_cast<std::uint32_t>(
          (chain * count / kChains + static_cast<unsigned>(pass) * 977) % count);
    }
    const Stopwatch watch;
    for (std::uint64_t step = 0; step < steps; ++step) {
      for (unsigned chain = 0; chain < kChains; ++chain) at[chain] = lines[at[chain]].next;
    }
    best = std::min(best, watch.seconds());
    for (const std::uint32_t end : at) Keep(end);
  }
  return best * 1e9 / static_cast<double>(steps * kChains);
}

std::string HowLoaded(std::uint64_t bytes, std::uint64_t huge_bytes) {
  const double huge =
      100.0 * static_cast<double>(std::min(huge_bytes, bytes)) / static_cast<double>(bytes);
  return fmt::format(
      "random cycle over the 64 B lines of {} MiB, {:.0f} % of it on 2 MiB pages, "
      "best of {}",
      bytes / kMiB, huge, kPasses);
}

Status MeasureCachedLoads(const Sink& sink) {
  FIRN_ASSIGN_OR_RETURN(Memory memory, Memory::Allocate(kCachedBytes, Pages::kHuge));
  const std::uint64_t count = kCachedBytes / sizeof(Line);
  LinkCycle(memory.as<Line>(), count);
  sink({"random_load_cached", LoadNanos<1>(memory.as<Line>(), count, 1'000'000), "ns",
        fmt::format("random cycle over the 64 B lines of {} MiB, best of {}", kCachedBytes / kMiB,
                    kPasses)});
  return {};
}

Status MeasureLoads(const Settings& settings, const Sink& sink) {
  const std::uint64_t steps = settings.quick ? 1'000'000 : 8'000'000;
  for (const Pages pages : {Pages::kSmall, Pages::kHuge}) {
    const std::uint64_t huge_before = HugePageBytes();
    FIRN_ASSIGN_OR_RETURN(Memory memory, Memory::Allocate(settings.data_bytes, pages));
    const std::uint64_t huge_after = HugePageBytes();
    const std::string how =
        HowLoaded(memory.bytes(), huge_after - std::min(huge_before, huge_after));
    const Line* lines = memory.as<Line>();
    const std::uint64_t count = memory.count<Line>();
    LinkCycle(memory.as<Line>(), count);
    const bool huge = pages == Pages::kHuge;
    sink({huge ? "random_load_2m" : "random_load_4k", LoadNanos<1>(lines, count, steps), "ns",
          "one dependent load: " + how});
    if (!huge) continue;
    const auto chains = [&](unsigned number, double nanos) {
      sink({fmt::format("random_load_2m_{}_chains", number), nanos, "ns",
            fmt::format("a load, {} independent chains at once: {}", number, how)});
    };
    chains(2, LoadNanos<2>(lines, count, steps / 2));
    chains(4, LoadNanos<4>(lines, count, steps / 2));
    chains(8, LoadNanos<8>(lines, count, steps / 4));
    chains(16, LoadNanos<16>(lines, count, steps / 8));
  }
  return {};
}

}  // namespace

Status MeasureMemory(const Settings& settings, const Sink& sink) {
  FIRN_RETURN_IF_ERROR(MeasureBandwidth(settings, sink));
  FIRN_RETURN_IF_ERROR(MeasureCachedLoads(sink));
  return MeasureLoads(settings, sink);
}

}  // namespace firn::limits
