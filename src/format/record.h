// The frame around every log record and every manifest edit (docs/format/log.md, "Record").
//
//   offset size field
//   0      8    checksum: XXH3-64 of bytes 8 .. 40+length, seeded with the salt below
//   8      4    payload length
//   12     1    type, fixed by the file's kind; 0 is never a type
//   13     3    header check: 24 bits of a salted mix of the other header fields but the checksum
//   16     8    first sequence of the batch (manifest: edit number)
//   24     4    entry count of the batch (manifest: 0)
//   28     4    incarnation: how often the store had been opened when this was written
//   32     8    durable position: every log byte below it was known durable when this was written
//   40     n    payload, then zeros up to a multiple of 8
//
// The salt mixes database id, file number and the record's own offset: a stale, recycled, moved or
// foreign record cannot validate (rule W3). The header check lets a reader that looks for records
// at every 8th byte dismiss what is no header without hashing as many bytes as it claims to have,
// and tells a torn record from bytes that never were one. Only the checksum makes a record valid.
#pragma once

#include <cstdint>
#include <span>

#include "base/types.h"

namespace firn {

inline constexpr std::size_t kRecordHeaderBytes = 40;
inline constexpr std::size_t kRecordAlignment = 8;
inline constexpr std::size_t kRecordPayloadBytesMax = kBatchBytesMax;

struct RecordHeader {
  std::uint8_t type = 0;
  std::uint32_t payload_bytes = 0;
  SequenceNumber first_sequence = 0;
  std::uint32_t count = 0;
  std::uint32_t incarnation = 0;
  std::uint64_t durable_position = 0;
};

// The fields as they stand, of kRecordHeaderBytes at `from`: nothing is checked.
[[nodiscard]] RecordHeader LoadRecordHeader(const char* from);

// What a checksum is salted with besides the record's offset.
struct RecordSalt {
  DatabaseId database;
  FileNumber file;
};

[[nodiscard]] constexpr std::size_t RecordBytes(std::size_t payload_bytes) {
  return (kRecordHeaderBytes + payload_bytes + kRecordAlignment - 1) & ~(kRecordAlignment - 1);
}

// Writes the record at `to`, which has room for RecordBytes(sum of parts) bytes and lies `offset`
// bytes into its file. The payload is the concatenation of `parts`; header.payload_bytes is set
// from them. The checksum is stored last, so a torn record never validates. Returns the bytes
// written.
std::size_t EncodeRecord(char* to, std::uint64_t offset, const RecordSalt& salt,
                         RecordHeader header, std::span<const Slice> parts);

enum class RecordState : std::uint8_t {
  kValid,
  kEnd,  // nothing but zeros where a header would stand, or no room for one
  kBad,  // bytes that are no record of this file at this offset, or a damaged one
};

struct ParsedRecord {
  RecordState state = RecordState::kBad;
  // Whether the header check holds: then `header` and `bytes` are what the writer meant, also when
  // the record is bad because its payload is damaged, cut off or never reached the disk.
  bool header_intact = false;
  RecordHeader header;
  Slice payload;           // of a valid record; borrows from the input
  std::size_t bytes = 0;   // to the next record; may reach behind the input when not valid
};

// Looks for a record at `offset` of the file whose whole content is `file`. Never reads outside it.
[[nodiscard]] ParsedRecord ParseRecord(Slice file, std::uint64_t offset, const RecordSalt& salt);
// The same for a reader that holds only `rest`, what the file has from `offset` on. A record that
// reaches behind `rest` is kBad with its header intact.
[[nodiscard]] ParsedRecord ParseRecordAt(Slice rest, std::uint64_t offset, const RecordSalt& salt);

}  // namespace firn
