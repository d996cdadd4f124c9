#include "wal/log_salvage.h"

#include <algorithm>

#include "base/seeded_bug.h"
#include "base/status_macros.h"

namespace firn {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{256} << 10;

bool MayBeRecord(Slice at) {
  const auto type = static_cast<std::uint8_t>(at[12]);
  return type >= static_cast<std::uint8_t>(LogRecordType::kBatch) &&
         type <= static_cast<std::uint8_t>(LogRecordType::kChain);
}

class Scan {
 public:
  Scan(SegmentWindow& file, std::uint64_t upto, const RecordSalt& salt,
       const std::function<Status(const LogPiece&)>& visit)
      : file_(file), upto_(std::min(upto, file.file_bytes())), salt_(salt), visit_(visit) {}

  Status Run(std::uint64_t from) {
    end_ = from;
    for (std::uint64_t offset = from; offset + kRecordHeaderBytes <= upto_;) {
      FIRN_ASSIGN_OR_RETURN(const Slice rest, file_.From(offset, kRecordHeaderBytes));
      ParsedRecord record;
      if (MayBeRecord(rest)) {
        FIRN_ASSIGN_OR_RETURN(record, RecordAt(file_, offset, salt_));
      }
      if (record.state == RecordState::kValid && offset + record.bytes <= upto_) {
        FIRN_RETURN_IF_ERROR(Found(offset, record));
        offset = end_;
        continue;
      }
      if (record.header_intact && BugIsOn(SeededBug::kSalvageTakesDamagedRecords)) {
        FIRN_ASSIGN_OR_RETURN(const Slice bytes, file_.From(offset, record.bytes));
        record.payload = bytes.substr(kRecordHeaderBytes, record.header.payload_bytes);
        FIRN_RETURN_IF_ERROR(Found(offset, record));
        offset = end_;
        continue;
      }
      if (record.header_intact) FIRN_RETURN_IF_ERROR(Damaged(offset, record));
      offset += kRecordAlignment;
    }
    return FlushDamaged(upto_);
  }

 private:
  Status Found(std::uint64_t offset, const ParsedRecord& record) {
    FIRN_RETURN_IF_ERROR(FlushDamaged(offset));
    if (end_ < offset) FIRN_RETURN_IF_ERROR(visit_({.offset = end_, .end = offset}));
    end_ = offset + record.bytes;
    return visit_({.offset = offset,
                   .end = end_,
                   .valid = true,
                   .header_intact = true,
                   .header = record.header,
                   .payload = record.payload});
  }

  // Where it ends is known only when the next record is.
  Status Damaged(std::uint64_t offset, const ParsedRecord& record) {
    FIRN_RETURN_IF_ERROR(FlushDamaged(offset));
    if (end_ < offset) FIRN_RETURN_IF_ERROR(visit_({.offset = end_, .end = offset}));
    end_ = offset;
    damaged_ = {.offset = offset,
                .end = offset + std::min<std::uint64_t>(record.bytes, upto_ - offset),
                .header_intact = true,
                .header = record.header};
    is_damaged_ = true;
    return {};
  }

  Status FlushDamaged(std::uint64_t limit) {
    if (!is_damaged_) return {};
    is_damaged_ = false;
    damaged_.end = std::min(damaged_.end, limit);
    end_ = damaged_.end;
    return visit_(damaged_);
  }

  SegmentWindow& file_;
  const std::uint64_t upto_;
  const RecordSalt& salt_;
  const std::function<Status(const LogPiece&)>& visit_;
  std::uint64_t end_ = 0;  // every byte before it was visited
  LogPiece damaged_;
  bool is_damaged_ = false;
};

}  // namespace

Status ScanSegment(SegmentWindow& file, std::uint64_t from, std::uint64_t upto,
                   const RecordSalt& salt, const std::function<Status(const LogPiece&)>& visit) {
  return Scan(file, upto, salt, visit).Run(from);
}

Status VerifySegment(FileSystem& file_system, const SegmentCheck& check,
                     const std::function<void(std::uint64_t, const std::string&)>& found) {
  const Result<SegmentSummary> summary =
      InspectSegment(file_system, check.path, check.database, check.number);
  if (!summary.ok() && (summary.status().code() == StatusCode::kCorruption ||
                        summary.status().code() == StatusCode::kNotSupported)) {
    found(0, "the segment header is damaged or another store's");
    return {};
  }
  FIRN_RETURN_IF_ERROR(summary.status());
  if (!summary->header_intact) found(0, "the segment header is damaged");
  if (!summary->chain || summary->chain->start != check.start) {
    found(kSegmentHeaderBytes, "the chain record is damaged");
  }
  SegmentWindow window(kWindowBytes);
  FIRN_RETURN_IF_ERROR(window.Open(file_system, check.path));
  const std::uint64_t upto = kSegmentHeaderBytes + (check.upto - check.start);
  std::uint64_t end = kSegmentHeaderBytes + kChainRecordBytes;
  FIRN_RETURN_IF_ERROR(ScanSegment(window, end, upto, {check.database, check.number},
                                   [&](const LogPiece& piece) {
                                     if (!piece.valid) found(piece.offset, "damaged record");
                                     end = piece.end;
                                     return Status();
                                   }));
  if (end < upto) {
    found(end, "records up to offset " + std::to_string(upto) + " were durable and are gone");
  }
  return {};
}

}  // namespace firn
