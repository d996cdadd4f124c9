#include "sim/call_plan.h"

namespace firn::testing {
namespace {

bool Allocates(CallKind kind) {
  return kind == CallKind::kWrite || kind == CallKind::kAllocate || kind == CallKind::kLink;
}

}  // namespace

void CallPlan::SetFault(Fault fault) {
  fault_ = fault;
  fired_ = false;
  fault_path_.clear();
}

bool CallPlan::CanHappenTo(CallKind kind) const {
  switch (fault_.kind) {
    case Fault::Kind::kIo: return true;
    case Fault::Kind::kNoSpace: return Allocates(kind);
    case Fault::Kind::kShortWrite: return kind == CallKind::kWrite;
    case Fault::Kind::kSyncDropsPages: return kind == CallKind::kFileSync;
  }
  return false;
}

Verdict CallPlan::FirstVerdict() const {
  switch (fault_.kind) {
    case Fault::Kind::kIo: return Verdict::kFail;
    case Fault::Kind::kNoSpace: return Verdict::kNoSpace;
    case Fault::Kind::kShortWrite: return Verdict::kWriteHalf;
    case Fault::Kind::kSyncDropsPages: return Verdict::kDropPages;
  }
  return Verdict::kFail;
}

Verdict CallPlan::LaterVerdict(CallKind kind, const std::string& path) const {
  if (!fault_.sticky) return Verdict::kObey;
  if (fault_.kind == Fault::Kind::kNoSpace) {
    return CanHappenTo(kind) ? Verdict::kNoSpace : Verdict::kObey;
  }
  if (path != fault_path_) return Verdict::kObey;
  const bool drops = fault_.kind == Fault::Kind::kSyncDropsPages && kind == CallKind::kFileSync;
  return drops ? Verdict::kDropPages : Verdict::kFail;
}

void CallPlan::SetRates(const FaultRates& rates) {
  rates_ = rates;
  random_ = SeededRandom(rates.seed);
}

bool CallPlan::Strikes(std::uint32_t one_in, CallKind kind, const std::string& path) {
  if (one_in == 0 || random_.Below(one_in) != 0) return false;
  const std::uint64_t number = ++drawn_faults_;
  if (number < rates_.first || number > rates_.last) return false;
  ++random_faults_;
  mark_ = FaultMark(number);
  if (observer_) observer_({number, kind, path});
  return true;
}

Verdict CallPlan::RandomVerdict(CallKind kind, const std::string& path) {
  if (Strikes(rates_.io_one_in, kind, path)) return Verdict::kFail;
  const bool write = kind == CallKind::kWrite;
  if (write && Strikes(rates_.short_write_one_in, kind, path)) return Verdict::kWriteHalf;
  if (Allocates(kind) && Strikes(rates_.no_space_one_in, kind, path)) return Verdict::kNoSpace;
  const bool sync = kind == CallKind::kFileSync;
  if (sync && Strikes(rates_.sync_drop_one_in, kind, path)) return Verdict::kDropPages;
  return Verdict::kObey;
}

bool CallPlan::FailsRead(const std::string& path) {
  mark_.clear();
  return Strikes(rates_.read_one_in, CallKind::kRead, path);
}

Verdict CallPlan::Begin(CallKind kind, const std::string& path) {
  ++calls_;
  mark_.clear();
  if (stop_at_ != 0 && calls_ >= stop_at_) return Verdict::kFail;
  const Verdict random = RandomVerdict(kind, path);
  if (random != Verdict::kObey) return random;
  if (fired_) return LaterVerdict(kind, path);
  if (fault_.at_call == 0 || calls_ < fault_.at_call || !CanHappenTo(kind)) return Verdict::kObey;
  fired_ = true;
  fault_path_ = path;
  return FirstVerdict();
}

}  // namespace firn::testing
