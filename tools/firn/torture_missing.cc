#include "torture.h"

namespace firn::tool {

ExitCode RunTorture(CommandContext& context, const TortureArguments&) {
  return context.Fail("cannot simulate", "this build",
                      Status(StatusCode::kNotSupported,
                             "it has no scheduler inside; build one that has, with the checks on: "
                             "cmake --preset dev && cmake --build build/dev --target firn"));
}

}  // namespace firn::tool
