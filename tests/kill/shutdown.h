// Power losses of a real file system: writers run on one that is stopped at a random moment,
// mounted again, and must hold what was durable then.
#pragma once

#include "parent.h"

namespace firn::kill {

// The exit code: 0, kExitBroken, or kExitSkipped when this machine cannot do it.
[[nodiscard]] int RunShutdowns(const ParentSettings& settings);

}  // namespace firn::kill
