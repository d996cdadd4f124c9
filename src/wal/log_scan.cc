#include "wal/log_scan.h"

#include <algorithm>
#include <array>

#include "base/coding.h"
#include "base/seeded_bug.h"
#include "base/status_macros.h"

namespace firn {
namespace {

constexpr std::size_t kPrefixBytes = kSegmentHeaderBytes + kChainRecordBytes;

// ParseRecord decides; this only spares it the bytes that cannot begin a record.
bool MayBeRecord(const char* at) {
  const auto type = static_cast<std::uint8_t>(at[12]);
  return type >= static_cast<std::uint8_t>(LogRecordType::kBatch) &&
         type <= static_cast<std::uint8_t>(LogRecordType::kChain);
}

}  // namespace

Result<SegmentSummary> InspectSegment(FileSystem& file_system, std::string path,
                                      const DatabaseId& database, FileNumber number) {
  SegmentSummary summary;
  summary.number = number;
  FIRN_ASSIGN_OR_RETURN(const auto file, file_system.OpenFile(path));
  FIRN_ASSIGN_OR_RETURN(summary.file_bytes, file->Size());
  std::array<char, kPrefixBytes> buffer{};
  const std::size_t length = std::min<std::uint64_t>(summary.file_bytes, buffer.size());
  FIRN_RETURN_IF_ERROR(file->ReadAt(0, std::span<char>(buffer.data(), length)));
  const Slice prefix(buffer.data(), length);

  const Result<SegmentHeader> header = ParseSegmentHeader(prefix);
  if (!header.ok() && header.status().code() == StatusCode::kNotSupported) {
    return Status(StatusCode::kNotSupported, path + ": " + std::string(header.status().message()));
  }
  if (header.ok() && header->database != database) {
    return Status(StatusCode::kCorruption,
                  path + ": the log segment belongs to another store; move it away");
  }
  // An intact header with another number is a recycled file that was renamed but never rewritten.
  if (header.ok() && header->number == number) {
    summary.header_intact = true;
    summary.incarnation = header->incarnation;
  }
  const ParsedRecord first = ParseRecord(prefix, kSegmentHeaderBytes, summary.salt(database));
  if (first.state == RecordState::kValid &&
      first.header.type == static_cast<std::uint8_t>(LogRecordType::kChain)) {
    const Result<LogChain> chain = ParseChain(first.payload);
    if (chain.ok()) summary.chain = chain.value();
    if (!summary.header_intact) summary.incarnation = first.header.incarnation;
  }
  summary.path = std::move(path);
  return summary;
}

Result<ParsedRecord> RecordAt(SegmentWindow& file, std::uint64_t offset, const RecordSalt& salt) {
  FIRN_ASSIGN_OR_RETURN(Slice rest, file.From(offset, kRecordHeaderBytes));
  ParsedRecord record = ParseRecordAt(rest, offset, salt);
  if (record.state == RecordState::kValid || !record.header_intact) return record;
  if (record.bytes <= rest.size() || record.bytes > file.file_bytes() - offset) return record;
  FIRN_ASSIGN_OR_RETURN(rest, file.From(offset, record.bytes));
  return ParseRecordAt(rest, offset, salt);
}

Result<LogEvidence> CollectEvidence(SegmentWindow& file, std::uint64_t from,
                                    const RecordSalt& salt, std::uint32_t incarnation_min) {
  LogEvidence evidence;
  std::uint64_t offset = (from + kRecordAlignment - 1) & ~std::uint64_t{kRecordAlignment - 1};
  for (;;) {
    FIRN_ASSIGN_OR_RETURN(const Slice rest, file.From(offset, kRecordHeaderBytes));
    if (rest.size() < kRecordHeaderBytes) return evidence;
    std::size_t skipped = 0;
    while (rest.size() - skipped >= kRecordHeaderBytes && !MayBeRecord(rest.data() + skipped)) {
      skipped += kRecordAlignment;
    }
    offset += skipped;
    if (rest.size() - skipped < kRecordHeaderBytes) continue;
    FIRN_ASSIGN_OR_RETURN(const ParsedRecord record, RecordAt(file, offset, salt));
    const bool valid = record.state == RecordState::kValid;
    if (record.header_intact && record.header.incarnation >= incarnation_min) {
      if (record.header.type == static_cast<std::uint8_t>(LogRecordType::kBatch)) {
        ++evidence.batches;
        evidence.batches_end = std::min<std::uint64_t>(offset + record.bytes, file.file_bytes());
      }
      if (valid) ++evidence.valid_records;
      if (valid && record.header.durable_position > evidence.durable) {
        evidence.durable = record.header.durable_position;
        evidence.witness_offset = offset;
      }
    }
    if (!valid && BugIsOn(SeededBug::kEvidenceEndsAtDamage)) return evidence;
    offset += valid ? record.bytes : kRecordAlignment;
  }
}

}  // namespace firn
