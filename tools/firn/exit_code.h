// What the process tells its caller. The numbers are an interface
// (docs/command-line.md, "Exit codes").
#pragma once

#include "firn/status.h"

namespace firn::tool {

enum class ExitCode : int {
  kOk = 0,
  kKeyNotFound = 1,  // get: the key has no value; compare: a record is missing or differs
  kUsage = 2,        // the command line or an argument is wrong
  kBadInput = 3,     // some input records were malformed; the good ones are stored
  kStore = 4,        // the store cannot be used now: missing, busy, closed, existing, too new
  kCorruption = 5,   // stored bytes are wrong
  kNoSpace = 6,      // disk or memory budget full
  kIo = 7,           // reading or writing failed, standard output included
  kIncomplete = 8,   // repair: the new store is there, but not everything could be saved
  kBrokenPromise = 9,  // torture: a run failed
};

[[nodiscard]] ExitCode ExitCodeOf(StatusCode code);

}  // namespace firn::tool
