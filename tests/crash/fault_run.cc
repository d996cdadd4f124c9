#include "crash/fault_run.h"

#include <algorithm>
#include <cctype>

namespace firn::testing {
namespace {

std::string WithoutNumbers(const std::string& text) {
  std::string plain;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) {
      plain.push_back(c);
    } else if (plain.empty() || plain.back() != 'N') {
      plain.push_back('N');
    }
  }
  return plain;
}

}  // namespace

FaultRun::FaultRun(const Workload& workload, const Fault& fault)
    : workload_(workload), fault_(fault), player_(workload, *disk_, ledger_) {}

std::string FaultRun::Run() {
  disk_->InjectFault(fault_);
  player_.Play([this] { return AfterStep(); });
  Observe();
  disk_->InjectFault(Fault());
  if (disk_->open_handles() != 0) player_.Wrong("handles stay open");
  const Bounds bounds = ledger_.bounds();
  // Bytes that the cache no longer shows do not survive the process either.
  const bool reverted = fault_.kind == Fault::Kind::kSyncRevertsPages && fault_call_ != 0;
  using Keep = CrashKeep;
  OpenAnew({Keep::Data::kEverything, Keep::Names::kEverything, 0},
           reverted ? bounds : bounds.AfterKill(),
           "after the process ended");
  OpenAnew({Keep::Data::kNothing, Keep::Names::kNothing, 0}, bounds, "after a power loss");
  return player_.wrong();
}

// A fault is seen in an answer, in the health of the store between two steps, or in its counter.
void FaultRun::Observe() {
  if (disk_->fault_call() != 0) {
    fault_call_ = disk_->fault_call();
    place_ = WithoutNumbers(disk_->fault_place());
  }
  Surfaced now = player_.overcome() != 0 ? Surfaced::kCounter : Surfaced::kNowhere;
  if (player_.db() != nullptr && player_.db()->GetStats().health != "ok") now = Surfaced::kHealth;
  if (!player_.TakeErrors().empty()) now = Surfaced::kAnswer;
  surfaced_ = std::max(surfaced_, now);
}

bool FaultRun::AfterStep() {
  Observe();
  if (player_.db() == nullptr) return true;
  player_.CheckReads();
  Observe();
  if (steps_done_++ == workload_.steps.size()) HealAndJudge();
  return player_.wrong().empty();
}

void FaultRun::HealAndJudge() {
  disk_->InjectFault(Fault());
  player_.manual().Advance(std::chrono::seconds(3));
  player_.manual().RunUntilIdle();
  const std::string health = player_.db()->GetStats().health;
  const bool works = player_.WorksAgain();
  const auto errors = player_.TakeErrors();
  const bool full = fault_.kind == Fault::Kind::kNoSpace;
  // What no room ends after all (docs/recovery.md, "Errors while running").
  const bool ends = (workload_.log == LogBackend::kPositioned && health != "ok") ||
                    health.find("dropping a keyspace") != std::string::npos;
  if (works) {
    // It may know already what will stop it: a log that has no next segment.
    surfaced_ = std::max(surfaced_, health == "ok" ? Surfaced::kNowhere : Surfaced::kHealth);
  } else if (full && !ends) {
    player_.Wrong("there is room again, but: " + errors.front());
  } else if (health.empty() || health == "ok") {
    player_.Wrong("it says it is well, but: " + errors.front());
  }
  player_.CheckReads();
  const auto unreadable = player_.TakeErrors();
  if (!unreadable.empty()) player_.Wrong("a read of a disk that is well: " + unreadable.front());
}

void FaultRun::OpenAnew(const CrashKeep& keep, const Bounds& bounds, const std::string& when) {
  const auto disk = disk_->CrashImage(keep);
  Sighting sighting;
  Found found;
  const std::string unreadable =
      LookAt(workload_, *disk, Care::kEverything, &sighting, &found);
  if (!unreadable.empty()) return player_.Wrong(when + ": " + unreadable);
  const std::string wrong = ledger_.Judge(sighting, bounds);
  if (!wrong.empty()) {
    player_.Wrong(when + ": " + wrong + "; " + ledger_.Explain(found, bounds));
  }
}

}  // namespace firn::testing
