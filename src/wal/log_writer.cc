// The append path is one bounds check, one EncodeRecord into the mapping and one release store; all
// else (switching, windows, preparation) hides behind `notice_at_` and `room_end_`, offsets at
// which Append takes the slow path.
#include "wal/log_writer.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "base/coding.h"
#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "wal/live_segments.h"

namespace firn {
namespace {

constexpr std::size_t kScratchBytesKept = std::size_t{1} << 20;

class SegmentedLogWriter final : public LogWriter {
 public:
  SegmentedLogWriter(const Runtime& runtime, DirectoryHandle& directory, MemoryLedger& ledger,
                     std::function<FileNumber()> next_file_number, LogWriterSettings settings);
  ~SegmentedLogWriter() override;

  // Makes the first segment.
  Status Begin();

  Result<LogPosition> Append(SequenceNumber first_sequence, std::uint32_t count,
                             std::span<const Slice> parts, AfterAppend after) override;
  Status Sync(LogPosition upto) override { return live_.Sync(upto); }
  LogPosition appended() const override { return live_.appended(); }
  LogPosition durable() const override { return live_.durable(); }
  Status failure() const override { return live_.health(); }
  [[nodiscard]] std::uint64_t cleanup_failures() const override {
    return supply_.cleanup_failures();
  }
  Status health() const override {
    Status status = live_.health();
    return status.ok() ? supply_.health() : status;
  }
  std::uint64_t segment_failures() const override { return supply_.failures(); }
  std::vector<SegmentInfo> segments() const override { return live_.Infos(); }
  void Release(LogPosition position) override { live_.Release(position); }
  void Trim() override { supply_.Trim(); }
  Status Close() override;

 private:
  Status WriteFrame(LogRecordType type, SequenceNumber first_sequence, std::uint32_t count,
                    std::span<const Slice> parts);
  Status WriteThrough(const RecordHeader& header, std::span<const Slice> parts);
  Status SwitchSegment(std::size_t record_bytes);
  Status Enter(PreparedSegment prepared, LogPosition start, FileNumber predecessor);
  void Notice();
  void MoveWindow();
  [[nodiscard]] LogPosition position() const {
    return current_->start() + (offset_ - kSegmentHeaderBytes);
  }

  const LogWriterSettings settings_;
  MemoryLedger& ledger_;

  // Owned by the holder of the commit lock.
  std::shared_ptr<LogSegment> current_;
  char* mapping_ = nullptr;
  bool stores_ = false;  // the next frame goes through mapping_
  RecordSalt salt_;
  std::uint64_t offset_ = 0;     // in the current file, where the next record begins
  std::uint64_t room_end_ = 0;   // records end at or before it; behind it is room for the seal
  std::uint64_t notice_at_ = 0;  // at or behind this offset background work is due
  SequenceNumber next_sequence_;
  std::string scratch_;  // one encoded record, for the positioned backend

  // Set by Append, cleared when the task begins: a hint that saves tasks, it orders nothing.
  std::atomic<bool> window_scheduled_{false};
  // durable() when the window last moved; only ever compared with a later durable().
  std::atomic<LogPosition> durable_at_last_window_;

  // In this order: tasks use the supply and the segments, closing segments goes back to the supply.
  TaskTracker tasks_;
  SegmentSupply supply_;
  LiveSegments live_;
};

SegmentedLogWriter::SegmentedLogWriter(const Runtime& runtime, DirectoryHandle& directory,
                                       MemoryLedger& ledger,
                                       std::function<FileNumber()> next_file_number,
                                       LogWriterSettings settings)
    : settings_(std::move(settings)),
      ledger_(ledger),
      next_sequence_(settings_.first_sequence),
      durable_at_last_window_(settings_.start),
      tasks_(*runtime.executor),
      supply_(*runtime.file_system, directory, tasks_, std::move(next_file_number),
              {settings_.directory, settings_.database, settings_.incarnation,
               settings_.segment_bytes, settings_.recycled_max, settings_.backend}),
      live_(supply_, *runtime.clock, settings_.start) {
  ledger_.Add(MemoryClass::kLog, scratch_.capacity());
}

SegmentedLogWriter::~SegmentedLogWriter() {
  tasks_.WaitForAll();
  ledger_.Remove(MemoryClass::kLog, scratch_.capacity());
}

Status SegmentedLogWriter::Begin() {
  FIRN_ASSIGN_OR_RETURN(PreparedSegment first, supply_.Take());
  return Enter(std::move(first), settings_.start, FileNumber{});
}

Result<LogPosition> SegmentedLogWriter::Append(SequenceNumber first_sequence, std::uint32_t count,
                                               std::span<const Slice> parts, AfterAppend after) {
  FIRN_DCHECK(count > 0 && first_sequence >= next_sequence_);
  if (live_.dead()) [[unlikely]]
    return live_.Closed();
  std::size_t payload_bytes = 0;
  for (const Slice part : parts) payload_bytes += part.size();
  FIRN_CHECK(payload_bytes <= kRecordPayloadBytesMax);
  const std::size_t bytes = RecordBytes(payload_bytes);
  stores_ = mapping_ != nullptr;
  if (bytes > room_end_ - offset_) [[unlikely]]
    FIRN_RETURN_IF_ERROR(SwitchSegment(bytes));
  stores_ = mapping_ != nullptr && after == AfterAppend::kNothing;
  FIRN_RETURN_IF_ERROR(WriteFrame(LogRecordType::kBatch, first_sequence, count, parts));
  next_sequence_ = first_sequence + count;
  const LogPosition end = position();
  live_.set_appended(end);
  if (offset_ >= notice_at_) [[unlikely]]
    Notice();
  return end;
}

// Moves offset_ but not appended(): what nobody can sync yet does not count as appended.
Status SegmentedLogWriter::WriteFrame(LogRecordType type, SequenceNumber first_sequence,
                                      std::uint32_t count, std::span<const Slice> parts) {
  RecordHeader header;
  header.type = static_cast<std::uint8_t>(type);
  header.first_sequence = first_sequence;
  header.count = count;
  header.incarnation = settings_.incarnation;
  // Before the first sync of this log nothing in it claims to be durable: a log begun by an open
  // that did not survive to its manifest must prove nothing against the log it was to replace.
  const LogPosition durable = live_.durable();
  header.durable_position = durable == settings_.start ? 0 : durable;
  if (BugIsOn(SeededBug::kDurableMarksNotWritten)) header.durable_position = 0;
  if (!stores_) [[unlikely]]
    return WriteThrough(header, parts);
  offset_ += EncodeRecord(mapping_ + offset_, offset_, salt_, header, parts);
  return Status();
}

Status SegmentedLogWriter::WriteThrough(const RecordHeader& header, std::span<const Slice> parts) {
  std::size_t payload_bytes = 0;
  for (const Slice part : parts) payload_bytes += part.size();
  const std::size_t bytes = RecordBytes(payload_bytes);
  if (scratch_.size() < bytes || scratch_.size() > std::max(bytes, kScratchBytesKept)) {
    ledger_.Remove(MemoryClass::kLog, scratch_.capacity());
    std::string(bytes, '\0').swap(scratch_);
    ledger_.Add(MemoryClass::kLog, scratch_.capacity());
  }
  EncodeRecord(scratch_.data(), offset_, salt_, header, parts);
  Status status = current_->file().WriteAt(offset_, Slice(scratch_.data(), bytes));
  // What was written of it is overwritten by the next record, and was promised to nobody. A seal or
  // a chain record is half of a switch that cannot be taken back.
  const bool batch = header.type == static_cast<std::uint8_t>(LogRecordType::kBatch);
  if (status.code() == StatusCode::kNoSpace && batch) return status;
  if (!status.ok() && !BugIsOn(SeededBug::kLogWriteErrorIgnored)) {
    return live_.Die(std::move(status));
  }
  offset_ += bytes;
  return Status();
}

// 1. A prepared successor, so that a full disk stops the writer before it has written anything.
// 2. Seal, so that a reader knows that the log goes on. 3. Chain, and every append goes there.
// Syncing and closing the old segment is the background's, or the next Sync's, whoever is first.
Status SegmentedLogWriter::SwitchSegment(std::size_t record_bytes) {
  const std::uint64_t file_bytes = record_bytes + kSegmentOverheadBytes;
  Result<PreparedSegment> next =
      file_bytes > settings_.segment_bytes ? supply_.TakeJumbo(file_bytes) : supply_.Take();
  if (!next.ok()) {
    if (next.status().code() == StatusCode::kNoSpace) return next.status();
    return live_.Die(next.status());
  }
  FIRN_RETURN_IF_ERROR(WriteFrame(LogRecordType::kSeal, next_sequence_, 0, {}));
  FIRN_RETURN_IF_ERROR(Enter(std::move(next).value(), position(), current_->number()));
  tasks_.Schedule([this] { live_.RetireSealed(); });
  return Status();
}

Status SegmentedLogWriter::Enter(PreparedSegment prepared, LogPosition start,
                                 FileNumber predecessor) {
  current_ =
      std::make_shared<LogSegment>(std::move(prepared), start, ledger_, settings_.window_bytes);
  mapping_ = current_->file().mapping();
  salt_ = {settings_.database, current_->number()};
  offset_ = kSegmentHeaderBytes;
  room_end_ = current_->size() - kSealRecordBytes;
  std::array<char, kChainPayloadBytes> payload{};
  EncodeChain(payload.data(), {start, predecessor});
  const Slice chain(payload.data(), payload.size());
  FIRN_RETURN_IF_ERROR(WriteFrame(LogRecordType::kChain, next_sequence_, 0, {&chain, 1}));
  live_.Push(current_, position());
  Notice();
  return Status();
}

void SegmentedLogWriter::Notice() {
  const std::uint64_t quarter = current_->size() / 4;
  if (offset_ >= quarter) supply_.PrepareSoon();
  if (mapping_ != nullptr && !window_scheduled_.exchange(true, std::memory_order_relaxed)) {
    tasks_.Schedule([this] { MoveWindow(); });
  }
  const std::uint64_t window_end = (offset_ / settings_.window_bytes + 1) * settings_.window_bytes;
  notice_at_ = offset_ < quarter ? std::min(quarter, window_end) : window_end;
}

// Populating makes clean pages dirty, which the next sync then writes. That pays while syncs are
// rare against windows; where one happened since the last move, the page faults are the lesser
// cost.
void SegmentedLogWriter::MoveWindow() {
  window_scheduled_.store(false, std::memory_order_relaxed);
  const std::shared_ptr<LogSegment> segment = live_.current();
  const LogPosition durable = live_.durable();
  const bool unsynced =
      durable == durable_at_last_window_.exchange(durable, std::memory_order_relaxed);
  const LogPosition appended = live_.appended();
  segment->MoveWindow(segment->OffsetOf(appended), unsynced);
}

Status SegmentedLogWriter::Close() {
  tasks_.WaitForAll();
  Status status = live_.health();
  if (live_.dead() && status.ok()) return status;  // closed already
  if (status.ok()) status = Sync(appended());
  const Status supply_status = supply_.Close();
  if (status.ok()) status = supply_status;
  const Status live_status = live_.Close();
  return status.ok() ? live_status : status;
}

}  // namespace

Result<std::unique_ptr<LogWriter>> LogWriter::Create(const Runtime& runtime,
                                                     DirectoryHandle& directory,
                                                     MemoryLedger& ledger,
                                                     std::function<FileNumber()> next_file_number,
                                                     LogWriterSettings settings) {
  if (settings.segment_bytes < 2 * kSegmentOverheadBytes ||
      settings.segment_bytes > kSegmentBytesMax || settings.window_bytes == 0) {
    return Status(StatusCode::kInvalidArgument, "log: segment_bytes must be between " +
                                                    std::to_string(2 * kSegmentOverheadBytes) +
                                                    " and " + std::to_string(kSegmentBytesMax) +
                                                    ", window_bytes not 0");
  }
  auto writer = std::make_unique<SegmentedLogWriter>(
      runtime, directory, ledger, std::move(next_file_number), std::move(settings));
  FIRN_RETURN_IF_ERROR(writer->Begin());
  return Result<std::unique_ptr<LogWriter>>(std::move(writer));
}

}  // namespace firn
