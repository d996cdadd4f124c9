// What the processes that start and stop others have in common.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "modes.h"
#include "shared_state.h"

namespace firn::kill {

struct ParentSettings {
  std::uint64_t runs = 100;
  std::uint64_t seed = 1;
  std::uint64_t rounds_per_store = 25;
  std::uint64_t delay_millis_max = 500;
  std::string directory;  // empty: a fresh one
  std::string recorder;   // the library of tests/power; set: children die at a call of their own
  std::string shutdown_type;  // of a file system; set: it is stopped instead of the children
  Fault fault = Fault::kNone;
};

// The wanted one or a fresh one, as an absolute path.
[[nodiscard]] std::string MakeWorkDirectory(const std::string& wanted);
[[nodiscard]] std::vector<std::string> ArgumentsOf(const ChildSettings& settings);

// Sets what the writer counts to what the store had reached.
void BeginRound(SharedState& shared, std::uint64_t round);

}  // namespace firn::kill
