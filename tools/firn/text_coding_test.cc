#include "text_coding.h"

#include <gtest/gtest.h>

namespace firn::tool {
namespace {

std::string EveryByte() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  return bytes;
}

TEST(TextCoding, EveryByteSurvivesEscapeAndHex) {
  const std::string bytes = EveryByte() + EveryByte();
  for (const TextCoding coding : {TextCoding::kRaw, TextCoding::kEscape, TextCoding::kHex}) {
    const Result<std::string> decoded = Decode(coding, Encode(coding, bytes));
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(*decoded, bytes);
  }
}

TEST(TextCoding, EveryPairOfBytesSurvivesEscape) {
  for (int high = 0; high < 256; ++high) {
    for (int low = 0; low < 256; ++low) {
      const std::string bytes = {static_cast<char>(high), static_cast<char>(low)};
      ASSERT_EQ(*Decode(TextCoding::kEscape, Encode(TextCoding::kEscape, bytes)), bytes);
    }
  }
}

TEST(TextCoding, EscapedTextHasNoControlCharacter) {
  for (const char character : Encode(TextCoding::kEscape, EveryByte())) {
    EXPECT_GE(static_cast<unsigned char>(character), 0x20);
    EXPECT_NE(character, 0x7F);
  }
}

TEST(TextCoding, EscapesWhatIsNotPrintable) {
  EXPECT_EQ(Encode(TextCoding::kEscape, "a\\b\tc\n"), "a\\\\b\\x09c\\x0a");
  EXPECT_EQ(Encode(TextCoding::kEscape, "\xff\x7f"), "\\xff\\x7f");
}

TEST(TextCoding, LeavesUtf8ButNotTerminalControls) {
  EXPECT_EQ(Encode(TextCoding::kEscape, "n\xc3\xa9v\xc3\xa9 \xe2\x9d\x84"),
            "n\xc3\xa9v\xc3\xa9 \xe2\x9d\x84");
  EXPECT_EQ(Encode(TextCoding::kEscape, "\xc2\x9b"), "\\xc2\\x9b");
}

TEST(TextCoding, RefusesMalformedEscapesAndSaysWhere) {
  for (const Slice text : {"ab\\", "ab\\q", "ab\\x", "ab\\x1", "ab\\x1g"}) {
    const Result<std::string> decoded = Decode(TextCoding::kEscape, text);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_NE(decoded.status().message().find("character 3"), Slice::npos) << text;
  }
}

TEST(TextCoding, RefusesMalformedHex) {
  EXPECT_FALSE(Decode(TextCoding::kHex, "abc").ok());
  EXPECT_FALSE(Decode(TextCoding::kHex, "0g").ok());
  EXPECT_EQ(*Decode(TextCoding::kHex, "00fF"), std::string("\0\xff", 2));
  EXPECT_EQ(*Decode(TextCoding::kHex, ""), "");
}

TEST(Utf8, RefusesOverlongSurrogateAndTooLargeForms) {
  for (const Slice text : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "\x80", "\xe2\x82", "\xc3("}) {
    EXPECT_FALSE(IsUtf8(text));
  }
  EXPECT_TRUE(IsUtf8("\xf0\x9f\x8f\x94 \xe2\x82\xac"));
  EXPECT_TRUE(IsUtf8(""));
}

}  // namespace
}  // namespace firn::tool
