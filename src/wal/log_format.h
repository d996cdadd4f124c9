// What writer and reader of a log segment share (docs/format/log.md).
//
// A store's log is one endless byte sequence cut into segment files; a position in it is a
// LogPosition. A segment file is
//   0    128  header: whose file this is; written and synced before first use (rule W4)
//   128  56   chain record: where in the sequence this segment stands, and behind which segment
//   184  ...  batch records, each in the encoding of format/batch.h
//        40   seal record, when a successor exists
//        ...  zeros, or stale bytes of the file's former life, which validate nowhere
// Byte `offset` of a segment has the position `start + offset - 128`, and a segment starts where
// its predecessor's seal record ends: positions have no gaps.
#pragma once

#include <cstdint>
#include <string>

#include "base/types.h"
#include "firn/status.h"
#include "format/record.h"

namespace firn {

// Byte position in the endless log: grows across segments, never reused within a store.
using LogPosition = std::uint64_t;
// Every log starts below: half the number space is out of reach for any store, and sums of two
// positions cannot overflow.
inline constexpr LogPosition kLogStartsBelow = LogPosition{1} << 63;

// On-disk values; never renumber.
enum class LogRecordType : std::uint8_t {
  kBatch = 1,  // payload: a batch
  kSeal = 2,   // last record of a segment; payload empty
  kChain = 3,  // first record of a segment; payload: LogChain
};

inline constexpr std::size_t kSegmentHeaderBytes = 128;
inline constexpr std::uint32_t kSegmentFormatVersion = 1;
inline constexpr std::size_t kChainPayloadBytes = 16;
inline constexpr std::size_t kChainRecordBytes = RecordBytes(kChainPayloadBytes);
inline constexpr std::size_t kSealRecordBytes = RecordBytes(0);
inline constexpr std::size_t kSegmentOverheadBytes =
    kSegmentHeaderBytes + kChainRecordBytes + kSealRecordBytes;
// A segment holds at least one record of any legal size; files beyond it are not read.
inline constexpr std::uint64_t kSegmentBytesMax = std::uint64_t{2} << 30;
static_assert(kSegmentOverheadBytes + RecordBytes(kRecordPayloadBytesMax) <= kSegmentBytesMax);

// Whose file this is; covered by its own checksum. It says nothing of the segment's place in the
// log, because it is written before the end of the predecessor is known.
//   0   8   magic "firnlog\n"
//   8   4   format version
//   12  4   zero
//   16  8   features a reader must understand
//   24  8   features a reader may ignore
//   32  8   database id, high
//   40  8   database id, low
//   48  8   file number
//   56  4   incarnation
//   60  60  zero
//   120 8   checksum: XXH3-64 of bytes 0 .. 120, seeded with a mix of database id and file number
struct SegmentHeader {
  DatabaseId database;
  FileNumber number;
  std::uint32_t incarnation = 0;
};

// Where a segment stands in the log.
//   0   8   start
//   8   8   predecessor
struct LogChain {
  LogPosition start = 0;   // position of the first byte behind the segment's header
  FileNumber predecessor;  // its seal record ends at `start`; 0: this segment begins a log
};

// Writes kSegmentHeaderBytes bytes.
void EncodeSegmentHeader(char* to, const SegmentHeader& header);
// Errors: kCorruption (no intact header; the message does not name the file), kNotSupported.
[[nodiscard]] Result<SegmentHeader> ParseSegmentHeader(Slice file);

// Writes kChainPayloadBytes bytes.
void EncodeChain(char* to, const LogChain& chain);
[[nodiscard]] Result<LogChain> ParseChain(Slice payload);

// "000123.log"
[[nodiscard]] std::string SegmentFileName(FileNumber number);

}  // namespace firn
