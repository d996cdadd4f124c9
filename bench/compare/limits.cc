// firn_limits: prints what the machine can do, a JSON line each (docs/comparison.md).
#include "limits.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "limits_tools.h"

namespace firn::limits {
namespace {

constexpr std::uint64_t kDataBytes = 348 * kMiB;  // 3 million entries of 116 B
constexpr std::uint64_t kQuickDataBytes = 64 * kMiB;
// A line's number in the cycle of random loads has 32 bits.
constexpr std::uint64_t kDataBytesMax = std::uint64_t{1} << 37;

void Print(const Limit& limit) {
  const nlohmann::ordered_json line = {
      {"limit", limit.name}, {"value", limit.value}, {"unit", limit.unit}, {"how", limit.how}};
  fmt::print("{}\n", line.dump());
  std::fflush(stdout);
}

Status MeasureAll(const Settings& settings) {
  FIRN_RETURN_IF_ERROR(MeasureMemory(settings, Print));
  FIRN_RETURN_IF_ERROR(MeasureCpu(settings, Print));
  FIRN_RETURN_IF_ERROR(MeasureLog(settings, Print));
  return MeasureDisk(settings, Print);
}

int Main(int argument_count, char** arguments) {
  CLI::App app("Measures what this machine can do at most, as JSON lines on standard output.");
  Settings settings;
  settings.data_bytes = 0;
  app.add_option("--dir", settings.directory, "a directory on the disk in question; left as it was")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_flag("--quick", settings.quick, "smaller arrays and shorter loops, under 15 seconds");
  app.add_option("--data-bytes", settings.data_bytes,
                 "size of the array of random loads and of the walk (default: 348 MiB, quick 64)")
      ->check(CLI::Range(kMiB, kDataBytesMax));
  CLI11_PARSE(app, argument_count, arguments);
  if (settings.data_bytes == 0) settings.data_bytes = settings.quick ? kQuickDataBytes : kDataBytes;
  const Status status = MeasureAll(settings);
  if (status.ok()) return 0;
  fmt::print(stderr, "firn_limits: {}\n", status.ToString());
  return 1;
}

}  // namespace
}  // namespace firn::limits

int main(int argument_count, char** arguments) {
  return firn::limits::Main(argument_count, arguments);
}
