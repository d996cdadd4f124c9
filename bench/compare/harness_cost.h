// What the measuring itself costs: each recipe's phase on an engine that does nothing.
// Threads: the main one.
#pragma once

#include "job.h"

namespace firn::compare {

// Prints {"phase","nanoseconds"} a line: of one operation, the best of some runs.
Status PrintHarnessCost(Output& output);

}  // namespace firn::compare
