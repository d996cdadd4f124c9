// What the machine itself can do: the bounds that no engine on it can pass.
//
// Not here: which limit bounds which row of the comparison (rows_limits.py).
// Threads: one call at a time; a measurement starts and joins its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "firn/status.h"

namespace firn::limits {

struct Settings {
  std::string directory;     // on the disk in question; must exist
  bool quick = false;        // smaller arrays and shorter loops: an indication, not a measurement
  std::uint64_t data_bytes;  // the size of the data whose random loads are timed
};

struct Limit {
  std::string name;
  double value = 0;
  std::string unit;
  std::string how;
};

// Told of each limit as soon as it is known.
using Sink = std::function<void(const Limit&)>;

// One entry of the comparison as a log holds it: a 16 B key, a 100 B value and 16 B of framing.
inline constexpr std::uint64_t kRecordBytes = 132;

// Bandwidth of copies and reads, latency of random loads. Errors: kNoSpace.
Status MeasureMemory(const Settings& settings, const Sink& sink);
// Appends to a log and syncs of it. Errors: kIo, kNoSpace.
Status MeasureLog(const Settings& settings, const Sink& sink);
// Sequential and random transfers of the device. Errors: kIo, kNoSpace, kNotSupported when the file
// system has no direct I/O.
Status MeasureDisk(const Settings& settings, const Sink& sink);
// Sorting, merging and walking entries in memory. Errors: kNoSpace.
Status MeasureCpu(const Settings& settings, const Sink& sink);

}  // namespace firn::limits
