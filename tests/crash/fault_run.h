// Plays a workload on a disk that fails at one of its calls, and judges what the store answers
// while it does, when the disk is well again, and after it is opened anew.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <string>

#include "crash/ledger.h"
#include "crash/player.h"
#include "crash/steps.h"
#include "sim/memory_file_system.h"

namespace firn::testing {

class FaultRun {
 public:
  FaultRun(const Workload& workload, const Fault& fault);
  // Empty when every promise was kept:
  //  - no answer of a read is wrong, and none fails once the disk is well;
  //  - what failed for certain is never seen, what was acknowledged is there;
  //  - after a lack of space the store works again by itself; after other failures it works, or
  //    says in GetStats().health what stopped it and refuses writes in words.
  [[nodiscard]] std::string Run();

  [[nodiscard]] std::uint64_t calls() const { return disk_->calls(); }
  // The call that failed, by the count of the fault's kind; 0: the fault never struck.
  [[nodiscard]] std::uint64_t fault_call() const { return fault_call_; }
  // Where the fault showed.
  enum class Surfaced : std::uint8_t { kNowhere, kCounter, kHealth, kAnswer };
  [[nodiscard]] Surfaced surfaced() const { return surfaced_; }
  // What failed, with every number replaced by N: "removal of /store/N.sst".
  [[nodiscard]] const std::string& place() const { return place_; }

 private:
  bool AfterStep();
  void Observe();
  void HealAndJudge();
  void OpenAnew(const CrashKeep& keep, const Bounds& bounds, const std::string& when);

  const Workload& workload_;
  const Fault fault_;
  std::unique_ptr<MemoryFileSystem> disk_ = MemoryFileSystem::Create();
  Ledger ledger_;
  Player player_;
  std::size_t steps_done_ = 0;
  Surfaced surfaced_ = Surfaced::kNowhere;
  std::uint64_t fault_call_ = 0;
  std::string place_;
};

}  // namespace firn::testing
