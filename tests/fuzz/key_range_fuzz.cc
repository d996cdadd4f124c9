// --from, --to and --prefix: a key is in the intersection exactly when each of them takes it; sizes
// with units and escaped text read back as what they were.

#include <optional>

#include "fuzz/fuzz_input.h"
#include "key_range.h"
#include "text_coding.h"
#include "units.h"

namespace firn::testing {
namespace {

void CheckRange(FuzzInput& input) {
  const auto given = input.Number<std::uint8_t>();
  const auto take = [&](int bit) -> std::optional<std::string> {
    if ((given >> bit & 1) == 0) return std::nullopt;
    return std::string(input.Piece());
  };
  const auto from = take(0);
  const auto to = take(1);
  const auto prefix = take(2);
  const tool::KeyRange range = tool::IntersectRange(from, to, prefix);
  std::string key(input.Piece());
  // Near the borders, where it counts.
  for (const std::string& each :
       {key, from.value_or(key), to.value_or(key), prefix.value_or(key) + key,
        range.upper.value_or(key), range.lower.value_or(key) + std::string(1, '\0')}) {
    const bool wanted = (!from || each >= *from) && (!to || each < *to) &&
                        (!prefix || each.starts_with(*prefix));
    const bool in_range =
        (!range.lower || each >= *range.lower) && (!range.upper || each < *range.upper);
    FIRN_CHECK(wanted == in_range);
  }
}

void CheckText(Slice text) {
  for (const auto coding : {tool::TextCoding::kEscape, tool::TextCoding::kHex}) {
    const std::string encoded = tool::Encode(coding, text);
    for (const char c : encoded) FIRN_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
    const auto decoded = tool::Decode(coding, encoded);
    FIRN_CHECK(decoded.ok() && *decoded == text);
    const auto given = tool::Decode(coding, text);
    if (given.ok()) FIRN_CHECK(given->size() <= text.size());
  }
  const auto bytes = tool::ParseBytes(text);
  if (bytes.ok()) FIRN_CHECK(!tool::FormatBytes(*bytes).empty());
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::FuzzInput input(data, size);
  firn::testing::CheckRange(input);
  firn::testing::CheckText(input.Rest());
  return 0;
}
