// The blocks of a table that lead to its data: partition, top, fences, properties, range
// tombstones. What parses stays inside its bytes, is found by search, and says the same when it is
// written again.

#include <vector>

#include "format/range_tombstones.h"
#include "fuzz/fuzz_input.h"
#include "table/partition.h"
#include "table/table_properties.h"
#include "table/tombstone_block.h"

namespace firn::testing {
namespace {

void CheckFences(const KeyColumn& fences, std::size_t count) {
  FIRN_CHECK(fences.count == count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string key = fences.Key(i);
    FIRN_CHECK(fences.LowerBound(key) <= i && fences.UpperBound(key) > i);
  }
}

void RunPartition(Slice raw, std::uint64_t self_offset) {
  const BlockHandle self{.offset = self_offset,
                         .stored_bytes = static_cast<std::uint32_t>(raw.size()),
                         .raw_bytes = static_cast<std::uint32_t>(raw.size())};
  PartitionView view;
  if (ParsePartition(raw, self, &view) != nullptr) return;
  CheckFences(view.fences, view.blocks);
  std::uint64_t entries = 0;
  for (std::size_t i = 0; i < view.blocks; ++i) {
    FIRN_CHECK(view.handle(i).end() <= self_offset);
    entries += view.entries_of(i);
    const std::string fence = view.fences.Key(i);
    FIRN_CHECK(view.FindBlock(fence) == view.fences.LowerBound(fence));
  }
  FIRN_CHECK(entries == view.entries);
  static_cast<void>(view.filter.MayContain(self_offset * 0x9E3779B97F4A7C15u));
}

void RunTop(Slice raw, std::uint64_t data_end) {
  TopView view;
  if (ParseTop(raw, data_end, &view) != nullptr) return;
  if (view.partitions == 0) return;
  CheckFences(view.fences, view.partitions);
  for (std::size_t i = 0; i < view.partitions; ++i) FIRN_CHECK(view.handle(i).end() <= data_end);
}

void RunProperties(Slice raw) {
  const auto properties = ParseProperties(raw);
  if (!properties.ok()) return;
  const auto again = ParseProperties(EncodeProperties(*properties));
  FIRN_CHECK(again.ok() && again->metadata == properties->metadata);
  FIRN_CHECK(again->origin == properties->origin);
}

void RunTombstones(Slice raw) {
  std::vector<RangeTombstone> tombstones;
  if (ParseTombstones(raw, &tombstones) != nullptr) return;
  std::string again;
  AppendFixed(again, static_cast<std::uint32_t>(tombstones.size()));
  for (const RangeTombstone& tombstone : tombstones) AppendTombstone(again, tombstone);
  std::vector<RangeTombstone> reread;
  FIRN_CHECK(ParseTombstones(again, &reread) == nullptr && reread.size() == tombstones.size());
  const auto fragments = FragmentedTombstones::Build(tombstones);
  for (const RangeTombstone& tombstone : tombstones) {
    FIRN_CHECK(fragments.MaxCovering(tombstone.begin, kSequenceMax) >= tombstone.sequence);
  }
}

void Run(FuzzInput input) {
  const auto verb = input.Number<std::uint8_t>();
  const auto place = input.Number<std::uint32_t>();
  // Alone on the heap, so that a read beside it is seen.
  const std::string raw(input.Rest());
  KeyColumn fences;
  switch (verb % 5) {
    case 0: return RunPartition(raw, place);
    case 1: return RunTop(raw, place);
    case 2: return RunProperties(raw);
    case 3: return RunTombstones(raw);
    default:
      if (ParseFences(raw, place, &fences) == nullptr) CheckFences(fences, place);
  }
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::Run(firn::testing::FuzzInput(data, size));
  return 0;
}
