#include "text_coding.h"

#include <fmt/format.h>

namespace firn::tool {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

void AppendHexByte(unsigned char byte, std::string& to) {
  to.push_back(kHexDigits[byte >> 4]);
  to.push_back(kHexDigits[byte & 0xF]);
}

// -1 when `digit` is none.
int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// False when `text` does not start with two hexadecimal digits.
bool ReadHexByte(Slice text, std::string& to) {
  if (text.size() < 2) return false;
  const int high = HexValue(text[0]);
  const int low = HexValue(text[1]);
  if (high < 0 || low < 0) return false;
  to.push_back(static_cast<char>(high << 4 | low));
  return true;
}

// The longest printable stretch at the start of `text` that is one character: 0 when it has to be
// escaped. U+0080 to U+009F are control characters that terminals obey.
std::size_t PrintableBytes(Slice text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return first >= 0x20 && first != 0x7F && first != '\\' ? 1 : 0;
  const bool is_c1_control =
      first == 0xC2 && text.size() > 1 && static_cast<unsigned char>(text[1]) < 0xA0;
  return is_c1_control ? 0 : Utf8SequenceBytes(text);
}

void AppendEscaped(Slice bytes, std::string& to) {
  while (!bytes.empty()) {
    std::size_t count = PrintableBytes(bytes);
    if (count > 0) {
      to.append(bytes.substr(0, count));
    } else {
      count = 1;
      if (bytes[0] == '\\') {
        to.append("\\\\");
      } else {
        to.append("\\x");
        AppendHexByte(static_cast<unsigned char>(bytes[0]), to);
      }
    }
    bytes.remove_prefix(count);
  }
}

// Decodes the escape sequence at the start of `text` (its backslash included) and returns its
// length, or 0 when it is none.
std::size_t ReadEscape(Slice text, std::string& to) {
  if (text.size() < 2) return 0;
  switch (text[1]) {
    case '\\': to.push_back('\\'); return 2;
    case 't': to.push_back('\t'); return 2;
    case 'n': to.push_back('\n'); return 2;
    case 'r': to.push_back('\r'); return 2;
    case 'x': return ReadHexByte(text.substr(2), to) ? 4 : 0;
    default: return 0;
  }
}

Result<std::string> DecodeEscaped(Slice text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t backslash = std::min(text.find('\\', at), text.size());
    bytes.append(text.substr(at, backslash - at));
    at = backslash;
    if (at == text.size()) break;
    const std::size_t count = ReadEscape(text.substr(at), bytes);
    if (count == 0) {
      return Status(StatusCode::kInvalidArgument,
                    fmt::format("unknown escape at character {}: use \\\\, \\t, \\n, \\r or \\xNN",
                                at + 1));
    }
    at += count;
  }
  return bytes;
}

Result<std::string> DecodeHex(Slice text) {
  if (text.size() % 2 != 0) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("{} hexadecimal digits: write two for each byte", text.size()));
  }
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t at = 0; at < text.size(); at += 2) {
    if (!ReadHexByte(text.substr(at), bytes)) {
      return Status(StatusCode::kInvalidArgument,
                    fmt::format("no hexadecimal byte at character {}: use 0-9, a-f", at + 1));
    }
  }
  return bytes;
}

}  // namespace

void AppendEncoded(TextCoding coding, Slice bytes, std::string& to) {
  switch (coding) {
    case TextCoding::kRaw: to.append(bytes); return;
    case TextCoding::kEscape: AppendEscaped(bytes, to); return;
    case TextCoding::kHex:
      for (const char byte : bytes) AppendHexByte(static_cast<unsigned char>(byte), to);
      return;
  }
}

std::string Encode(TextCoding coding, Slice bytes) {
  std::string text;
  AppendEncoded(coding, bytes, text);
  return text;
}

Result<std::string> Decode(TextCoding coding, Slice text) {
  switch (coding) {
    case TextCoding::kRaw: return std::string(text);
    case TextCoding::kEscape: return DecodeEscaped(text);
    case TextCoding::kHex: return DecodeHex(text);
  }
  return Status(StatusCode::kInvalidArgument, "unknown text coding");
}

std::size_t Utf8SequenceBytes(Slice text) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  // Shortest forms only: no C0, C1, nothing above U+10FFFF.
  const std::size_t count = first >= 0xC2 && first <= 0xDF   ? 2
                            : first >= 0xE0 && first <= 0xEF ? 3
                            : first >= 0xF0 && first <= 0xF4 ? 4
                                                             : 0;
  if (count == 0 || text.size() < count) return 0;
  for (std::size_t i = 1; i < count; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) > 0x9F;
  const bool too_large = first == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || too_large ? 0 : count;
}

bool IsUtf8(Slice text) {
  while (!text.empty()) {
    const std::size_t count = Utf8SequenceBytes(text);
    if (count == 0) return false;
    text.remove_prefix(count);
  }
  return true;
}

}  // namespace firn::tool
