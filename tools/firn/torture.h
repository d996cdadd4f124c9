// What `firn torture` does where the build can simulate, and what it answers where it cannot: one
// of torture_run.cc and torture_missing.cc is built (CMakeLists.txt).
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "command_context.h"

namespace firn::tool {

struct TortureArguments {
  std::uint64_t seed = 1;                // the first one
  std::optional<std::uint64_t> runs;     // one seed each
  std::optional<double> minutes;
  bool reduce = true;                    // a failing seed to the smallest plan
  bool show_progress = false;
};

// Runs seeds until the first that fails, the number of runs or the time, whichever comes first.
[[nodiscard]] ExitCode RunTorture(CommandContext& context, const TortureArguments& arguments);

}  // namespace firn::tool
