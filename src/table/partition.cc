#include "table/partition.h"

#include <algorithm>

#include "base/check.h"
#include "table/block.h"

namespace firn {
namespace {

constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kFenceBytesAt = 8;
constexpr std::size_t kFilterBytesAt = 12;

constexpr std::size_t AlignUp(std::size_t bytes, std::size_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

bool AllZero(Slice bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

}  // namespace

void PartitionBuilder::AddBlock(const BlockHandle& handle, std::size_t entries) {
  FIRN_CHECK(entries > 0 && entries <= kBlockEntriesMax);
  handles_.push_back(handle);
  counts_.push_back(static_cast<std::uint8_t>(entries));
  entries_ += entries;
}

std::size_t PartitionBuilder::bytes() const {
  return handles_.size() * (kBlockHandleBytes + 1 + kHeadBytes + 4) + fences_.bytes() +
         FilterBytes(hashes_.size(), filter_bits_per_key_);
}

Slice PartitionBuilder::Encode() {
  FIRN_CHECK(!handles_.empty() && fences_.count() == handles_.size());
  encoded_.clear();
  AppendFixed(encoded_, static_cast<std::uint32_t>(handles_.size()));
  AppendFixed(encoded_, static_cast<std::uint32_t>(entries_));
  AppendFixed<std::uint64_t>(encoded_, 0);  // both sizes, when they are known
  for (const BlockHandle& handle : handles_) {
    encoded_.resize(encoded_.size() + kBlockHandleBytes);
    StoreHandle(encoded_.data() + encoded_.size() - kBlockHandleBytes, handle);
  }
  for (const std::uint8_t count : counts_) encoded_.push_back(static_cast<char>(count));
  encoded_.resize(AlignUp(encoded_.size(), 8));
  const std::size_t fences = encoded_.size();
  fences_.AppendTo(encoded_);
  StoreFixed(encoded_.data() + kFenceBytesAt, static_cast<std::uint32_t>(encoded_.size() - fences));
  if (filter_bits_per_key_ > 0) {
    const std::size_t filter = AlignUp(encoded_.size(), kFilterLineBytes);
    const std::size_t filter_bytes = FilterBytes(hashes_.size(), filter_bits_per_key_);
    encoded_.resize(filter + filter_bytes);
    StoreFixed(encoded_.data() + kFilterBytesAt, static_cast<std::uint32_t>(filter_bytes));
    BuildFilter(hashes_, filter_bits_per_key_, encoded_.data() + filter);
  }
  return encoded_;
}

void PartitionBuilder::Clear() {
  hashes_.clear();
  handles_.clear();
  counts_.clear();
  fences_.Clear();
  entries_ = 0;
}

void FenceSamples::Take(const KeyColumn& fences) {
  prefix.Take(fences.prefix);
  stretch = (fences.count + kCount - 1) / kCount;
  for (std::size_t i = 0; i < kCount; ++i) {
    heads[i] = fences.head(std::min((i + 1) * stretch, fences.count) - 1);
  }
}

void FencePrefix::Take(Slice prefix) {
  whole = prefix.size() <= kHeadBytes;
  const std::size_t kept = std::min(prefix.size(), kHeadBytes);
  bytes = KeyHead(prefix.substr(0, kept));
  mask = kept == 0 ? 0 : ~std::uint64_t{0} << (8 * (kHeadBytes - kept));
}

std::size_t PartitionView::FindBlock(Slice key) const {
  const std::size_t prefix_bytes = fences.prefix.size();
  const FencePrefix& prefix = samples.prefix;
  const bool begins = prefix.whole && key.size() >= prefix_bytes ? prefix.Begins(KeyHead(key))
                                                                 : key.starts_with(fences.prefix);
  if (!begins) return fences.LowerBound(key);
  const std::uint64_t head = KeyHead(key.substr(prefix_bytes));
  const std::size_t first = samples.StretchOf(head) * samples.stretch;
  const std::size_t end = std::min(first + samples.stretch, blocks);
  if (slots != nullptr) __builtin_prefetch(slots + first);
  std::size_t found = first;
  for (std::size_t i = first; i < end; ++i) found += fences.head(i) < head ? 1 : 0;
  // Equal heads: the rest of the key decides.
  return found < end && fences.head(found) != head ? found : fences.LowerBound(key);
}

const char* ParsePartition(Slice raw, const BlockHandle& self, PartitionView* view) {
  if (raw.size() < kHeaderBytes) return "partition shorter than its header";
  const std::size_t blocks = LoadFixed<std::uint32_t>(raw.data());
  const std::size_t fence_bytes = LoadFixed<std::uint32_t>(raw.data() + kFenceBytesAt);
  const std::size_t filter_bytes = LoadFixed<std::uint32_t>(raw.data() + kFilterBytesAt);
  const std::size_t room = (raw.size() - kHeaderBytes) / (kBlockHandleBytes + 1);
  if (blocks == 0 || blocks > room) return "partition with an impossible block count";
  const std::size_t counts = kHeaderBytes + blocks * kBlockHandleBytes;
  const std::size_t fences = AlignUp(counts + blocks, 8);
  if (fences > raw.size() || fence_bytes > raw.size() - fences) {
    return "partition shorter than its fences";
  }
  view->blocks = blocks;
  view->handles = raw.data() + kHeaderBytes;
  view->counts = raw.data() + counts;
  view->entries = LoadFixed<std::uint32_t>(raw.data() + 4);

  std::uint64_t entries = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t expected = view->handle(0).offset;
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::size_t count = view->entries_of(i);
    if (count == 0 || count > kBlockEntriesMax) return "block with an impossible entry count";
    const BlockHandle handle = view->handle(i);
    const std::size_t limit = count == 1 ? kOversizedBlockBytesMax : kBlockBytesMax;
    if (!PlausibleHandle(handle, limit, self.offset)) return "handle of a block outside the table";
    if (handle.raw_bytes < kBlockHeaderBytes) return "handle of a block without a header";
    if (handle.offset != expected) return "gap between blocks";
    expected = handle.end();
    entries += count;
    raw_bytes += handle.raw_bytes;
  }
  if (expected != self.offset) return "gap behind the last block";
  if (entries != view->entries) return "entry counts do not add up";
  if (!AllZero(raw.substr(counts + blocks, fences - counts - blocks))) return "dirty padding";
  const char* wrong = ParseFences(raw.substr(fences, fence_bytes), blocks, &view->fences);
  if (wrong != nullptr) return wrong;
  view->samples.Take(view->fences);
  view->usual_block_entries = std::max<std::size_t>(1, view->entries / blocks);
  view->usual_block_bytes = raw_bytes / blocks;

  const std::size_t fences_end = fences + fence_bytes;
  const std::size_t filter = filter_bytes == 0 ? fences_end : AlignUp(fences_end, kFilterLineBytes);
  if (filter > raw.size() || filter_bytes != raw.size() - filter) {
    return "filter does not fill the partition";
  }
  if (!AllZero(raw.substr(fences_end, filter - fences_end))) return "dirty padding";
  return FilterView::Parse(raw.substr(filter), &view->filter) ? nullptr : "malformed filter";
}

void TopBuilder::Add(const BlockHandle& handle, const PartitionBuilder& partition, Slice fence) {
  records_.resize(records_.size() + kBlockHandleBytes);
  StoreHandle(records_.data() + records_.size() - kBlockHandleBytes, handle);
  AppendFixed(records_, static_cast<std::uint32_t>(partition.blocks()));
  AppendFixed(records_, static_cast<std::uint32_t>(partition.entries()));
  fences_.Add(fence);
  entries_ += partition.entries();
}

std::string TopBuilder::Encode() const {
  std::string encoded;
  AppendFixed(encoded, static_cast<std::uint32_t>(fences_.count()));
  AppendFixed<std::uint32_t>(encoded, 0);
  AppendFixed(encoded, entries_);
  encoded += records_;
  if (fences_.count() > 0) fences_.AppendTo(encoded);
  return encoded;
}

const char* ParseTop(Slice raw, std::uint64_t data_end, TopView* view) {
  if (raw.size() < kHeaderBytes) return "top fences shorter than their header";
  const std::size_t partitions = LoadFixed<std::uint32_t>(raw.data());
  view->partitions = partitions;
  view->records = raw.data() + kHeaderBytes;
  view->entries = LoadFixed<std::uint64_t>(raw.data() + 8);
  if (LoadFixed<std::uint32_t>(raw.data() + 4) != 0) return "top fences with unknown flags";
  if (partitions > (raw.size() - kHeaderBytes) / TopView::kTopRecordBytes) {
    return "top fences with an impossible partition count";
  }
  std::uint64_t entries = 0;
  std::uint64_t last_end = 0;
  for (std::size_t i = 0; i < partitions; ++i) {
    const BlockHandle handle = view->handle(i);
    if (!PlausibleHandle(handle, kOversizedBlockBytesMax, data_end) || handle.offset < last_end) {
      return "handle of a partition outside the table";
    }
    // Slots are allocated for the blocks before the partition is read: each takes a handle in it.
    const std::size_t blocks = view->blocks_of(i);
    if (blocks == 0 || blocks > handle.raw_bytes / kBlockHandleBytes) {
      return "partition with an impossible block count";
    }
    last_end = handle.end();
    entries += view->entries_of(i);
  }
  if (entries != view->entries) return "entry counts do not add up";
  const Slice fences = raw.substr(kHeaderBytes + partitions * TopView::kTopRecordBytes);
  if (partitions == 0) return fences.empty() ? nullptr : "bytes behind an empty top";
  return ParseFences(fences, partitions, &view->fences);
}

}  // namespace firn
