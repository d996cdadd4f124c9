#include "process_meter.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace firn::compare {
namespace {

// The number after `name` in a file of "name: number" lines.
std::uint64_t Field(const char* file, const std::string& name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, name.size(), name) == 0 && line.size() > name.size() &&
        line[name.size()] == ':') {
      return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10);
    }
  }
  return 0;
}

double SecondsOf(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

Nanoseconds Now() {
  return static_cast<Nanoseconds>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                      std::chrono::steady_clock::now().time_since_epoch())
                                      .count());
}

Usage ReadUsage() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {SecondsOf(usage.ru_utime) + SecondsOf(usage.ru_stime),
          Field("/proc/self/io", "write_bytes")};
}

Memory ReadMemory() {
  constexpr std::uint64_t kKiB = 1024;
  return {Field("/proc/self/status", "VmRSS") * kKiB, Field("/proc/self/status", "VmHWM") * kKiB,
          Field("/proc/self/status", "RssAnon") * kKiB};
}

void ResetPeak() {
  std::ofstream("/proc/self/clear_refs") << "5";  // proc(5): resets VmHWM
}

std::uint64_t SpaceOf(const std::string& directory) {
  constexpr std::uint64_t kBlock = 512;  // stat(2): the unit of st_blocks
  std::uint64_t blocks = 0;
  std::error_code gone;  // files may be deleted meanwhile
  std::filesystem::recursive_directory_iterator files(directory, gone);
  for (; !gone && files != std::filesystem::recursive_directory_iterator(); files.increment(gone)) {
    struct stat info{};
    if (stat(files->path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
      blocks += static_cast<std::uint64_t>(info.st_blocks);
    }
  }
  return blocks * kBlock;
}

double WaitUntilQuiet() {
  constexpr auto kWindow = std::chrono::milliseconds(100);
  constexpr int kQuietWindows = 5;
  constexpr double kQuietCpu = 0.002;  // our own polling stays far below
  int quiet = 0;
  Usage before = ReadUsage();
  while (quiet < kQuietWindows) {
    std::this_thread::sleep_for(kWindow);
    const Usage after = ReadUsage();
    const bool idle = after.cpu_seconds - before.cpu_seconds < kQuietCpu &&
                      after.bytes_written == before.bytes_written;
    quiet = idle ? quiet + 1 : 0;
    before = after;
  }
  return std::chrono::duration<double>(kWindow * kQuietWindows).count();
}

}  // namespace firn::compare
