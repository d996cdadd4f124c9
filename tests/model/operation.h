// Operations of the model test as plain numbers, so that a list of them can be generated from a
// seed, printed, and shrunk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
  kScan,         // forwards or backwards, with bounds, to the end
  kWalk,         // seeks and single steps both ways
  kTakeSnapshot,
  kDropSnapshot,
  kReadSnapshot,
  kFlush,
  kCompactRange,
  kBackground,   // lets one background task run
  kIdle,         // lets everything settle
  kReopen,
  kCreateKeyspace,
  kDropKeyspace,
  kRenameKeyspace,
  kCheckpoint,
};
inline constexpr int kVerbCount = static_cast<int>(Verb::kCheckpoint) + 1;

struct Operation {
  Verb verb = Verb::kPut;
  std::uint32_t keyspace = 0;  // slot, taken modulo what exists
  std::uint32_t a = 0;         // key index
  std::uint32_t b = 0;         // second key index
  std::uint32_t n = 0;         // value seed, count, direction: as the verb needs
};

// How keys look in one run.
enum class KeyShape : std::uint8_t { kDense, kLongPrefix, kBinary, kEqualHeads };
inline constexpr int kKeyShapeCount = 4;

struct Plan {
  KeyShape shape = KeyShape::kDense;
  std::uint32_t keys = 100;
  std::vector<Operation> operations;
};

// Swarm: each seed leaves some verbs out and favours others.
[[nodiscard]] Plan MakePlan(std::uint64_t seed, std::size_t operations);
[[nodiscard]] std::string KeyOf(KeyShape shape, std::uint32_t index);
[[nodiscard]] std::string ValueOf(std::uint32_t seed);
[[nodiscard]] std::string ToText(const Operation& operation);

}  // namespace firn::testing
