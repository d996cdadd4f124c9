// A partition: the filter, fences and handles of a stretch of data blocks, read as one unit; and
// the top, which holds the same for the partitions of a table.
//
// Partition block:
//   0 u32 blocks | 4 u32 entries | 8 u32 fence bytes | 12 u32 filter bytes, 0: no filter
//   handles: n x 16 | entry counts: n x u8, zero-padded to 8 | fences | zeros to 64 | filter
// Top block:
//   0 u32 partitions | 4 u32 zero | 8 u64 entries
//   n x (handle 16, u32 blocks, u32 entries) | fences, if n > 0
//
// P1  Data blocks of a partition lie in the file without gaps, in order, and the partition's block
//     follows the last of them.
// P2  The last fence of a partition is its fence in the top.
// Threads: builders one; views are immutable.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/prefetch.h"
#include "cache/frame_pool.h"
#include "table/fences.h"
#include "table/filter.h"
#include "table/table_format.h"

namespace firn {

class PartitionBuilder {
 public:
  explicit PartitionBuilder(std::uint32_t filter_bits_per_key)
      : filter_bits_per_key_(filter_bits_per_key) {}

  void AddKeyHash(std::uint64_t hash) { hashes_.push_back(hash); }
  void AddBlock(const BlockHandle& handle, std::size_t entries);
  // One for each block, in order; may lag behind AddBlock by one.
  void AddFence(Slice fence) { fences_.Add(fence); }
  [[nodiscard]] std::size_t blocks() const { return handles_.size(); }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }
  // Size if encoded now, roughly.
  [[nodiscard]] std::size_t bytes() const;
  // Requires: at least one block, a fence for each. Valid until the next change.
  [[nodiscard]] Slice Encode();
  void Clear();

 private:
  std::uint32_t filter_bits_per_key_;
  std::vector<std::uint64_t> hashes_;
  std::vector<BlockHandle> handles_;
  std::vector<std::uint8_t> counts_;
  FenceBuilder fences_;
  std::uint64_t entries_ = 0;
  std::string encoded_;
};

// What all fences of a partition begin with, as far as a number holds it. The prefix itself lies in
// a line of its own, which would be one more miss for every search.
struct FencePrefix {
  std::uint64_t bytes = 0;  // as KeyHead gives them, zero behind the prefix
  std::uint64_t mask = 0;   // over the prefix
  bool whole = false;       // the prefix has no more than eight bytes

  void Take(Slice prefix);
  // Whether the key with this head begins with these bytes. Requires: it is as long as they are.
  [[nodiscard]] bool Begins(std::uint64_t key_head) const { return (key_head & mask) == bytes; }
};

// Searching fences touches as many lines as there are steps in a cold array. The largest head of
// each of eight stretches lies in the view itself, so a search reads one more line of the array,
// and knows which slots to fetch before it ends.
struct FenceSamples {
  static constexpr std::size_t kCount = 8;
  alignas(kCacheLineBytes) std::array<std::uint64_t, kCount> heads{};
  std::size_t stretch = 0;  // fences in each
  FencePrefix prefix;

  void Take(const KeyColumn& fences);
  // The stretch in which the first head >= `head` lies; kCount when none is.
  [[nodiscard]] std::size_t StretchOf(std::uint64_t head) const {
    std::size_t before = 0;
    for (const std::uint64_t largest : heads) before += largest < head ? 1 : 0;
    return before;
  }
};

struct PartitionView {
  FenceSamples samples;
  std::size_t blocks = 0;
  const char* handles = nullptr;
  const char* counts = nullptr;
  KeyColumn fences;
  FilterView filter;
  std::uint64_t entries = 0;
  std::size_t usual_block_entries = 0;  // the average
  std::size_t usual_block_bytes = 0;    // the average, in memory
  FrameSlot* slots = nullptr;  // one per block; null where blocks are not kept in frames

  // The first block that may hold the key. Requires: the last fence is >= key.
  [[nodiscard]] std::size_t FindBlock(Slice key) const;
  [[nodiscard]] BlockHandle handle(std::size_t i) const {
    return LoadHandle(handles + i * kBlockHandleBytes);
  }
  [[nodiscard]] std::size_t entries_of(std::size_t i) const {
    return static_cast<std::uint8_t>(counts[i]);
  }
};

// Null, or what is wrong. `self` is where the partition's block lies (P1).
[[nodiscard]] const char* ParsePartition(Slice raw, const BlockHandle& self, PartitionView* view);

struct TopView {
  std::size_t partitions = 0;
  const char* records = nullptr;
  KeyColumn fences;
  std::uint64_t entries = 0;

  [[nodiscard]] BlockHandle handle(std::size_t i) const {
    return LoadHandle(records + i * kTopRecordBytes);
  }
  // Where the data blocks of a partition begin; its own block ends where the next one's begin (P1).
  [[nodiscard]] std::uint64_t begin_of(std::size_t i) const {
    return i == 0 ? 0 : handle(i - 1).end();
  }
  [[nodiscard]] std::size_t blocks_of(std::size_t i) const {
    return LoadFixed<std::uint32_t>(records + i * kTopRecordBytes + kBlockHandleBytes);
  }
  [[nodiscard]] std::uint64_t entries_of(std::size_t i) const {
    return LoadFixed<std::uint32_t>(records + i * kTopRecordBytes + kBlockHandleBytes + 4);
  }
  static constexpr std::size_t kTopRecordBytes = kBlockHandleBytes + 8;
};

class TopBuilder {
 public:
  void Add(const BlockHandle& handle, const PartitionBuilder& partition, Slice fence);
  [[nodiscard]] std::size_t bytes() const {
    return records_.size() + fences_.bytes() + fences_.count() * (kHeadBytes + 4);
  }
  [[nodiscard]] std::string Encode() const;

 private:
  std::string records_;
  FenceBuilder fences_;
  std::uint64_t entries_ = 0;
};

// Null, or what is wrong. `data_end` is where the partitions' part of the file ends.
[[nodiscard]] const char* ParseTop(Slice raw, std::uint64_t data_end, TopView* view);

}  // namespace firn
