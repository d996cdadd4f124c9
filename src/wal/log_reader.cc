#include "wal/log_reader.h"

#include <algorithm>

#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "wal/log_scan.h"
#include "wal/segment_window.h"

namespace firn {
namespace {

class Replay {
 public:
  Replay(FileSystem& file_system, const LogReplayInput& input,
         const std::function<Status(const ReplayedRecord&)>& sink)
      : file_system_(file_system),
        input_(input),
        sink_(sink),
        window_(input.window_bytes),
        end_(input.replay_from) {}

  Result<LogReplayResult> Run();

 private:
  // Where and why the walk ended.
  struct End {
    std::string where;   // file and offset, for messages
    LogEvidence behind;  // of the records behind the end in the same file
    std::uint64_t dropped = 0;
  };

  Status InspectAll();
  [[nodiscard]] const SegmentSummary* First() const;
  [[nodiscard]] const SegmentSummary* Successor(const SegmentSummary& of) const;
  [[nodiscard]] bool Exists(FileNumber number) const;
  Status Walk();
  Result<bool> WalkSegment(const SegmentSummary& segment);
  Status Deliver(const SegmentSummary& segment, std::uint64_t offset, const ParsedRecord& record);
  Status JudgeEnd();
  Status JudgeUnwalked(const SegmentSummary& segment);
  [[nodiscard]] Status Refuse(const std::string& proof) const;
  [[nodiscard]] LogPosition UnusedFrom() const;
  [[nodiscard]] Status CheckReachable(LogPosition position) const;

  [[nodiscard]] static Status Corruption(const SegmentSummary& segment, std::uint64_t offset,
                                         const std::string& what) {
    return Status(StatusCode::kCorruption,
                  segment.path + " at offset " + std::to_string(offset) + ": " + what);
  }

  [[nodiscard]] static Status HeaderDamaged(const SegmentSummary& segment) {
    return Corruption(
        segment, 0, "the segment header is damaged, although records follow it; restore the file");
  }

  FileSystem& file_system_;
  const LogReplayInput& input_;
  const std::function<Status(const ReplayedRecord&)>& sink_;
  SegmentWindow window_;

  std::vector<SegmentSummary> segments_;  // by file number
  const SegmentSummary* first_ = nullptr;
  std::vector<FileNumber> walked_;
  std::uint32_t incarnation_ = 0;  // of the log walked
  LogPosition end_;                // X: how far the walk has come
  End why_;
  LogReplayResult result_;
};

Status Replay::InspectAll() {
  std::vector<FileNumber> numbers = input_.segments;
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  for (const FileNumber number : numbers) {
    FIRN_ASSIGN_OR_RETURN(
        auto summary, InspectSegment(file_system_, input_.directory + "/" + SegmentFileName(number),
                                     input_.database, number));
    segments_.push_back(std::move(summary));
  }
  return Status();
}

// Of several segments that start at one position only the newest can have been used. What an
// earlier incarnation left is not asked: a file recycled on the way, with the header of its next
// life under its old name, would pass for a damaged one.
const SegmentSummary* Replay::First() const {
  const SegmentSummary* first = nullptr;
  for (const SegmentSummary& segment : segments_) {
    if (!segment.chain || segment.chain->start > input_.replay_from) continue;
    if (segment.incarnation < input_.incarnation) continue;
    if (first == nullptr || segment.chain->start >= first->chain->start) first = &segment;
  }
  return first;
}

const SegmentSummary* Replay::Successor(const SegmentSummary& of) const {
  for (const SegmentSummary& segment : segments_) {
    const bool joins = segment.chain && segment.chain->predecessor == of.number &&
                       segment.incarnation == of.incarnation;
    if (joins && (segment.chain->start == end_ ||
                  BugIsOn(SeededBug::kReplayGoesOnBehindTornSegment))) {
      return &segment;
    }
  }
  return nullptr;
}

bool Replay::Exists(FileNumber number) const {
  return std::any_of(segments_.begin(), segments_.end(),
                     [number](const SegmentSummary& segment) { return segment.number == number; });
}

Status Replay::Walk() {
  first_ = First();
  incarnation_ = input_.incarnation;
  why_.where = input_.directory + ": no segment holds position " + std::to_string(end_);
  for (const SegmentSummary* segment = first_; segment != nullptr;) {
    incarnation_ = segment->incarnation;
    walked_.push_back(segment->number);
    FIRN_ASSIGN_OR_RETURN(const bool sealed, WalkSegment(*segment));
    if (!sealed && !BugIsOn(SeededBug::kReplayGoesOnBehindTornSegment)) break;
    why_.where = "behind " + segment->path + ", whose successor is missing";
    segment = Successor(*segment);
  }
  return Status();
}

// True when a seal record ended it; else `why_` says what is behind the end. Every step moves
// `end_` forward and a successor starts at it, so hostile chains cannot form a loop.
Result<bool> Replay::WalkSegment(const SegmentSummary& segment) {
  if (!segment.header_intact) return HeaderDamaged(segment);
  FIRN_RETURN_IF_ERROR(window_.Open(file_system_, segment.path));
  const RecordSalt salt = segment.salt(input_.database);
  const LogPosition start = segment.chain->start;
  std::uint64_t offset = window_.file_bytes();
  if (end_ - start < offset) offset = kSegmentHeaderBytes + (end_ - start);
  for (;;) {
    ParsedRecord record = ParseRecordAt(window_.Held(offset), offset, salt);
    if (record.state != RecordState::kValid) [[unlikely]] {
      FIRN_ASSIGN_OR_RETURN(record, RecordAt(window_, offset, salt));
      if (record.state != RecordState::kValid) break;
    }
    if (record.header.incarnation != segment.incarnation) {
      return Corruption(segment, offset, "the record is of another incarnation than its segment");
    }
    switch (static_cast<LogRecordType>(record.header.type)) {
      case LogRecordType::kBatch:
        FIRN_RETURN_IF_ERROR(Deliver(segment, offset, record));
        break;
      case LogRecordType::kSeal:
        end_ += record.bytes;
        return true;
      case LogRecordType::kChain:
        if (offset == kSegmentHeaderBytes) break;
        return Corruption(segment, offset, "a chain record stands in the middle of a segment");
      default:
        return Status(StatusCode::kNotSupported, segment.path + " at offset " +
                                                     std::to_string(offset) + ": record type " +
                                                     std::to_string(record.header.type) +
                                                     " was written by a newer firn; use that one");
    }
    end_ += record.bytes;
    offset += record.bytes;
  }
  why_.where = segment.path + " at offset " + std::to_string(offset);
  FIRN_ASSIGN_OR_RETURN(why_.behind, CollectEvidence(window_, offset, salt, segment.incarnation));
  if (why_.behind.batches_end > offset) why_.dropped = why_.behind.batches_end - offset;
  return false;
}

Status Replay::Deliver(const SegmentSummary& segment, std::uint64_t offset,
                       const ParsedRecord& record) {
  const SequenceNumber first = record.header.first_sequence;
  const std::uint32_t count = record.header.count;
  if (count == 0 || first <= result_.last_sequence || first > kSequenceMax - count) {
    return Corruption(segment, offset,
                      "sequence " + std::to_string(first) + " with " + std::to_string(count) +
                          " entries cannot follow sequence " +
                          std::to_string(result_.last_sequence) + "; restore the file");
  }
  ReplayedRecord replayed;
  replayed.first_sequence = first;
  replayed.count = count;
  replayed.begin = end_;
  replayed.end = end_ + record.bytes;
  replayed.payload = record.payload;
  FIRN_RETURN_IF_ERROR(sink_(replayed));
  result_.last_sequence = first + count - 1;
  ++result_.records;
  result_.entries += count;
  return Status();
}

Status Replay::Refuse(const std::string& proof) const {
  return Status(StatusCode::kCorruption,
                why_.where + ": the log is damaged at position " + std::to_string(end_) +
                    ", which had reached the disk: " + proof +
                    "; restore the file, or salvage the store into a new directory");
}

Status Replay::JudgeEnd() {
  if (input_.durable_at_least > end_ && !BugIsOn(SeededBug::kManifestMarkIgnored)) {
    return Refuse("the manifest records " + std::to_string(input_.durable_at_least) +
                  " as durable");
  }
  if (why_.behind.durable > end_) {
    return Refuse("the record at offset " + std::to_string(why_.behind.witness_offset) +
                  " of the same file records " + std::to_string(why_.behind.durable) +
                  " as durable");
  }
  result_.bytes_dropped = why_.dropped;
  for (const SegmentSummary& segment : segments_) {
    if (std::count(walked_.begin(), walked_.end(), segment.number) == 0) {
      FIRN_RETURN_IF_ERROR(JudgeUnwalked(segment));
    }
  }
  return Status();
}

Status Replay::JudgeUnwalked(const SegmentSummary& segment) {
  // Segments of flushed positions, recycled ones waiting for reuse among them, prove nothing.
  const bool older = first_ != nullptr && segment.chain && segment.chain->start <= end_ &&
                     segment.chain->start <= first_->chain->start;
  const bool other_life = segment.header_intact && segment.incarnation < incarnation_;
  if (older || other_life) return Status();

  FIRN_RETURN_IF_ERROR(window_.Open(file_system_, segment.path));
  FIRN_ASSIGN_OR_RETURN(
      const LogEvidence evidence,
      CollectEvidence(window_, kSegmentHeaderBytes, segment.salt(input_.database), incarnation_));
  if (evidence.durable > end_) {
    return Refuse("the record at offset " + std::to_string(evidence.witness_offset) + " of " +
                  segment.path + " records " + std::to_string(evidence.durable) + " as durable");
  }
  if (evidence.valid_records > 0 && !segment.header_intact) {
    return HeaderDamaged(segment);
  }
  if (segment.chain && segment.chain->start > end_) {
    const FileNumber predecessor = segment.chain->predecessor;
    if (predecessor.value != 0 && !Exists(predecessor)) {
      return Refuse(segment.path + " follows segment " + SegmentFileName(predecessor) +
                    ", which is missing");
    }
    if (predecessor.value == 0 && evidence.batches > 0) {
      return Refuse(segment.path + " begins a later log at position " +
                    std::to_string(segment.chain->start));
    }
  }
  if (evidence.batches_end != 0) {
    result_.bytes_dropped += evidence.batches_end - kSegmentHeaderBytes;
  }
  return Status();
}

LogPosition Replay::UnusedFrom() const {
  LogPosition unused = std::max(end_, input_.durable_at_least);
  std::uint64_t unplaced = 0;
  for (const SegmentSummary& segment : segments_) {
    if (segment.chain) {
      unused = std::max(unused, segment.chain->start + segment.file_bytes);
    } else {
      unplaced += segment.file_bytes;
    }
  }
  return unused + unplaced;
}

// The next log starts at the position, so chain records must be able to hold it and all that a
// process may add to it.
Status Replay::CheckReachable(LogPosition position) const {
  if (position < kLogStartsBelow / 2) return Status();
  return Status(StatusCode::kCorruption,
                input_.directory + ": manifest or log states position " +
                    std::to_string(position) + ", which no log reaches; restore the store, or " +
                    "salvage it into a new directory");
}

Result<LogReplayResult> Replay::Run() {
  FIRN_RETURN_IF_ERROR(CheckReachable(std::max(input_.replay_from, input_.durable_at_least)));
  FIRN_RETURN_IF_ERROR(InspectAll());
  FIRN_RETURN_IF_ERROR(Walk());
  FIRN_RETURN_IF_ERROR(JudgeEnd());
  result_.end = UnusedFrom();
  FIRN_RETURN_IF_ERROR(CheckReachable(result_.end));
  return result_;
}

}  // namespace

Result<LogReplayResult> ReplayLog(FileSystem& file_system, const LogReplayInput& input,
                                  const std::function<Status(const ReplayedRecord&)>& sink) {
  return Replay(file_system, input, sink).Run();
}

}  // namespace firn
