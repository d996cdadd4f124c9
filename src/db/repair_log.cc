// Sequences have no gaps, so what is missing between two records is exactly known. A log begun by a
// later open has replaced those before it once it holds a record; records that are in tables are
// left out by whoever applies them, sequence by sequence.
#include "db/repair_log.h"

#include <algorithm>

#include "base/status_macros.h"
#include "format/batch.h"

namespace firn {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{256} << 10;

bool IsBatch(const LogPiece& piece) {
  return piece.header_intact &&
         piece.header.type == static_cast<std::uint8_t>(LogRecordType::kBatch);
}

}  // namespace

void RepairLog::SurveySegment(FileNumber number) {
  Segment segment;
  segment.number = number;
  const std::string name = SegmentFileName(number);
  segment.path = directory_ + "/" + name;
  const auto summary = InspectSegment(file_system_, segment.path, survey_.database, number);
  if (summary.ok()) segment.chain = summary->chain;
  SegmentWindow window(kWindowBytes);
  Status status = window.Open(file_system_, segment.path);
  if (status.ok()) {
    status = ScanSegment(window, kSegmentHeaderBytes, window.file_bytes(),
                         {survey_.database, number}, [&](const LogPiece& piece) {
                           if (!piece.valid) return Status();
                           segment.incarnation = piece.header.incarnation;
                           segment.end = PositionOf(segment, piece.end);
                           if (!IsBatch(piece)) return Status();
                           if (segment.records++ == 0) {
                             segment.first_sequence = piece.header.first_sequence;
                           }
                           BatchReader reader(piece.payload);
                           BatchOperation operation;
                           while (reader.Next(&operation)) keyspaces_.insert(operation.keyspace);
                           return Status();
                         });
  }
  if (!status.ok()) {
    RepairLoss loss;
    loss.file = name;
    loss.what = "the log segment cannot be read: " + std::string(status.message());
    report_.losses.push_back(std::move(loss));
  }
  segments_.push_back(std::move(segment));
}

void RepairLog::Survey() {
  for (const FileNumber number : survey_.logs) SurveySegment(number);
  std::uint32_t incarnation = survey_.incarnation;
  if (!survey_.has_manifest) {
    for (const Segment& each : segments_) {
      if (each.records > 0) incarnation = std::max(incarnation, each.incarnation);
    }
  }
  std::erase_if(segments_, [&](const Segment& each) {
    if (each.incarnation == incarnation) {
      end_ = std::max(end_, each.end);
      return each.records == 0;
    }
    if (each.records > 0) {
      report_.ignored.push_back(
          {SegmentFileName(each.number), "its records were taken over by a later open"});
    }
    return true;
  });
  std::ranges::sort(segments_, {}, &Segment::first_sequence);
}

// Bytes whose entries are counted when it is clear which sequences are missing.
void RepairLog::Lose(const Segment& segment, const LogPiece& piece) {
  const bool flushed =
      segment.chain && PositionOf(segment, piece.end) <= survey_.replay_from;
  if (flushed) return;
  if (!open_loss_) {
    open_loss_.emplace();
    open_loss_->file = SegmentFileName(segment.number);
    open_loss_->offset = piece.offset;
    open_loss_->what = "log records cannot be read";
  }
  if (open_loss_->file == SegmentFileName(segment.number)) open_loss_->end = piece.end;
  if (IsBatch(piece)) open_entries_ += piece.header.count;
}

// `next`: the sequence of the record behind it; 0 when there is none.
void RepairLog::SettleLoss(SequenceNumber next) {
  const bool gap = next > last_sequence_ + 1 && last_sequence_ > 0;
  if (gap && !open_loss_) {
    open_loss_.emplace();
    open_loss_->what = "a stretch of the log is missing";
  }
  if (!open_loss_) return;
  if (gap) {
    open_loss_->entries = next - last_sequence_ - 1;
    open_loss_->what += ": sequences " + std::to_string(last_sequence_ + 1) + " to " +
                        std::to_string(next - 1);
  } else if (open_entries_ > 0) {
    open_loss_->entries = open_entries_;
  }
  report_.losses.push_back(std::move(*open_loss_));
  open_loss_.reset();
  open_entries_ = 0;
}

Status RepairLog::Apply(const Segment& segment, const LogPiece& piece,
                        const std::function<Status(const ReplayedRecord&)>& sink) {
  const SequenceNumber first = piece.header.first_sequence;
  const std::uint32_t count = piece.header.count;
  if (count == 0 || first <= last_sequence_ || first > kSequenceMax - count) return Status();
  SettleLoss(first);
  ReplayedRecord record;
  record.first_sequence = first;
  record.count = count;
  record.begin = PositionOf(segment, piece.offset);
  record.end = PositionOf(segment, piece.end);
  record.payload = piece.payload;
  FIRN_RETURN_IF_ERROR(sink(record));
  last_sequence_ = first + count - 1;
  ++report_.log_records;
  report_.entries_read += count;
  return Status();
}

Status RepairLog::ReplaySegment(const Segment& segment,
                                const std::function<Status(const ReplayedRecord&)>& sink) {
  SegmentWindow window(kWindowBytes);
  FIRN_RETURN_IF_ERROR(window.Open(file_system_, segment.path));
  return ScanSegment(window, kSegmentHeaderBytes, window.file_bytes(),
                     {survey_.database, segment.number}, [&](const LogPiece& piece) {
                       if (!piece.valid) {
                         Lose(segment, piece);
                         return Status();
                       }
                       return IsBatch(piece) ? Apply(segment, piece, sink) : Status();
                     });
}

Status RepairLog::Replay(const std::function<Status(const ReplayedRecord&)>& sink) {
  for (const Segment& segment : segments_) {
    FIRN_RETURN_IF_ERROR(ReplaySegment(segment, sink));
  }
  SettleLoss(0);
  const LogPosition reached = std::max(end_, survey_.replay_from);
  if (survey_.has_manifest && survey_.log_durable > reached) {
    RepairLoss loss;
    loss.what = "the log was durable up to position " + std::to_string(survey_.log_durable) +
                " and can be read up to " + std::to_string(reached);
    report_.losses.push_back(std::move(loss));
  }
  return Status();
}

}  // namespace firn
