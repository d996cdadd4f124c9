#include "loader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

#include "string_source.h"

namespace firn::tool {
namespace {

using testing::StringSource;

// A store that only counts.
struct Sink {
  std::vector<std::size_t> batches;
  std::vector<std::uint64_t> acknowledged;
  std::vector<std::uint64_t> bad_lines;
  std::size_t fail_at_batch = 1000;

  LoadHooks Hooks() {
    return {.write =
                [this](const WriteBatch& batch) {
                  if (batches.size() == fail_at_batch) return Status(StatusCode::kNoSpace, "full");
                  batches.push_back(batch.count());
                  return Status();
                },
            .acknowledged =
                [this](std::uint64_t rows) {
                  acknowledged.push_back(rows);
                  return Status();
                },
            .bad_record = [this](std::uint64_t line, Slice) { bad_lines.push_back(line); }};
  }
};

LoadReport LoadText(StringSource& source, Sink& sink, std::uint64_t batch_rows_max) {
  const ImportSettings import{.coding = TextCoding::kRaw, .key_field = ""};
  const std::unique_ptr<RecordReader> reader = RecordReader::Make(import, source);
  return Load(*reader, {.keyspace = {}, .batch_rows_max = batch_rows_max}, sink.Hooks());
}

TEST(Load, WritesFullBatchesThenTheRest) {
  StringSource source("a\t1\nb\t2\nbad\nc\t3\nd\t4\ne\t5\n");
  Sink sink;
  const LoadReport report = LoadText(source, sink, 2);
  EXPECT_TRUE(report.status.ok());
  EXPECT_EQ(report.rows, 5u);
  EXPECT_EQ(report.bad_rows, 1u);
  EXPECT_EQ(sink.batches, (std::vector<std::size_t>{2, 2, 1}));
  EXPECT_EQ(sink.acknowledged, (std::vector<std::uint64_t>{2, 4, 5}));
  EXPECT_EQ(sink.bad_lines, (std::vector<std::uint64_t>{3}));
}

TEST(Load, EmptyInputWritesNothing) {
  StringSource source("");
  Sink sink;
  EXPECT_EQ(LoadText(source, sink, 2).rows, 0u);
  EXPECT_TRUE(sink.batches.empty());
}

TEST(Load, ClosesABatchByBytesToo) {
  const ImportSettings import{.coding = TextCoding::kRaw, .key_field = ""};
  StringSource source("a\t1234567890\nb\t1234567890\nc\t1\n", 100);
  const std::unique_ptr<RecordReader> reader = RecordReader::Make(import, source);
  Sink sink;
  const LoadSettings settings{.keyspace = {}, .batch_rows_max = 100, .batch_bytes_max = 11};
  EXPECT_EQ(Load(*reader, settings, sink.Hooks()).rows, 3u);
  EXPECT_EQ(sink.batches, (std::vector<std::size_t>{1, 1, 1}));
}

TEST(Load, AcknowledgesNothingOfAFailedWrite) {
  StringSource source("a\t1\nb\t2\nc\t3\nd\t4\n");
  Sink sink;
  sink.fail_at_batch = 1;
  const LoadReport report = LoadText(source, sink, 2);
  EXPECT_EQ(report.status.code(), StatusCode::kNoSpace);
  EXPECT_EQ(report.rows, 2u);
  EXPECT_EQ(sink.acknowledged, (std::vector<std::uint64_t>{2}));
}

TEST(Load, KeepsWhatCameBeforeAReadError) {
  StringSource source("a\t1\nb\t2\nc\t3\n");
  source.FailAtEnd(Status(StatusCode::kIo, "gone"));
  Sink sink;
  const LoadReport report = LoadText(source, sink, 2);
  EXPECT_EQ(report.status.code(), StatusCode::kIo);
  EXPECT_EQ(report.rows, 3u);
}

TEST(BadRecordLog, ShowsTwentyThenCounts) {
  std::vector<std::string> lines;
  BadRecordLog log([&](Slice line) { lines.emplace_back(line); });
  for (std::uint64_t line = 1; line <= 25; ++line) log.Add(line, "no TAB");
  log.Finish();
  ASSERT_EQ(lines.size(), 21u);
  EXPECT_EQ(lines[0], "firn: bad record: line 1: no TAB\n");
  EXPECT_NE(lines[20].find("5 more"), std::string::npos);
  EXPECT_EQ(log.count(), 25u);
}

}  // namespace
}  // namespace firn::tool
