// What writer and reader of a log segment share (docs/format.md, "Log segment").
//
// A store's log is one endless byte sequence cut into segment files; a position in it is a
// LogPosition. Record payloads are batches in the encoding of format/batch.h.
#pragma once

#include <cstdint>
#include <string>

#include "base/types.h"
#include "format/record.h"

namespace firn {

// Byte position in the endless log: grows across segments, never reused within a store.
using LogPosition = std::uint64_t;

enum class LogRecordType : std::uint8_t {
  kBatch = 1,  // payload: a batch
  kSeal = 2,   // last record of a segment; payload empty
};

inline constexpr std::size_t kSegmentHeaderBytes = 128;

// Header of a segment file; covered by its own checksum.
struct SegmentHeader {
  DatabaseId database;
  FileNumber number;
  std::uint32_t incarnation = 0;
  LogPosition start = 0;          // position of the first byte behind this header
  SequenceNumber first_sequence = 0;  // smallest sequence a record here may have
  FileNumber previous;            // 0: no predecessor is needed to replay this one
};

// "000123.log"
[[nodiscard]] std::string SegmentFileName(FileNumber number);

}  // namespace firn
