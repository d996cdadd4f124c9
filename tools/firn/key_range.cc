#include "key_range.h"

#include <algorithm>

namespace firn::tool {

std::optional<std::string> EndOfPrefix(Slice prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xFF) end.pop_back();
  if (end.empty()) return std::nullopt;
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

KeyRange IntersectRange(std::optional<std::string> from, std::optional<std::string> to,
                        const std::optional<std::string>& prefix) {
  KeyRange range{std::move(from), std::move(to)};
  if (!prefix.has_value()) return range;
  if (!range.lower.has_value() || *range.lower < *prefix) range.lower = prefix;
  const std::optional<std::string> end = EndOfPrefix(*prefix);
  if (end.has_value() && (!range.upper.has_value() || *end < *range.upper)) range.upper = end;
  return range;
}

}  // namespace firn::tool
