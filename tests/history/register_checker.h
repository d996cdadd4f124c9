// Whether what several threads did to one register can be explained by doing it one after another.
//
// The search is Wing and Gong's ("Testing and Verifying Concurrent Objects", 1993): of the
// operations that no other one wholly precedes, try each that fits the register's value as the
// next. Lowe's refinement ("Testing for Linearizability", 2016) remembers every pair of operations
// done and value reached, so that no pair is searched twice.
//
// Threads: pure functions and values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace firn::history {

using Value = std::uint64_t;
inline constexpr Value kAbsent = 0;

struct Operation {
  enum class Kind : std::uint8_t {
    kRead,         // found `value`
    kWrite,        // of `value`; kAbsent: a deletion
    kConditional,  // of `value` if the register held `expected`
  };
  // It took effect at one moment between these; all moments of a history differ.
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  Value value = kAbsent;
  Value expected = kAbsent;
  Kind kind = Kind::kRead;
  bool succeeded = true;  // of kConditional
};

[[nodiscard]] std::string Describe(const Operation& operation);

// Nullopt if some order explains the history of a register that held `initial`; otherwise the
// operations around the place that no order gets past.
[[nodiscard]] std::optional<std::string> CheckRegister(std::vector<Operation> history,
                                                       Value initial);

}  // namespace firn::history
