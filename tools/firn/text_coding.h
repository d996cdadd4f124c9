// How bytes are written as text and read back.
//
// T1  Decode(kEscape, Encode(kEscape, bytes)) == bytes, and the same for kHex, for any bytes.
// T2  Escaped text has no control character: it fits on one line, between TABs, on a terminal.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "firn/slice.h"
#include "firn/status.h"

namespace firn::tool {

enum class TextCoding : std::uint8_t {
  kRaw,     // the bytes themselves
  kEscape,  // backslash as \\, bytes that are not printable UTF-8 as \xNN
  kHex,     // two hexadecimal digits a byte
};

void AppendEncoded(TextCoding coding, Slice bytes, std::string& to);
[[nodiscard]] std::string Encode(TextCoding coding, Slice bytes);

// kInvalidArgument names the position of the first wrong character. Escaped text may also use
// \t, \n and \r; every other character stands for itself.
[[nodiscard]] Result<std::string> Decode(TextCoding coding, Slice text);

// The length of the well-formed UTF-8 sequence at the start of `text`, or 0 when there is none.
[[nodiscard]] std::size_t Utf8SequenceBytes(Slice text);
[[nodiscard]] bool IsUtf8(Slice text);

}  // namespace firn::tool
