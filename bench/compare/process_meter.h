// What this process has used: time, processor, memory, bytes written, space.
// Threads: any. Figures the kernel does not offer are 0.
#pragma once

#include <cstdint>
#include <string>

namespace firn::compare {

using Nanoseconds = std::uint64_t;

[[nodiscard]] Nanoseconds Now();  // monotonic
[[nodiscard]] inline double Seconds(Nanoseconds duration) {
  return static_cast<double>(duration) * 1e-9;
}

struct Usage {
  double cpu_seconds = 0;           // of all threads
  std::uint64_t bytes_written = 0;  // sent towards the device, page cache write-back included
};
[[nodiscard]] Usage ReadUsage();

struct Memory {
  std::uint64_t rss_bytes = 0;
  std::uint64_t rss_peak_bytes = 0;       // since ResetPeak
  std::uint64_t rss_anonymous_bytes = 0;  // without mapped files
};
[[nodiscard]] Memory ReadMemory();
void ResetPeak();

// What the files under `directory` occupy on the device.
[[nodiscard]] std::uint64_t SpaceOf(const std::string& directory);

// For engines that cannot be asked: returns once this process has neither used the processor nor
// written for a while, and how many seconds that last quiet while took.
double WaitUntilQuiet();

}  // namespace firn::compare
