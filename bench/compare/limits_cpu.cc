// Work on entries in memory, bare of any engine: sort them, merge them, walk them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "limits.h"
#include "limits_tools.h"

namespace firn::limits {
namespace {

// A key's first 8 bytes as a number, and where its entry is.
struct SortRecord {
  std::uint64_t head;
  std::uint32_t reference;
};

struct MergeRecord {
  std::uint64_t head;
  const std::byte* entry;
};

constexpr unsigned kSources = 4;
constexpr std::uint64_t kKeyBytes = 16;
constexpr std::uint64_t kValueBytes = 100;
constexpr std::uint64_t kEntryBytes = 2 * sizeof(std::uint32_t) + kKeyBytes + kValueBytes;
constexpr int kPasses = 3;

std::vector<SortRecord> RandomRecords(std::uint64_t count) {
  std::mt19937_64 random(1);
  std::vector<SortRecord> records(count);
  for (std::uint64_t i = 0; i < count; ++i) records[i] = {random(), static_cast<std::uint32_t>(i)};
  return records;
}

// Least significant byte first; a pass whose byte is the same everywhere does not occur here.
void RadixSort(std::vector<SortRecord>& records, std::vector<SortRecord>& scratch) {
  for (unsigned shift = 0; shift < 64; shift += 8) {
    std::array<std::uint64_t, 256> starts{};
    for (const SortRecord& record : records) ++starts[record.head >> shift & 0xff];
    std::uint64_t sum = 0;
    for (std::uint64_t& start : starts) start = std::exchange(sum, sum + start);
    for (const SortRecord& record : records)
      scratch[starts[record.head >> shift & 0xff]++] = record;
    records.swap(scratch);
  }
}

Status MeasureSort(const Settings& settings, const Sink& sink) {
  const std::uint64_t count = settings.quick ? 2'000'000 : 10'000'000;
  const auto less = [](const SortRecord& a, const SortRecord& b) { return a.head < b.head; };
  std::vector<SortRecord> records = RandomRecords(count);
  const Stopwatch compared;
  std::sort(records.begin(), records.end(), less);
  sink(
      {"sort_compare", compared.seconds() * 1e9 / static_cast<double>(count), "ns",
       fmt::format("std::sort of {} records of an 8 B head and a 4 B reference, a record", count)});

  records = RandomRecords(count);
  std::vector<SortRecord> scratch(count);
  const Stopwatch distributed;
  RadixSort(records, scratch);
  const double seconds = distributed.seconds();
  if (!std::is_sorted(records.begin(), records.end(), less)) {
    return {StatusCode::kIo,
            "the radix sort left its records unsorted: this machine computes wrong"};
  }
  sink({"sort_radix", seconds * 1e9 / static_cast<double>(count), "ns",
        fmt::format("radix sort, 8 passes of a byte, of the same {} records, a record", count)});
  return {};
}

// A tournament that remembers the losers: one comparison a level to find the next smallest.
// Each source ends with a head of all ones.
class LoserTree {
 public:
  explicit LoserTree(const std::array<const MergeRecord*, kSources>& sources) : sources_(sources) {
    winner_ = Play(1);
  }
  // The smallest head's record; its source moves on.
  const MergeRecord& Next() {
    unsigned candidate = winner_;
    const MergeRecord& smallest = *sources_[candidate]++;
    for (unsigned node = (candidate + kSources) / 2; node >= 1; node /= 2) {
      if (sources_[losers_[node]]->head < sources_[candidate]->head) {
        std::swap(losers_[node], candidate);
      }
    }
    winner_ = candidate;
    return smallest;
  }

 private:
  unsigned Play(unsigned node) {
    if (node >= kSources) return node - kSources;
    unsigned winner = Play(2 * node);
    unsigned loser = Play(2 * node + 1);
    if (sources_[loser]->head < sources_[winner]->head) std::swap(winner, loser);
    losers_[node] = loser;
    return winner;
  }
  std::array<const MergeRecord*, kSources> sources_;
  std::array<unsigned, kSources> losers_{};
  unsigned winner_ = 0;
};

Status MeasureMerge(const Settings& settings, const Sink& sink) {
  const std::uint64_t count = settings.quick ? 1'000'000 : 4'000'000;  // of one source
  std::mt19937_64 random(1);
  std::array<std::vector<MergeRecord>, kSources> sources;
  std::array<const MergeRecord*, kSources> starts{};
  for (unsigned source = 0; source < kSources; ++source) {
    for (std::uint64_t i = 0; i < count; ++i) sources[source].push_back({random() / 2, nullptr});
    std::sort(sources[source].begin(), sources[source].end(),
              [](const MergeRecord& a, const MergeRecord& b) { return a.head < b.head; });
    sources[source].push_back({std::numeric_limits<std::uint64_t>::max(), nullptr});
    starts[source] = sources[source].data();
  }
  std::vector<MergeRecord> merged(count * kSources);
  double best = std::numeric_limits<double>::max();
  for (int pass = 0; pass < kPasses; ++pass) {
    LoserTree tree(starts);
    const Stopwatch watch;
    for (MergeRecord& to : merged) to = tree.Next();
    best = std::min(best, watch.seconds());
  }
  sink({"merge_4way", best * 1e9 / static_cast<double>(merged.size()), "ns",
        fmt::format("loser tree over {} sorted arrays of {} (8 B head, pointer), an entry, best "
                    "of {}",
                    kSources, count, kPasses)});
  return {};
}

Status MeasureWalk(const Settings& settings, const Sink& sink) {
  FIRN_ASSIGN_OR_RETURN(Memory memory, Memory::Allocate(settings.data_bytes, Pages::kHuge));
  const std::uint64_t count = memory.bytes() / kEntryBytes;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::array<std::uint32_t, 2> lengths = {kKeyBytes, kValueBytes};
    std::memcpy(memory.data() + i * kEntryBytes, lengths.data(), sizeof(lengths));
  }
  std::uint64_t folded = 0;
  double best = std::numeric_limits<double>::max();
  for (int pass = 0; pass < kPasses; ++pass) {
    const Stopwatch watch;
    const std::byte* at = memory.data();
    for (std::uint64_t i = 0; i < count; ++i) {
      std::array<std::uint32_t, 2> lengths;
      std::memcpy(lengths.data(), at, sizeof(lengths));
      at += sizeof(lengths) + lengths[0] + lengths[1];
      std::array<std::uint64_t, 2> ends;  // of the value: its first and its last line are loaded
      std::memcpy(&ends[0], at - lengths[1], sizeof(std::uint64_t));
      std::memcpy(&ends[1], at - sizeof(std::uint64_t), sizeof(std::uint64_t));
      folded += ends[0] ^ ends[1] ^ lengths[0];
    }
    best = std::min(best, watch.seconds());
  }
  // The sum is of equal parts, so it also says that the walk met every entry.
  if (folded != count * kKeyBytes * kPasses) {
    return {StatusCode::kIo,
            "the walk met other entries than were laid out: this machine computes "
            "wrong"};
  }
  sink({"walk_entries", best * 1e9 / static_cast<double>(count), "ns",
        fmt::format("{} entries of lengths, 16 B key and 100 B value one behind the other, each "
                    "value's ends read, an entry, best of {}",
                    count, kPasses)});
  return {};
}

}  // namespace

Status MeasureCpu(const Settings& settings, const Sink& sink) {
  FIRN_RETURN_IF_ERROR(MeasureSort(settings, sink));
  FIRN_RETURN_IF_ERROR(MeasureMerge(settings, sink));
  return MeasureWalk(settings, sink);
}

}  // namespace firn::limits
