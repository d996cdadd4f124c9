// What one seed decides before a simulation starts: sizes, settings, faults, and which verbs its
// clients use. Swarm: most seeds leave something out, so that what is left meets itself more often.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/tuning.h"
#include "firn/options.h"
#include "sim/fiber_scheduler.h"
#include "sim/memory_file_system.h"

namespace firn::testing {

enum class Verb : std::uint8_t {
  kPut,
  kDelete,
  kDeleteRange,
  kBatch,
  kPutIfAbsent,
  kCompareAndSet,
  kGet,
  kMultiGet,
  kScan,
  kSnapshot,   // takes one and holds it
  kReadSnapshot,
  kSync,
  kFlush,
  kCompact,
  kKeyspace,   // a keyspace of the client's own: made, written, read, renamed, dropped
  kCheckpoint,
  kSleep,
};
inline constexpr std::size_t kVerbs = static_cast<std::size_t>(Verb::kSleep) + 1;

struct OperationId {
  std::size_t client = 0;
  std::size_t index = 0;  // among those of the client
  friend bool operator==(const OperationId&, const OperationId&) = default;
};

struct Plan {
  std::uint64_t seed = 0;
  ScheduleSettings schedule;
  Options options;
  Tuning tuning;
  std::size_t workers = 3;
  std::size_t clients = 3;
  std::size_t operations = 40;  // of each client
  std::uint64_t keys = 24;
  std::uint64_t value_bytes = 120;
  std::array<std::uint32_t, kVerbs> weights{};
  std::uint32_t latency_one_in = 0;  // calls of the disk that take a while; 0: none
  std::uint32_t stall_one_in = 0;    // of those, that take very long; 0: none
  FaultRates faults;
  std::uint64_t crash_step = 0;  // 0: none
  CrashKeep crash_keep;
  // The operations that are carried out; unset: all. What an operation does depends on its id
  // alone, so leaving others out does not change it.
  std::optional<std::vector<OperationId>> only{};
  bool narrate = false;  // the verdict tells every operation in words

  [[nodiscard]] bool Has(OperationId operation) const;
  [[nodiscard]] std::vector<OperationId> Operations() const;
  [[nodiscard]] bool has_faults() const {
    return (faults.io_one_in | faults.read_one_in | faults.no_space_one_in |
            faults.short_write_one_in | faults.sync_drop_one_in) != 0;
  }
};

[[nodiscard]] Plan MakePlan(std::uint64_t seed);
// On one line, as name=value words.
[[nodiscard]] std::string ToText(const Plan& plan);
[[nodiscard]] const char* NameOf(Verb verb);

}  // namespace firn::testing
