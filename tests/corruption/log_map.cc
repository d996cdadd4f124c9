#include "corruption/log_map.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace firn::testing {

LogMap LogMap::Make(const Specimen& specimen) {
  LogMap map;
  map.last_state_ = specimen.states.size() - 1;
  map.replay_from_ = specimen.manifest.replay_from;
  map.manifest_durable_ = specimen.manifest.log_durable;
  for (const SpecimenFile& file : specimen.files) {
    if (file.kind != FileKind::kLog) continue;
    map.AddSegment(file, ParseFileName(file.name)->number, specimen.manifest.database);
  }
  // A header has the position of the chain record behind it.
  std::sort(map.parts_.begin(), map.parts_.end(), [](const Part& a, const Part& b) {
    return std::pair(a.position, a.offset) < std::pair(b.position, b.offset);
  });
  return map;
}

// A segment that was never used means nothing; records that tables hold mean nothing any more.
void LogMap::AddSegment(const SpecimenFile& file, FileNumber number, const DatabaseId& database) {
  const RecordSalt salt{database, number};
  const ParsedRecord first = ParseRecord(file.bytes, kSegmentHeaderBytes, salt);
  if (first.state != RecordState::kValid) return;
  const auto chain = ParseChain(first.payload);
  FIRN_CHECK(chain.ok());
  std::vector<Part> parts = {{file.name, What::kHeader, 0,
                              file.bytes.substr(0, kSegmentHeaderBytes), chain->start, 0}};
  for (std::size_t offset = kSegmentHeaderBytes;;) {
    const ParsedRecord record = ParseRecord(file.bytes, offset, salt);
    if (record.state != RecordState::kValid) break;
    const auto type = static_cast<LogRecordType>(record.header.type);
    parts.push_back({file.name,
                     type == LogRecordType::kChain  ? What::kChain
                     : type == LogRecordType::kSeal ? What::kSeal
                                                    : What::kBatch,
                     offset, file.bytes.substr(offset, record.bytes),
                     chain->start + offset - kSegmentHeaderBytes, record.header.durable_position});
    offset += record.bytes;
  }
  for (Part& part : parts) {
    const bool framing = part.what == What::kHeader || part.what == What::kChain;
    if (framing || part.position >= replay_from_) parts_.push_back(std::move(part));
  }
}

LogMap::Cost LogMap::CostOf(const std::string& file,
                            const std::optional<std::string>& damaged) const {
  Cost cost;
  LogPosition end = 0;       // where the log ends now
  LogPosition durable = manifest_durable_;
  std::size_t batches_left = 0;
  std::size_t batches = 0;
  for (const Part& part : parts_) {
    batches += part.what == What::kBatch ? 1 : 0;
    const bool whole = part.file != file ||
                       (damaged && Slice(*damaged).substr(std::min(part.offset, damaged->size()),
                                                          part.bytes.size()) == part.bytes);
    if (whole) {
      durable = std::max(durable, part.durable);
      batches_left += part.what == What::kBatch && !cost.touched ? 1 : 0;
      continue;
    }
    if (!cost.touched) end = std::max(part.position, replay_from_);
    cost.touched = true;
    cost.framing = cost.framing || part.what == What::kHeader || part.what == What::kChain;
  }
  cost.state = last_state_ - batches + batches_left;
  cost.proven = cost.touched && durable > end;
  return cost;
}

}  // namespace firn::testing
