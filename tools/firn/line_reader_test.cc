#include "line_reader.h"

#include <gtest/gtest.h>

#include <vector>

#include "string_source.h"

namespace firn::tool {
namespace {

using testing::StringSource;

// Lines in brackets; "too long" and "failed" as words.
std::string Cut(const std::string& input, std::size_t piece_bytes, std::size_t bytes_max = 100) {
  StringSource source(input, piece_bytes);
  LineReader reader(source, bytes_max);
  std::string seen;
  Slice line;
  for (;;) {
    switch (reader.Next(&line)) {
      case LineReader::Outcome::kLine: seen += "[" + std::string(line) + "]"; break;
      case LineReader::Outcome::kTooLong: seen += "too long"; break;
      case LineReader::Outcome::kFailed: return seen + "failed";
      case LineReader::Outcome::kEnd:
        EXPECT_EQ(reader.bytes_consumed(), input.size());
        return seen;
    }
  }
}

TEST(LineReader, CutsTheSameLinesHoweverTheInputArrives) {
  const std::string input = "one\ntwo\r\n\n\r\nlast";
  for (std::size_t piece = 1; piece <= input.size(); ++piece) {
    EXPECT_EQ(Cut(input, piece), "[one][two][][][last]");
  }
}

TEST(LineReader, FinalNewlineOpensNoFurtherLine) {
  EXPECT_EQ(Cut("a\n", 1), "[a]");
  EXPECT_EQ(Cut("", 1), "");
  EXPECT_EQ(Cut("\n", 1), "[]");
}

TEST(LineReader, DropsOneCarriageReturnOnlyAtTheEnd) {
  EXPECT_EQ(Cut("a\rb\r\r\nc\r", 2), "[a\rb\r][c]");
}

TEST(LineReader, KeepsNulBytes) {
  EXPECT_EQ(Cut(std::string("a\0b\n", 4), 1), std::string("[a\0b]", 5));
}

TEST(LineReader, SkipsALineOverTheLimitAndGoesOn) {
  for (std::size_t piece = 1; piece <= 20; ++piece) {
    EXPECT_EQ(Cut("1234\n12345\nok\n1234567890", piece, 4), "[1234]too long[ok]too long");
  }
}

TEST(LineReader, CountsLinesIncludingSkippedOnes) {
  StringSource source("a\ntoo long\nb\n", 2);
  LineReader reader(source, 3);
  Slice line;
  while (reader.Next(&line) != LineReader::Outcome::kEnd) {
    if (line == "b") EXPECT_EQ(reader.line_number(), 3u);
  }
  EXPECT_EQ(reader.line_number(), 3u);
}

TEST(LineReader, ReportsAReadErrorInsteadOfAShortLastLine) {
  StringSource source("a\nhalf", 2);
  source.FailAtEnd(Status(StatusCode::kIo, "disk on fire"));
  LineReader reader(source, 100);
  Slice line;
  EXPECT_EQ(reader.Next(&line), LineReader::Outcome::kLine);
  EXPECT_EQ(reader.Next(&line), LineReader::Outcome::kFailed);
  EXPECT_EQ(reader.status().message(), "disk on fire");
}

}  // namespace
}  // namespace firn::tool
