// A run in a process of its own: what a broken engine does to it (an abort, a deadlock that nothing
// can unwind, a loop without end) stays there and is told as the failure of that run.
//
// Threads: the calling process must have one.
#pragma once

#include <chrono>

#include "torture/simulation.h"

namespace firn::testing {

// A run that takes longer than this without a word is ended. Runs take milliseconds.
inline constexpr std::chrono::milliseconds kRunTimeMax = std::chrono::seconds(120);

// As Simulate, but a death of the run is a failure that says what it left on standard error.
[[nodiscard]] RunVerdict SimulateIsolated(const Plan& plan);

}  // namespace firn::testing
