// How many seeds a seeded test runs: its own number, scaled by the environment, so that a sanitizer
// run takes a fifth of the time and a nightly one ten times as long (docs/testing.md, "Seeds").
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace firn::testing {

// `seeds` at 100 percent, at least one. A percentage that is no number from 0 to 1000000 counts
// as 100.
inline std::uint64_t ScaleSeeds(std::uint64_t seeds, std::string_view percent) {
  std::uint64_t parsed = 0;
  const char* const end = percent.data() + percent.size();
  const auto [rest, error] = std::from_chars(percent.data(), end, parsed);
  if (percent.empty() || error != std::errc() || rest != end || parsed > 1000000) parsed = 100;
  const std::uint64_t scaled = seeds * parsed / 100;
  return scaled == 0 ? 1 : scaled;
}

// The same with FIRN_TEST_SCALE as the percentage.
inline std::uint64_t SeedCount(std::uint64_t seeds) {
  const char* const percent = std::getenv("FIRN_TEST_SCALE");
  return ScaleSeeds(seeds, percent == nullptr ? std::string_view("100") : percent);
}

}  // namespace firn::testing
