#include "exit_code.h"

namespace firn::tool {

ExitCode ExitCodeOf(StatusCode code) {
  switch (code) {
    case StatusCode::kOk: return ExitCode::kOk;
    case StatusCode::kInvalidArgument: return ExitCode::kUsage;
    case StatusCode::kNotFound:
    case StatusCode::kBusy:
    case StatusCode::kConflict:
    case StatusCode::kClosed:
    case StatusCode::kNotSupported: return ExitCode::kStore;
    case StatusCode::kNoSpace: return ExitCode::kNoSpace;
    case StatusCode::kCorruption: return ExitCode::kCorruption;
    case StatusCode::kIo:
    case StatusCode::kIndeterminate: return ExitCode::kIo;
  }
  return ExitCode::kIo;
}

}  // namespace firn::tool
