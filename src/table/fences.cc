#include "table/fences.h"

#include "base/check.h"
#include "base/common_prefix.h"

namespace firn {
namespace {

constexpr std::size_t kHeaderBytes = 16;
constexpr std::uint32_t kHasShortKeys = 1;
constexpr auto kByteMax = static_cast<char>(0xFF);

}  // namespace

Slice Separator(Slice last, Slice next, std::string& buffer) {
  const std::size_t common = CommonPrefixBytes(last, next);
  // Cut behind the first differing byte and round that byte up, as long as that stays below `next`;
  // a longer `next` leaves room for its own byte.
  if (common + 1 < last.size() && common < next.size()) {
    const auto byte = static_cast<unsigned char>(last[common]);
    const auto limit = static_cast<unsigned char>(next[common]);
    if (byte + 1 < limit || (byte + 1 == limit && common + 1 < next.size())) {
      buffer.assign(last.substr(0, common + 1));
      buffer[common] = static_cast<char>(byte + 1);
      return buffer;
    }
    // The bytes are neighbours and `next` ends there: shorten behind the next byte that can grow.
    std::size_t grow = common + 1;
    while (grow < last.size() && last[grow] == kByteMax) ++grow;
    if (grow + 1 < last.size()) {
      buffer.assign(last.substr(0, grow + 1));
      buffer[grow] = static_cast<char>(static_cast<unsigned char>(last[grow]) + 1);
      return buffer;
    }
  }
  buffer.assign(last);
  return buffer;
}

void FenceBuilder::Add(Slice fence) {
  bytes_.append(fence);
  ends_.push_back(bytes_.size());
}

void FenceBuilder::AppendTo(std::string& out) const {
  FIRN_CHECK(!ends_.empty());
  std::vector<Slice> keys;
  keys.reserve(ends_.size());
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    keys.push_back(Slice(bytes_).substr(begin, end - begin));
    begin = end;
  }
  const KeyColumnEncoder encoder(keys);
  const std::size_t columns = kHeaderBytes + keys.size() * kHeadBytes + (keys.size() + 1) * 4 +
                              (encoder.has_short_keys() ? keys.size() : 0);
  const std::size_t start = out.size();
  out.resize(start + columns + encoder.prefix_bytes() + encoder.tail_bytes());
  char* to = out.data() + start;
  StoreFixed(to, static_cast<std::uint32_t>(keys.size()));
  StoreFixed(to + 4, static_cast<std::uint32_t>(encoder.prefix_bytes()));
  StoreFixed(to + 8, encoder.has_short_keys() ? kHasShortKeys : 0);
  StoreFixed<std::uint32_t>(to + 12, 0);
  to = encoder.WriteHeads(to + kHeaderBytes);
  std::size_t offset = columns + encoder.prefix_bytes();
  for (std::size_t i = 0; i <= keys.size(); ++i, to += 4) {
    StoreFixed(to, static_cast<std::uint32_t>(offset));
    if (i < keys.size()) offset += encoder.tail_bytes(i);
  }
  if (encoder.has_short_keys()) to = encoder.WriteHeadLengths(to);
  to = encoder.WritePrefixAndTails(to);
  FIRN_CHECK(to == out.data() + out.size());
}

void FenceBuilder::Clear() {
  bytes_.clear();
  ends_.clear();
}

const char* ParseFences(Slice section, std::size_t count, KeyColumn* fences) {
  if (section.size() < kHeaderBytes) return "fences shorter than their header";
  const char* base = section.data();
  const auto flags = LoadFixed<std::uint32_t>(base + 8);
  const std::size_t prefix_bytes = LoadFixed<std::uint32_t>(base + 4);
  if (count == 0 || LoadFixed<std::uint32_t>(base) != count) return "wrong number of fences";
  if (flags > kHasShortKeys || LoadFixed<std::uint32_t>(base + 12) != 0) {
    return "fences with unknown flags";
  }
  const std::size_t head_lengths = kHeaderBytes + count * kHeadBytes + (count + 1) * 4;
  const std::size_t columns = head_lengths + (flags == kHasShortKeys ? count : 0);
  if (columns > section.size() || prefix_bytes > kKeyBytesMax ||
      prefix_bytes > section.size() - columns) {
    return "fences shorter than their columns";
  }
  KeyColumn column;
  column.count = count;
  column.base = base;
  column.heads = base + kHeaderBytes;
  column.offsets = column.heads + count * kHeadBytes;
  column.wide = true;
  if (flags == kHasShortKeys) column.head_lengths = base + head_lengths;
  column.prefix = section.substr(columns, prefix_bytes);
  if (column.offset(0) != columns + prefix_bytes) return "fence tails misplaced";
  if (column.offset(count) != section.size()) return "fences do not fill their section";
  if (const char* wrong = column.Check(section.size()); wrong != nullptr) return wrong;
  *fences = column;
  return nullptr;
}

}  // namespace firn
