#include "sim/call_plan.h"

namespace firn::testing {
namespace {

bool Allocates(CallKind kind) {
  return kind == CallKind::kWrite || kind == CallKind::kAllocate || kind == CallKind::kLink;
}

}  // namespace

const char* NameOf(CallKind kind) {
  switch (kind) {
    case CallKind::kWrite: return "write to";
    case CallKind::kAllocate: return "creation of";
    case CallKind::kLink: return "link to";
    case CallKind::kFileSync: return "sync of";
    case CallKind::kClose: return "close of";
    case CallKind::kRename: return "rename of";
    case CallKind::kRemove: return "removal of";
    case CallKind::kDirectorySync: return "directory sync of";
    case CallKind::kRead: return "read of";
    case CallKind::kLock: return "lock of";
  }
  return "call for";
}

void CallPlan::SetFault(Fault fault) {
  fault_ = fault;
  fired_ = false;
  fault_path_.clear();
  fault_place_.clear();
  fault_call_ = 0;
}

void CallPlan::Fire(std::uint64_t call, const std::string& what, const std::string& path) {
  fired_ = true;
  fault_call_ = call;
  fault_path_ = path;
  fault_place_ = what + " " + path;
}

bool CallPlan::CanHappenTo(CallKind kind) const {
  switch (fault_.kind) {
    case Fault::Kind::kIo: return true;
    case Fault::Kind::kNoSpace: return Allocates(kind);
    case Fault::Kind::kShortWrite: return kind == CallKind::kWrite;
    case Fault::Kind::kSyncDropsPages:
    case Fault::Kind::kSyncRevertsPages: return kind == CallKind::kFileSync;
    case Fault::Kind::kNameDoneAnyway:
      return kind == CallKind::kRename || kind == CallKind::kRemove;
    case Fault::Kind::kLook:
    case Fault::Kind::kNoMapping: return false;
  }
  return false;
}

Verdict CallPlan::FirstVerdict() const {
  switch (fault_.kind) {
    case Fault::Kind::kIo: return Verdict::kFail;
    case Fault::Kind::kNoSpace: return Verdict::kNoSpace;
    case Fault::Kind::kShortWrite: return Verdict::kWriteHalf;
    case Fault::Kind::kSyncDropsPages: return Verdict::kDropPages;
    case Fault::Kind::kSyncRevertsPages: return Verdict::kRevertPages;
    case Fault::Kind::kNameDoneAnyway: return Verdict::kFailAfterwards;
    case Fault::Kind::kLook:
    case Fault::Kind::kNoMapping: break;
  }
  return Verdict::kFail;
}

Verdict CallPlan::LaterVerdict(CallKind kind, const std::string& path) const {
  if (!fault_.sticky || fault_.kind == Fault::Kind::kLook ||
      fault_.kind == Fault::Kind::kNoMapping) {
    return Verdict::kObey;
  }
  if (fault_.kind == Fault::Kind::kNoSpace) {
    return CanHappenTo(kind) ? Verdict::kNoSpace : Verdict::kObey;
  }
  if (path != fault_path_) return Verdict::kObey;
  const bool sync = kind == CallKind::kFileSync && CanHappenTo(kind);
  return sync ? FirstVerdict() : Verdict::kFail;
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

bool CallPlan::FailsLook(const std::string& path) {
  ++looks_;
  if (fault_.kind != Fault::Kind::kLook || fault_.at_call == 0) return false;
  if (fired_) return fault_.sticky && path == fault_path_;
  if (looks_ < fault_.at_call) return false;
  Fire(looks_, "look at", path);
  return true;
}

bool CallPlan::FailsMapping(const std::string& path) {
  ++mappings_;
  if (fault_.kind != Fault::Kind::kNoMapping || fault_.at_call == 0) return false;
  if (fired_) return fault_.sticky;
  if (mappings_ < fault_.at_call) return false;
  Fire(mappings_, "mapping of", path);
  return true;
}

Verdict CallPlan::Begin(CallKind kind, const std::string& path) {
  ++calls_;
  mark_.clear();
  if (stop_at_ != 0 && calls_ >= stop_at_) return Verdict::kFail;
  const Verdict random = RandomVerdict(kind, path);
  if (random != Verdict::kObey) return random;
  if (fired_) return LaterVerdict(kind, path);
  if (fault_.at_call == 0 || calls_ < fault_.at_call || !CanHappenTo(kind)) return Verdict::kObey;
  Fire(calls_, NameOf(kind), path);
  return FirstVerdict();
}

}  // namespace firn::testing
