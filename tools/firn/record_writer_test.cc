#include "record_writer.h"

#include <gtest/gtest.h>

#include "import_format.h"

namespace firn::tool {
namespace {

std::string Line(const RecordStyle& style, Slice key, Slice value) {
  std::string line;
  AppendRecord(style, key, value, line);
  return line;
}

TEST(AppendRecord, WritesOneLineWhateverTheBytes) {
  EXPECT_EQ(Line({}, "a\tb", "1\n2"), "a\\x09b\t1\\x0a2\n");
  EXPECT_EQ(Line({.coding = TextCoding::kHex}, "a", "\xff"), "61\tff\n");
  EXPECT_EQ(Line({.keys_only = true}, "a", "1"), "a\n");
  EXPECT_EQ(Line({.json = true}, "a\"", "\xff"), "{\"key\": \"a\\\"\", \"value_hex\": \"ff\"}\n");
  EXPECT_EQ(Line({.json = true, .keys_only = true}, "a", "1"), "{\"key\": \"a\"}\n");
}

// What dump wrote, load reads.
TEST(AppendRecord, RoundTripsThroughTheImportParsers) {
  for (int high = 0; high < 256; ++high) {
    for (const int low : {0x00, 0x09, 0x0A, 0x0D, 0x22, 0x5C, 0x80, 0xBF, 0xFF}) {
      const std::string bytes = {static_cast<char>(high), static_cast<char>(low)};
      for (const TextCoding coding : {TextCoding::kEscape, TextCoding::kHex}) {
        std::string line = Line({.coding = coding}, bytes, bytes);
        line.pop_back();
        const Result<Record> separated = ParseSeparatedLine(line, coding);
        ASSERT_TRUE(separated.ok());
        EXPECT_EQ(separated->key, bytes);
        EXPECT_EQ(separated->value, bytes);
        const Result<Record> json = ParseJsonLine(Line({.json = true, .coding = coding}, bytes,
                                                       bytes));
        ASSERT_TRUE(json.ok());
        EXPECT_EQ(json->key, bytes);
        EXPECT_EQ(json->value, bytes);
      }
    }
  }
}

}  // namespace
}  // namespace firn::tool
