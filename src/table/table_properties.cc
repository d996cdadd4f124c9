#include "table/table_properties.h"

#include <array>
#include <limits>

#include "base/coding.h"

namespace firn {
namespace {

enum Tag : std::uint64_t {
  kLower = 1,
  kOrigin = 2,
  kUpper = 3,
  kOriginBegin = 4,
  kUpperExclusive = 5,
  kOriginEnd = 6,
  kCounts = 7,
};

// In the order in which they are written.
template <typename Metadata>
auto CountsOf(Metadata& metadata) {
  return std::array{&metadata.entries,     &metadata.deletes,     &metadata.range_tombstones,
                    &metadata.key_bytes,   &metadata.value_bytes, &metadata.sequence_min,
                    &metadata.sequence_max};
}

bool ParseOrigin(ByteReader reader, TableOrigin* origin) {
  std::uint64_t keyspace = 0;
  if (!reader.ReadVarintUpTo(std::numeric_limits<KeyspaceId>::max(), &keyspace) ||
      !reader.ReadVarintUpTo(kSequenceMax, &origin->sequence_max)) {
    return false;
  }
  origin->keyspace = static_cast<KeyspaceId>(keyspace);
  while (!reader.empty()) {
    if (!reader.ReadVarint(&origin->inputs.emplace_back().value)) return false;
  }
  return true;
}

bool ParseProperty(std::uint64_t tag, Slice bytes, TableProperties* properties) {
  TableMetadata& metadata = properties->metadata;
  ByteReader reader(bytes);
  switch (tag) {
    case kLower:
      metadata.lower = bytes;
      return bytes.size() <= kKeyBytesMax;
    case kOrigin:
      return ParseOrigin(reader, &properties->origin.emplace());
    case kUpper:
      metadata.upper = bytes;
      return bytes.size() <= kKeyBytesMax;
    case kOriginBegin:
      if (properties->origin) properties->origin->begin = bytes;
      return properties->origin.has_value() && bytes.size() <= kKeyBytesMax;
    case kUpperExclusive:
      metadata.upper_exclusive = bytes == Slice("\1", 1);
      return bytes.size() == 1 && bytes[0] <= 1 && bytes[0] >= 0;
    case kOriginEnd:
      if (properties->origin) properties->origin->end = bytes;
      return properties->origin.has_value() && bytes.size() <= kKeyBytesMax;
    case kCounts:
      for (std::uint64_t* count : CountsOf(metadata)) {
        if (!reader.ReadVarint(count)) return false;
      }
      return reader.empty();
    default:
      return true;
  }
}

std::string EncodeOrigin(const TableOrigin& origin) {
  std::string encoded;
  AppendVarint(encoded, origin.keyspace);
  AppendVarint(encoded, origin.sequence_max);
  for (const FileNumber input : origin.inputs) AppendVarint(encoded, input.value);
  return encoded;
}

}  // namespace

std::string EncodeProperties(const TableProperties& properties) {
  const TableMetadata& metadata = properties.metadata;
  const std::optional<TableOrigin>& origin = properties.origin;
  std::string encoded;
  std::string counts;
  for (const std::uint64_t* count : CountsOf(metadata)) AppendVarint(counts, *count);
  const auto append = [&encoded](std::uint64_t tag, Slice bytes) {
    AppendVarint(encoded, tag);
    AppendLengthPrefixed(encoded, bytes);
  };
  append(kLower, metadata.lower);
  if (origin) append(kOrigin, EncodeOrigin(*origin));
  append(kUpper, metadata.upper);
  if (origin && origin->begin) append(kOriginBegin, *origin->begin);
  append(kUpperExclusive, metadata.upper_exclusive ? Slice("\1", 1) : Slice("\0", 1));
  if (origin && origin->end) append(kOriginEnd, *origin->end);
  append(kCounts, counts);
  return encoded;
}

Result<TableProperties> ParseProperties(Slice raw) {
  const Status malformed(StatusCode::kCorruption, "malformed properties");
  TableProperties properties;
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
      return Status(StatusCode::kNotSupported, "property " + std::to_string(tag) +
                                                   " was written by a newer firn: upgrade to "
                                                   "read it");
    }
    if (!ParseProperty(tag, bytes, &properties)) return malformed;
    if (tag % 2 == 1) ++known;
  }
  if (known != 4) return malformed;
  return properties;
}

}  // namespace firn
