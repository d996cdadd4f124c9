// The NDJSON import format: {"key": text or "key_hex": digits, "value": ... or "value_hex": ...}.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "import_format.h"

namespace firn::tool {
namespace {

Status Malformed(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}

// The bytes of member `name` or, in hexadecimal, of `name`_hex; exactly one must be there.
Result<std::string> ReadMember(const nlohmann::json& object, const std::string& name) {
  const std::string hex_name = name + "_hex";
  const auto plain = object.find(name);
  const auto hex = object.find(hex_name);
  const bool has_plain = plain != object.end();
  if (has_plain == (hex != object.end())) {
    return Malformed(fmt::format("one of \"{}\" and \"{}\" is needed, {}", name, hex_name,
                                 has_plain ? "not both" : "none is there"));
  }
  const nlohmann::json& member = has_plain ? *plain : *hex;
  const std::string* text = member.get_ptr<const std::string*>();
  if (text == nullptr) {
    return Malformed(fmt::format("\"{}\" is no string", has_plain ? name : hex_name));
  }
  if (has_plain) return *text;
  Result<std::string> bytes = Decode(TextCoding::kHex, *text);
  if (bytes.ok()) return bytes;
  return Malformed(fmt::format("\"{}\": {}", hex_name, bytes.status().message()));
}

}  // namespace

Result<Record> ParseJsonLine(Slice line) {
  const nlohmann::json object =
      nlohmann::json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded()) return Malformed("not well-formed JSON");
  if (!object.is_object()) return Malformed("not a JSON object");
  Result<std::string> key = ReadMember(object, "key");
  if (!key.ok()) return std::move(key).status();
  Result<std::string> value = ReadMember(object, "value");
  if (!value.ok()) return std::move(value).status();
  return Record{std::move(key).value(), std::move(value).value()};
}

}  // namespace firn::tool
