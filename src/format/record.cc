#include "format/record.h"

#include <xxhash.h>

#include <algorithm>

#include "base/coding.h"

namespace firn {
namespace {

std::uint64_t SaltSeed(const RecordSalt& salt, std::uint64_t offset) {
  // Multiply-xor mixing: every input bit must be able to change the seed; it needs no more.
  std::uint64_t seed = salt.database.high;
  for (const std::uint64_t part : {salt.database.low, salt.file.value, offset}) {
    seed = (seed ^ part) * 0x9E3779B97F4A7C15ull;
    seed ^= seed >> 29;
  }
  return seed;
}

}  // namespace

std::size_t EncodeRecord(char* to, std::uint64_t offset, const RecordSalt& salt,
                         RecordHeader header, std::span<const Slice> parts) {
  std::size_t payload_bytes = 0;
  char* cursor = to + kRecordHeaderBytes;
  for (const Slice part : parts) {
    if (part.empty()) continue;
    std::memcpy(cursor, part.data(), part.size());
    cursor += part.size();
    payload_bytes += part.size();
  }
  FIRN_CHECK(payload_bytes <= kRecordPayloadBytesMax);
  FIRN_DCHECK(header.type != 0);
  const std::size_t total = RecordBytes(payload_bytes);
  std::memset(cursor, 0, total - kRecordHeaderBytes - payload_bytes);

  StoreFixed<std::uint32_t>(to + 8, static_cast<std::uint32_t>(payload_bytes));
  StoreFixed<std::uint32_t>(to + 12, header.type);
  StoreFixed<std::uint64_t>(to + 16, header.first_sequence);
  StoreFixed<std::uint32_t>(to + 24, header.count);
  StoreFixed<std::uint32_t>(to + 28, header.incarnation);
  StoreFixed<std::uint64_t>(to + 32, header.durable_position);
  const std::uint64_t checksum = XXH3_64bits_withSeed(
      to + 8, kRecordHeaderBytes - 8 + payload_bytes, SaltSeed(salt, offset));
  StoreFixed<std::uint64_t>(to, checksum);
  return total;
}

ParsedRecord ParseRecord(Slice file, std::uint64_t offset, const RecordSalt& salt) {
  ParsedRecord record;
  if (offset >= file.size()) {
    record.state = RecordState::kEnd;
    return record;
  }
  const Slice rest = file.substr(static_cast<std::size_t>(offset));
  const Slice head = rest.substr(0, std::min(rest.size(), kRecordHeaderBytes));
  if (std::all_of(head.begin(), head.end(), [](char byte) { return byte == 0; })) {
    record.state = RecordState::kEnd;
    return record;
  }
  if (rest.size() < kRecordHeaderBytes) return record;
  const auto payload_bytes = LoadFixed<std::uint32_t>(rest.data() + 8);
  if (payload_bytes > kRecordPayloadBytesMax ||
      payload_bytes > rest.size() - kRecordHeaderBytes) {
    return record;
  }
  const std::uint64_t checksum = XXH3_64bits_withSeed(
      rest.data() + 8, kRecordHeaderBytes - 8 + payload_bytes, SaltSeed(salt, offset));
  if (checksum != LoadFixed<std::uint64_t>(rest.data())) return record;
  const auto type_word = LoadFixed<std::uint32_t>(rest.data() + 12);
  if (type_word == 0 || type_word > 0xFF) return record;

  record.header.type = static_cast<std::uint8_t>(type_word);
  record.header.payload_bytes = payload_bytes;
  record.header.first_sequence = LoadFixed<std::uint64_t>(rest.data() + 16);
  record.header.count = LoadFixed<std::uint32_t>(rest.data() + 24);
  record.header.incarnation = LoadFixed<std::uint32_t>(rest.data() + 28);
  record.header.durable_position = LoadFixed<std::uint64_t>(rest.data() + 32);
  record.payload = rest.substr(kRecordHeaderBytes, payload_bytes);
  record.bytes = std::min(RecordBytes(payload_bytes), rest.size());
  record.state = RecordState::kValid;
  return record;
}

}  // namespace firn
