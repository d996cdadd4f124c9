// The whole command: parses the arguments, runs the subcommand, answers with its exit code.
// Threads: one at a time.
#pragma once

#include <memory>

#include "exit_code.h"

namespace firn::tool {

class CommandLine {
 public:
  CommandLine();
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // At most once.
  [[nodiscard]] ExitCode Run(int argument_count, char** arguments);
  // Parses the same way, and runs and tells nothing: kOk when there is something to run or to
  // answer, else kUsage. Any number of times.
  [[nodiscard]] ExitCode Check(int argument_count, char** arguments);

 private:
  struct Parser;
  const std::unique_ptr<Parser> parser_;
};

}  // namespace firn::tool
