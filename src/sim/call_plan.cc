#include "sim/call_plan.h"

namespace firn::testing {

void CallPlan::SetFault(Fault fault) {
  fault_ = fault;
  fired_ = false;
  fault_path_.clear();
}

bool CallPlan::CanHappenTo(CallKind kind) const {
  switch (fault_.kind) {
    case Fault::Kind::kIo: return true;
    case Fault::Kind::kNoSpace: return kind == CallKind::kWrite || kind == CallKind::kAllocate;
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

bool CallPlan::Strikes(std::uint32_t one_in) {
  if (one_in == 0 || random_.Below(one_in) != 0) return false;
  ++random_faults_;
  return true;
}

Verdict CallPlan::RandomVerdict(CallKind kind) {
  if (Strikes(rates_.io_one_in)) return Verdict::kFail;
  const bool write = kind == CallKind::kWrite;
  if (write && Strikes(rates_.short_write_one_in)) return Verdict::kWriteHalf;
  if ((write || kind == CallKind::kAllocate) && Strikes(rates_.no_space_one_in)) {
    return Verdict::kNoSpace;
  }
  if (kind == CallKind::kFileSync && Strikes(rates_.sync_drop_one_in)) return Verdict::kDropPages;
  return Verdict::kObey;
}

bool CallPlan::FailsRead() { return Strikes(rates_.read_one_in); }

Verdict CallPlan::Begin(CallKind kind, const std::string& path) {
  ++calls_;
  if (stop_at_ != 0 && calls_ >= stop_at_) return Verdict::kFail;
  const Verdict random = RandomVerdict(kind);
  if (random != Verdict::kObey) return random;
  if (fired_) return LaterVerdict(kind, path);
  if (fault_.at_call == 0 || calls_ < fault_.at_call || !CanHappenTo(kind)) return Verdict::kObey;
  fired_ = true;
  fault_path_ = path;
  return FirstVerdict();
}

}  // namespace firn::testing
