// Runs a plan against a store and an ordered map at once and compares every answer.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <span>
#include <string>

#include "firn/options.h"
#include "model/operation.h"

namespace firn::testing {

struct RunSettings {
  const char* name = "";
  Compression compression = Compression::kNone;
  LogBackend log_backend = LogBackend::kMapped;
  bool threads = false;           // real background threads instead of deterministic turns
  std::uint64_t ledger_bytes = 0;  // memory budget of the tiny store
  std::size_t block_bytes = 256;
  std::uint64_t memtable_bytes = 0;     // 0: as TinyTuning has it, here and below
  std::uint64_t table_bytes = 0;
  std::uint64_t log_segment_bytes = 0;
  std::size_t runs_per_level = 0;
  std::optional<Durability> durability{};  // of every write; unset: each has its own
};

inline void PrintTo(const RunSettings& settings, std::ostream* out) { *out << settings.name; }

struct RunCounts {
  std::uint64_t flushes = 0;
  std::uint64_t compactions = 0;
  std::uint64_t reopens = 0;
  // Of everything the store answered, in order: values, presence, entries of scans and walks,
  // outcomes of conditional writes, sequences of snapshots, names of keyspaces.
  std::uint64_t answers = 0;
};

// What went wrong and at which operation, or nullopt.
[[nodiscard]] std::optional<std::string> RunPlan(const Plan& plan,
                                                 std::span<const Operation> operations,
                                                 const RunSettings& settings, std::uint64_t seed,
                                                 RunCounts* counts);

}  // namespace firn::testing
