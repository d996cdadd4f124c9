#include "table/table_properties.h"

#include <array>

#include "base/coding.h"

namespace firn {
namespace {

enum Tag : std::uint64_t { kLower = 1, kUpper = 3, kUpperExclusive = 5, kCounts = 7 };

// In the order in which they are written.
template <typename Metadata>
auto CountsOf(Metadata& metadata) {
  return std::array{&metadata.entries,     &metadata.deletes,     &metadata.range_tombstones,
                    &metadata.key_bytes,   &metadata.value_bytes, &metadata.sequence_min,
                    &metadata.sequence_max};
}

bool ParseProperty(std::uint64_t tag, Slice bytes, TableMetadata* metadata) {
  ByteReader reader(bytes);
  switch (tag) {
    case kLower:
      metadata->lower = bytes;
      return bytes.size() <= kKeyBytesMax;
    case kUpper:
      metadata->upper = bytes;
      return bytes.size() <= kKeyBytesMax;
    case kUpperExclusive:
      metadata->upper_exclusive = bytes == Slice("\1", 1);
      return bytes.size() == 1 && bytes[0] <= 1 && bytes[0] >= 0;
    case kCounts:
      for (std::uint64_t* count : CountsOf(*metadata)) {
        if (!reader.ReadVarint(count)) return false;
      }
      return reader.empty();
    default:
      return true;
  }
}

}  // namespace

std::string EncodeProperties(const TableMetadata& metadata) {
  std::string encoded;
  std::string counts;
  for (const std::uint64_t* count : CountsOf(metadata)) AppendVarint(counts, *count);
  const auto append = [&encoded](std::uint64_t tag, Slice bytes) {
    AppendVarint(encoded, tag);
    AppendLengthPrefixed(encoded, bytes);
  };
  append(kLower, metadata.lower);
  append(kUpper, metadata.upper);
  append(kUpperExclusive, metadata.upper_exclusive ? Slice("\1", 1) : Slice("\0", 1));
  append(kCounts, counts);
  return encoded;
}

Result<TableMetadata> ParseProperties(Slice raw) {
  const Status malformed(StatusCode::kCorruption, "malformed properties");
  TableMetadata metadata;
  ByteReader reader(raw);
  std::uint64_t last = 0;
  std::uint64_t known = 0;
  while (!reader.empty()) {
    std::uint64_t tag = 0;
    Slice bytes;
    if (!reader.ReadVarint(&tag) || tag <= last ||
        !reader.ReadLengthPrefixed(reader.remaining(), &bytes)) {
      return malformed;
    }
    last = tag;
    if (tag % 2 == 1 && tag > kCounts) {
      return Status(StatusCode::kNotSupported,
                    "properties written by a newer firn: upgrade to read them");
    }
    if (!ParseProperty(tag, bytes, &metadata)) return malformed;
    if (tag % 2 == 1) ++known;
  }
  if (known != 4) return malformed;
  return metadata;
}

}  // namespace firn
