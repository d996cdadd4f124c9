// The whole command: parses the arguments, runs the subcommand, answers with its exit code.
// Threads: one at a time.
#pragma once

#include "exit_code.h"

namespace firn::tool {

[[nodiscard]] ExitCode RunCommandLine(int argument_count, char** arguments);

// Parses the same way, and runs and tells nothing: kOk when there is something to run or to answer,
// else kUsage.
[[nodiscard]] ExitCode CheckCommandLine(int argument_count, char** arguments);

}  // namespace firn::tool
