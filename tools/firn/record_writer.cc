#include "record_writer.h"

#include <nlohmann/json.hpp>

namespace firn::tool {

void AppendJsonMember(Slice name, Slice bytes, TextCoding coding, std::string& to) {
  to += '"';
  to += name;
  if (coding != TextCoding::kHex && IsUtf8(bytes)) {
    to += "\": ";
    to += nlohmann::json(bytes).dump();
    return;
  }
  to += "_hex\": \"";
  AppendEncoded(TextCoding::kHex, bytes, to);
  to += '"';
}

void AppendRecord(const RecordStyle& style, Slice key, Slice value, std::string& to) {
  if (style.json) {
    to += '{';
    AppendJsonMember("key", key, style.coding, to);
    if (!style.keys_only) {
      to += ", ";
      AppendJsonMember("value", value, style.coding, to);
    }
    to += "}\n";
    return;
  }
  AppendEncoded(style.coding, key, to);
  if (!style.keys_only) {
    to += '\t';
    AppendEncoded(style.coding, value, to);
  }
  to += '\n';
}

}  // namespace firn::tool
