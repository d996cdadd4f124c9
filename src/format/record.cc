#include "format/record.h"

#include <xxhash.h>

#include <algorithm>

#include "base/coding.h"
#include "base/seeded_bug.h"

namespace firn {
namespace {

constexpr std::uint64_t kMixMultiplier = 0x9E3779B97F4A7C15ull;  // 2^64 / golden ratio

constexpr std::size_t kChecksummedFrom = 8;  // everything behind the checksum itself

// Every input bit must be able to change the result; it needs no more.
std::uint64_t Mix(std::uint64_t state, std::uint64_t word) {
  state = (state ^ word) * kMixMultiplier;
  return state ^ (state >> 29);
}

std::uint64_t SaltSeed(const RecordSalt& salt, std::uint64_t offset) {
  const std::uint64_t file = BugIsOn(SeededBug::kRecordSaltWithoutFile) ? 0 : salt.file.value;
  return Mix(Mix(Mix(salt.database.high, salt.database.low), file), offset);
}

// The word at offset 12: type in the low byte, header check above it.
std::uint32_t TypeAndCheck(std::uint64_t seed, const RecordHeader& header) {
  std::uint64_t state = Mix(seed, std::uint64_t{header.payload_bytes} << 8 | header.type);
  state = Mix(state, header.first_sequence);
  state = Mix(state, std::uint64_t{header.count} << 32 | header.incarnation);
  state = Mix(state, header.durable_position);
  const std::uint64_t check = (state * kMixMultiplier) >> 40;
  return static_cast<std::uint32_t>(check << 8) | header.type;
}

std::uint64_t Checksum(const char* record, std::size_t payload_bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(record + kChecksummedFrom,
                              kRecordHeaderBytes - kChecksummedFrom + payload_bytes, seed);
}

bool AllZero(Slice bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

}  // namespace

RecordHeader LoadRecordHeader(const char* from) {
  RecordHeader header;
  header.payload_bytes = LoadFixed<std::uint32_t>(from + 8);
  header.type = static_cast<std::uint8_t>(from[12]);
  header.first_sequence = LoadFixed<std::uint64_t>(from + 16);
  header.count = LoadFixed<std::uint32_t>(from + 24);
  header.incarnation = LoadFixed<std::uint32_t>(from + 28);
  header.durable_position = LoadFixed<std::uint64_t>(from + 32);
  return header;
}

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

  const std::uint64_t seed = SaltSeed(salt, offset);
  header.payload_bytes = static_cast<std::uint32_t>(payload_bytes);
  StoreFixed<std::uint32_t>(to + 8, header.payload_bytes);
  StoreFixed<std::uint32_t>(to + 12, TypeAndCheck(seed, header));
  StoreFixed<std::uint64_t>(to + 16, header.first_sequence);
  StoreFixed<std::uint32_t>(to + 24, header.count);
  StoreFixed<std::uint32_t>(to + 28, header.incarnation);
  StoreFixed<std::uint64_t>(to + 32, header.durable_position);
  StoreFixed<std::uint64_t>(to, Checksum(to, payload_bytes, seed));
  return total;
}

ParsedRecord ParseRecord(Slice file, std::uint64_t offset, const RecordSalt& salt) {
  const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, file.size()));
  return ParseRecordAt(file.substr(from), offset, salt);
}

ParsedRecord ParseRecordAt(Slice rest, std::uint64_t offset, const RecordSalt& salt) {
  ParsedRecord record;
  if (rest.size() < kRecordHeaderBytes) {
    if (AllZero(rest)) record.state = RecordState::kEnd;
    return record;
  }
  const char* const at = rest.data();
  const auto type_and_check = LoadFixed<std::uint32_t>(at + 12);
  if (type_and_check == 0) {
    if (AllZero(rest.substr(0, kRecordHeaderBytes))) record.state = RecordState::kEnd;
    return record;
  }
  const RecordHeader header = LoadRecordHeader(at);
  if (header.type == 0 || header.payload_bytes > kRecordPayloadBytesMax) return record;
  const std::uint64_t seed = SaltSeed(salt, offset);
  if (TypeAndCheck(seed, header) != type_and_check) return record;
  record.header_intact = true;
  record.header = header;
  record.bytes = RecordBytes(header.payload_bytes);

  const Slice behind_header = rest.substr(kRecordHeaderBytes);
  if (header.payload_bytes > behind_header.size()) return record;
  if (Checksum(at, header.payload_bytes, seed) != LoadFixed<std::uint64_t>(at)) return record;
  const std::size_t padding = record.bytes - kRecordHeaderBytes - header.payload_bytes;
  const Slice after_payload = behind_header.substr(header.payload_bytes);
  if (after_payload.size() < padding || !AllZero(after_payload.substr(0, padding))) return record;
  record.payload = behind_header.substr(0, header.payload_bytes);
  record.state = RecordState::kValid;
  return record;
}

}  // namespace firn
