// Reads the log of a damaged store: every record of it that is readable, in order, and what is
// missing between them.
//
// Threads: one. Lifetime: the survey outlives it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "db/repair_survey.h"
#include "wal/log_reader.h"
#include "wal/log_salvage.h"

namespace firn {

class RepairLog {
 public:
  RepairLog(FileSystem& file_system, const std::string& directory, const StoreSurvey& survey,
            RepairReport& report)
      : file_system_(file_system), directory_(directory), survey_(survey), report_(report) {}

  // Finds which segments count and in which order. Reads every one of them.
  void Survey();
  // Keyspaces that records speak of. After Survey.
  [[nodiscard]] const std::set<KeyspaceId>& keyspaces() const { return keyspaces_; }
  // Hands over the records, sequences ascending, and reports losses. After Survey.
  Status Replay(const std::function<Status(const ReplayedRecord&)>& sink);
  [[nodiscard]] SequenceNumber last_sequence() const { return last_sequence_; }

 private:
  struct Segment {
    FileNumber number;
    std::string path;
    std::optional<LogChain> chain;
    std::uint32_t incarnation = 0;   // of its records
    SequenceNumber first_sequence = 0;
    std::uint64_t records = 0;  // of batches
    LogPosition end = 0;        // behind its last record, where known
  };

  void SurveySegment(FileNumber number);
  Status ReplaySegment(const Segment& segment,
                       const std::function<Status(const ReplayedRecord&)>& sink);
  Status Apply(const Segment& segment, const LogPiece& piece,
               const std::function<Status(const ReplayedRecord&)>& sink);
  void Lose(const Segment& segment, const LogPiece& piece);
  void SettleLoss(SequenceNumber next);
  [[nodiscard]] LogPosition PositionOf(const Segment& segment, std::uint64_t offset) const {
    return segment.chain ? segment.chain->start + offset - kSegmentHeaderBytes : 0;
  }

  FileSystem& file_system_;
  const std::string directory_;
  const StoreSurvey& survey_;
  RepairReport& report_;
  std::vector<Segment> segments_;
  std::set<KeyspaceId> keyspaces_;
  SequenceNumber last_sequence_ = 0;
  LogPosition end_ = 0;  // behind the last readable record of the log, where known
  std::optional<RepairLoss> open_loss_;  // its entries are known when the next record is
  std::uint64_t open_entries_ = 0;       // as damaged headers count them
};

}  // namespace firn
