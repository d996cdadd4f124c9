#include "loader.h"

#include <fmt/format.h>

namespace firn::tool {
namespace {

// Writes the batch and tells so; an empty batch is no write.
Status Commit(WriteBatch& batch, const LoadHooks& hooks, LoadReport& report) {
  if (batch.empty()) return {};
  if (Status status = hooks.write(batch); !status.ok()) return status;
  report.rows += batch.count();
  batch.Clear();
  return hooks.acknowledged(report.rows);
}

}  // namespace

LoadReport Load(RecordReader& reader, const LoadSettings& settings, const LoadHooks& hooks) {
  LoadReport report;
  WriteBatch batch;
  Record record;
  for (;;) {
    const RecordReader::Outcome outcome = reader.Next(&record);
    if (outcome == RecordReader::Outcome::kBad) {
      ++report.bad_rows;
      hooks.bad_record(reader.line_number(), reader.status().message());
      continue;
    }
    if (outcome == RecordReader::Outcome::kFailed) {
      // What was read before the failure is good: keep it.
      report.status = Commit(batch, hooks, report);
      if (report.status.ok()) report.status = reader.status();
      return report;
    }
    if (outcome == RecordReader::Outcome::kEnd) {
      report.status = Commit(batch, hooks, report);
      return report;
    }
    batch.Put(record.key, record.value, settings.keyspace);
    const bool is_full =
        batch.count() >= settings.batch_rows_max || batch.bytes() >= settings.batch_bytes_max;
    if (!is_full) continue;
    report.status = Commit(batch, hooks, report);
    if (!report.status.ok()) return report;
  }
}

void BadRecordLog::Add(std::uint64_t line, Slice reason) {
  ++count_;
  if (count_ <= kShown) print_(fmt::format("firn: bad record: line {}: {}\n", line, reason));
}

void BadRecordLog::Finish() {
  if (count_ <= kShown) return;
  print_(fmt::format("firn: bad records: {} more like these: correct them and load again\n",
                     count_ - kShown));
}

}  // namespace firn::tool
