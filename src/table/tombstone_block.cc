#include "table/tombstone_block.h"

#include "base/coding.h"

namespace firn {

void AppendTombstone(std::string& to, const RangeTombstone& tombstone) {
  AppendVarint(to, tombstone.sequence);
  AppendVarint(to, tombstone.begin.size());
  AppendVarint(to, tombstone.end.size());
  to.append(tombstone.begin);
  to.append(tombstone.end);
}

const char* ParseTombstones(Slice raw, std::vector<RangeTombstone>* tombstones) {
  ByteReader reader(raw);
  std::uint32_t count = 0;
  if (!reader.ReadFixed(&count)) return "tombstones shorter than their count";
  tombstones->clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    RangeTombstone tombstone;
    std::uint64_t begin_bytes = 0;
    std::uint64_t end_bytes = 0;
    if (!reader.ReadVarintUpTo(kSequenceMax, &tombstone.sequence) ||
        !reader.ReadVarintUpTo(kKeyBytesMax, &begin_bytes) ||
        !reader.ReadVarintUpTo(kKeyBytesMax, &end_bytes) ||
        !reader.ReadBytes(static_cast<std::size_t>(begin_bytes), &tombstone.begin) ||
        !reader.ReadBytes(static_cast<std::size_t>(end_bytes), &tombstone.end)) {
      return "malformed range tombstone";
    }
    if (tombstone.begin >= tombstone.end) return "range tombstone with an empty range";
    if (!tombstones->empty() && tombstone.begin < tombstones->back().begin) {
      return "range tombstones out of order";
    }
    tombstones->push_back(tombstone);
  }
  return reader.empty() ? nullptr : "bytes behind the range tombstones";
}

}  // namespace firn
