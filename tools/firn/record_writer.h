// Writes records the way scan and dump show them; every form but kKeysOnly text is read back by load.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>

#include "firn/slice.h"
#include "text_coding.h"

namespace firn::tool {

struct RecordStyle {
  bool json = false;      // one object a line instead of key TAB value
  TextCoding coding = TextCoding::kEscape;  // kHex makes JSON use key_hex and value_hex throughout
  bool keys_only = false;
};

// One line with its LF.
void AppendRecord(const RecordStyle& style, Slice key, Slice value, std::string& to);

// `"name": "text"`, or `"name_hex": "digits"` when the bytes are no UTF-8 or `coding` is kHex.
void AppendJsonMember(Slice name, Slice bytes, TextCoding coding, std::string& to);

}  // namespace firn::tool
