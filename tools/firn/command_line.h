// The whole command: parses the arguments, runs the subcommand, answers with its exit code.
#pragma once

#include "exit_code.h"

namespace firn::tool {

[[nodiscard]] ExitCode RunCommandLine(int argument_count, char** arguments);

}  // namespace firn::tool
