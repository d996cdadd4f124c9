// Decides, call by call, whether the simulated disk obeys: counts the calls that change something
// or make it durable, and says which of them stop or fail.
//
// Threads: one at a time.
// P1  Every counted call passes Begin exactly once, before it changes anything.
// P2  A fault waits from its call on for the first call it can happen to: kShortWrite for a write,
//     kNoSpace for an allocation, kSyncDropsPages and kSyncRevertsPages for a file sync,
//     kNameDoneAnyway for a rename or removal.
// P3  Looks and mappings have counts of their own: a fault of those kinds goes by them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "sim/memory_file_system.h"
#include "sim/seeded_random.h"

namespace firn::testing {

[[nodiscard]] const char* NameOf(CallKind kind);

// What the call must do instead of its work.
enum class Verdict : std::uint8_t {
  kObey,
  kFail,
  kNoSpace,
  kWriteHalf,
  kDropPages,
  kRevertPages,
  kFailAfterwards,  // its work first, then fail
};

class CallPlan {
 public:
  [[nodiscard]] std::uint64_t calls() const { return calls_; }
  [[nodiscard]] std::uint64_t looks() const { return looks_; }
  [[nodiscard]] std::uint64_t mappings() const { return mappings_; }
  [[nodiscard]] bool fault_fired() const { return fired_; }
  [[nodiscard]] std::uint64_t fault_call() const { return fault_call_; }
  [[nodiscard]] const std::string& fault_place() const { return fault_place_; }

  void SetFault(Fault fault);
  void SetRates(const FaultRates& rates);
  [[nodiscard]] std::uint64_t random_faults() const { return random_faults_; }
  void ObserveFaults(std::function<void(const StruckFault&)> observer) {
    observer_ = std::move(observer);
  }
  void StopAt(std::uint64_t at_call) { stop_at_ = at_call; }

  // `path` names the file for faults that stick to it.
  Verdict Begin(CallKind kind, const std::string& path);
  // Counts a look; true: it fails.
  [[nodiscard]] bool FailsLook(const std::string& path);
  [[nodiscard]] bool FailsMapping(const std::string& path);
  // By the rate of reads.
  [[nodiscard]] bool FailsRead(const std::string& path);
  // For the message of the last call's error: which random fault it was, or nothing.
  [[nodiscard]] const std::string& mark() const { return mark_; }

 private:
  [[nodiscard]] bool CanHappenTo(CallKind kind) const;
  [[nodiscard]] Verdict FirstVerdict() const;
  [[nodiscard]] Verdict LaterVerdict(CallKind kind, const std::string& path) const;
  [[nodiscard]] Verdict RandomVerdict(CallKind kind, const std::string& path);
  [[nodiscard]] bool Strikes(std::uint32_t one_in, CallKind kind, const std::string& path);
  void Fire(std::uint64_t call, const std::string& what, const std::string& path);

  std::uint64_t calls_ = 0;
  std::uint64_t looks_ = 0;
  std::uint64_t mappings_ = 0;
  std::uint64_t stop_at_ = 0;  // 0: never
  Fault fault_;
  bool fired_ = false;
  std::string fault_path_;
  std::string fault_place_;
  std::uint64_t fault_call_ = 0;
  FaultRates rates_;
  SeededRandom random_{0};
  std::uint64_t drawn_faults_ = 0;
  std::uint64_t random_faults_ = 0;
  std::string mark_;
  std::function<void(const StruckFault&)> observer_;
};

}  // namespace firn::testing
