#include "import_format.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/types.h"
#include "string_source.h"

namespace firn::tool {
namespace {

using testing::StringSource;

static_assert(tool::kKeyBytesMax == firn::kKeyBytesMax);
static_assert(tool::kValueBytesMax == firn::kValueBytesMax);

// Records as "key=value;", bad ones as "bad@line;".
std::string ReadAll(const ImportSettings& settings, const std::string& input) {
  StringSource source(input);
  const std::unique_ptr<RecordReader> reader = RecordReader::Make(settings, source);
  std::string seen;
  Record record;
  for (;;) {
    switch (reader->Next(&record)) {
      case RecordReader::Outcome::kRecord:
        seen += fmt::format("{}={};", record.key, record.value);
        break;
      case RecordReader::Outcome::kBad:
        EXPECT_FALSE(reader->status().message().empty());
        seen += fmt::format("bad@{};", reader->line_number());
        break;
      case RecordReader::Outcome::kFailed: return seen + "failed";
      case RecordReader::Outcome::kEnd: return seen;
    }
  }
}

const ImportSettings kTsv{.format = ImportFormat::kSeparated, .coding = TextCoding::kEscape,
                          .key_field = ""};
const ImportSettings kRawLines{.format = ImportFormat::kSeparated, .coding = TextCoding::kRaw,
                               .key_field = ""};
const ImportSettings kNdjson{.format = ImportFormat::kJson, .key_field = ""};
const ImportSettings kPackages{.format = ImportFormat::kParagraphs, .key_field = "Package"};

TEST(SeparatedLines, FirstTabSeparates) {
  EXPECT_EQ(ReadAll(kTsv, "a\t1\nb\t2\t3\r\n\t\nlast\tx"), "a=1;b=2\t3;=;last=x;");
}

TEST(SeparatedLines, OnlyTsvDecodesEscapes) {
  EXPECT_EQ(ReadAll(kTsv, "a\\t\t\\x41\\\\\n"), "a\t=A\\;");
  EXPECT_EQ(ReadAll(kRawLines, "a\\t\t\\x41\\\\\n"), "a\\t=\\x41\\\\;");
}

TEST(SeparatedLines, BadLinesHarmNoOther) {
  EXPECT_EQ(ReadAll(kTsv, "a\t1\nno tab\n\nb\t\\q\nc\t3\n"), "a=1;bad@2;bad@4;c=3;");
}

TEST(SeparatedLines, KeysOverTheLimitAreBad) {
  const std::string longest(kKeyBytesMax, 'k');
  EXPECT_EQ(ReadAll(kRawLines, longest + "\tv\n" + longest + "k\tv\n"), longest + "=v;bad@2;");
}

TEST(SeparatedLines, LinesOverTheLimitAreBad) {
  ImportSettings settings = kRawLines;
  settings.line_bytes_max = 5;
  EXPECT_EQ(ReadAll(settings, "a\t123\na\t1234\nb\t1\n"), "a=123;bad@2;b=1;");
}

TEST(JsonLines, TakeTextOrHexadecimal) {
  EXPECT_EQ(ReadAll(kNdjson,
                    "{\"key\": \"a\", \"value\": \"\\u00e9\\n\"}\n"
                    "{\"key_hex\": \"00ff\", \"value_hex\": \"\"}\r\n"
                    " {\"value\": \"v\", \"key\": \"\", \"more\": [1, {}]} \n"),
            std::string("a=\xc3\xa9\n;") + std::string("\0\xff", 2) + "=;=v;");
}

TEST(JsonLines, RefuseEverythingElse) {
  for (const char* line :
       {"{", "[]", "1", "nope", "{\"key\": \"a\"}", "{\"value\": \"a\"}",
        "{\"key\": 1, \"value\": \"\"}", "{\"key\": \"a\", \"key_hex\": \"00\", \"value\": \"\"}",
        "{\"key_hex\": \"0\", \"value\": \"\"}", "{\"key\": \"\xff\", \"value\": \"\"}",
        "{\"key\": \"\\ud800\", \"value\": \"\"}", "{\"key\": \"a\", \"value\": \"\"} x"}) {
    EXPECT_EQ(ReadAll(kNdjson, std::string(line) + "\n"), "bad@1;") << line;
  }
}

TEST(JsonLines, SurviveDeepNesting) {
  EXPECT_EQ(ReadAll(kNdjson, std::string(200'000, '[') + "\n"), "bad@1;");
}

TEST(Paragraphs, AreKeyedByTheFieldWhateverItsCase) {
  EXPECT_EQ(ReadAll(kPackages,
                    "\n\nPackage: zsh\nVersion: 5\nDescription: shell\n more\n\n"
                    "package:bash\r\nVersion: 6\r\n \r\n\r\n"),
            "zsh=Package: zsh\nVersion: 5\nDescription: shell\n more;"
            "bash=package:bash\nVersion: 6;");
}

TEST(Paragraphs, LastOneNeedsNoBlankLine) {
  EXPECT_EQ(ReadAll(kPackages, "Package: a\n\nPackage: b"), "a=Package: a;b=Package: b;");
}

TEST(Paragraphs, BadOnesAreNamedByTheirFirstLine) {
  EXPECT_EQ(ReadAll(kPackages,
                    "Version: 1\nMore: 2\n\nPackage: good\n\n continued\nPackage: x\n\n"
                    "Package: a\nnonsense\n\nPackage: a\nPackage: b\n\nPackage: last\n"),
            "bad@1;good=Package: good;bad@6;bad@9;bad@12;last=Package: last;");
}

TEST(Paragraphs, FieldTextInsideAnotherFieldIsNotTheKey) {
  EXPECT_EQ(ReadAll(kPackages, "X: 1\n Package: no\nPackage: yes\n"),
            "yes=X: 1\n Package: no\nPackage: yes;");
}

TEST(RecordReader, ReportsReadErrors) {
  for (const ImportSettings& settings : {kTsv, kNdjson, kPackages}) {
    StringSource source("Package:\ta");
    source.FailAtEnd(Status(StatusCode::kIo, "gone"));
    const std::unique_ptr<RecordReader> reader = RecordReader::Make(settings, source);
    Record record;
    EXPECT_EQ(reader->Next(&record), RecordReader::Outcome::kFailed);
    EXPECT_EQ(reader->status().code(), StatusCode::kIo);
  }
}

}  // namespace
}  // namespace firn::tool
