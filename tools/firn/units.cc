#include "units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace firn::tool {
namespace {

struct Unit {
  Slice name;
  std::uint64_t bytes;
};

constexpr std::uint64_t kKibi = 1024;
constexpr std::uint64_t kKilo = 1000;
constexpr std::array kUnits = {
    Unit{"", 1},
    Unit{"B", 1},
    Unit{"K", kKibi},
    Unit{"KiB", kKibi},
    Unit{"kB", kKilo},
    Unit{"KB", kKilo},
    Unit{"M", kKibi* kKibi},
    Unit{"MiB", kKibi* kKibi},
    Unit{"MB", kKilo* kKilo},
    Unit{"G", kKibi* kKibi* kKibi},
    Unit{"GiB", kKibi* kKibi* kKibi},
    Unit{"GB", kKilo* kKilo* kKilo},
    Unit{"T", kKibi* kKibi* kKibi* kKibi},
    Unit{"TiB", kKibi* kKibi* kKibi* kKibi},
    Unit{"TB", kKilo* kKilo* kKilo* kKilo},
};

}  // namespace

Result<std::uint64_t> ParseBytes(Slice text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc()) {
    const Slice name(rest, static_cast<std::size_t>(end - rest));
    for (const Unit& unit : kUnits) {
      if (unit.name != name) continue;
      if (number > std::numeric_limits<std::uint64_t>::max() / unit.bytes) break;
      return number * unit.bytes;
    }
  }
  return Status(StatusCode::kInvalidArgument,
                fmt::format("'{}' is no size: write digits and a unit, like 64MiB", text));
}

std::string FormatBytes(std::uint64_t bytes) {
  if (bytes < kKibi) return fmt::format("{} B", bytes);
  constexpr std::array kNames = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double size = static_cast<double>(bytes) / kKibi;
  std::size_t unit = 0;
  // From 1023.95 on one decimal would read "1024.0".
  while (size >= 1023.95 && unit + 1 < kNames.size()) {
    size /= kKibi;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, kNames[unit]);
}

std::string FormatCount(std::uint64_t count) {
  std::string text = fmt::format("{}", count);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string FormatDuration(std::uint64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{:02}m", seconds / 3600, seconds % 3600 / 60);
}

}  // namespace firn::tool
