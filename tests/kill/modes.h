// The modes of the program besides the parent's; each runs in a process of its own.
//
// Threads: one call a process.
#pragma once

#include <cstdint>
#include <string>

#include "firn/options.h"

namespace firn::kill {

// Wrong behaviour of the writer that stands for a broken store: the test has to notice it.
enum class Fault : std::uint8_t {
  kNone,
  kEarlyAcknowledge,  // promises commits that were not written yet
  kSplitBatches,      // writes group and marker of a commit one after the other
  kForgottenSync,     // takes every acknowledgement for a durable one
};

// Everything a child needs; passed on its command line.
struct ChildSettings {
  std::string mode;  // "write", "open" or "check"
  std::string directory;
  std::string shared_path;
  std::uint64_t seed = 0;   // of the store's contents
  std::uint64_t round = 0;
  Fault fault = Fault::kNone;
  bool loses_power = false;  // the disk stops below the store: errors are no failures
};

// The store's options, the same in every process; small budgets and both log backends come up.
[[nodiscard]] Options StoreOptions(std::uint64_t seed);

// Writes in all streams, with syncs, flushes and compactions between, until killed.
[[noreturn]] void RunWriter(const ChildSettings& settings);

// Opens the store and waits to be killed, so that recovery itself is interrupted.
[[noreturn]] void RunOpener(const ChildSettings& settings);

// Compares the whole store with what it must hold, records what each stream reached, and exits
// with 0 or, after telling the difference, with kExitBroken.
[[noreturn]] void RunChecker(const ChildSettings& settings);

}  // namespace firn::kill
