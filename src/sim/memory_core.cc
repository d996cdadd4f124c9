#include "sim/memory_core.h"

#include <algorithm>

#include "base/status_macros.h"

namespace firn::testing {
namespace {

// What an unlimited disk says it has left.
constexpr std::uint64_t kUnlimitedBytes = std::uint64_t{1} << 40;

Status InjectedFailure(const std::string& path, const std::string& mark) {
  return Status(StatusCode::kIo, path + ": simulated I/O error" + mark);
}

Status DiskFull(const std::string& path, const std::string& mark = {}) {
  return Status(StatusCode::kNoSpace, path + ": simulated disk is full" + mark);
}

}  // namespace

Status MemoryCore::Begin(CallKind kind, const std::string& path) {
  switch (plan.Begin(kind, path)) {
    case Verdict::kObey: return Status();
    case Verdict::kNoSpace: return DiskFull(path, plan.mark());
    default: return InjectedFailure(path, plan.mark());
  }
}

Status MemoryCore::BeginNameChange(CallKind kind, const std::string& path, bool* happens) {
  const Verdict verdict = plan.Begin(kind, path);
  *happens = verdict == Verdict::kObey || verdict == Verdict::kFailAfterwards;
  return verdict == Verdict::kObey ? Status() : InjectedFailure(path, plan.mark());
}

Status MemoryCore::BeginLook(const std::string& path) {
  return plan.FailsLook(path) ? InjectedFailure(path, "") : Status();
}

Status MemoryCore::BeginRead(const std::string& path) {
  FIRN_RETURN_IF_ERROR(BeginLook(path));
  return plan.FailsRead(path) ? InjectedFailure(path, plan.mark()) : Status();
}

Status MemoryCore::Write(MemoryFile& file, const std::string& path, std::uint64_t offset,
                         Slice bytes) {
  switch (plan.Begin(CallKind::kWrite, path)) {
    case Verdict::kObey: break;
    case Verdict::kNoSpace: return DiskFull(path, plan.mark());
    case Verdict::kWriteHalf:
      file.Write(offset, bytes.substr(0, bytes.size() / 2));
      return InjectedFailure(path, plan.mark());
    default: return InjectedFailure(path, plan.mark());
  }
  const std::uint64_t end = offset + bytes.size();
  const std::uint64_t growth = end - std::min(end, file.size());
  const std::uint64_t room = growth == 0 ? 0 : FreeBytes();
  if (growth <= room) {
    file.Write(offset, bytes);
    return Status();
  }
  file.Write(offset, bytes.substr(0, bytes.size() - (growth - room)));
  return DiskFull(path);
}

Status MemoryCore::Sync(MemoryFile& file, const std::string& path) {
  switch (plan.Begin(CallKind::kFileSync, path)) {
    case Verdict::kObey: file.Sync(); return Status();
    case Verdict::kDropPages: file.DropUnsynced(); return InjectedFailure(path, plan.mark());
    case Verdict::kRevertPages: file.RevertUnsynced(); return InjectedFailure(path, plan.mark());
    default: return InjectedFailure(path, plan.mark());
  }
}

std::uint64_t MemoryCore::FreeBytes() const {
  if (capacity == 0) return kUnlimitedBytes;
  std::uint64_t used = 0;
  for (const MemoryFile* file : tree.Files()) used += file->size();
  return capacity - std::min(capacity, used);
}

}  // namespace firn::testing
