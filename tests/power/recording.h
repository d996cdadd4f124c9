// Runs this program again with the recorder preloaded, and reads the trace.
//
// Threads: one at a time.
#pragma once

#include <string>
#include <vector>

#include "power/trace.h"
#include "power/workload.h"

namespace firn::power {

enum class RecordedMode : std::uint8_t { kWrite, kRecover };

struct Recording {
  std::string problem;  // why there is none; empty: there is
  std::vector<Event> events;
};

// `root`: an existing folder, which is recorded.
[[nodiscard]] Recording Record(const Workload& workload, RecordedMode mode,
                               const std::string& root);

// For main: what the recorded process does, when this is one. Returns its exit code, or -1.
[[nodiscard]] int RunRecordedProcess(int argument_count, char** arguments);

}  // namespace firn::power
