#include "torture/fault_account.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "db/file_names.h"

namespace firn::testing {
namespace {

constexpr std::array kCallNames = {"write",  "create", "link", "sync", "directory sync", "close",
                                   "rename", "remove", "read", "lock"};

enum class Part : std::uint8_t { kTables, kLog, kManifest, kDirectory, kOther };

Part PartOf(const std::string& path) {
  const auto file = ParseFileName(std::string_view(path).substr(path.rfind('/') + 1));
  if (!file.has_value()) return Part::kDirectory;
  switch (file->kind) {
    case FileKind::kTable: return Part::kTables;
    case FileKind::kLog: return Part::kLog;
    case FileKind::kManifest:
    case FileKind::kCurrent:
    case FileKind::kTemporary: return Part::kManifest;
    case FileKind::kLock: return Part::kOther;
  }
  return Part::kOther;
}

// The calls whose failure may be told to nobody.
struct Harmless {
  CallKind call;
  std::optional<Part> part;  // unset: any
  const char* why;
  bool FaultAccount::Checks::*proof;
};
constexpr Harmless kHarmless[] = {
    {CallKind::kLink, Part::kTables, "a checkpoint copies what it cannot link",
     &FaultAccount::Checks::checkpoints},
    {CallKind::kRemove, std::nullopt, "the next open finds the file as an orphan and removes it",
     &FaultAccount::Checks::orphans},
    {CallKind::kClose, Part::kManifest, "a whole new manifest has taken its place",
     &FaultAccount::Checks::content},
    {CallKind::kClose, Part::kLog, "a spare segment is given back: nothing was written to it",
     &FaultAccount::Checks::content},
};

}  // namespace

void FaultAccount::Answered(TaskId task, const Status& status) {
  Hear(status.message());
  for (auto entry = faults_.rbegin(); entry != faults_.rend(); ++entry) {
    if (entry->task != task) continue;
    if (entry->answered) return;
    entry->answered = true;
    entry->failed = !status.ok();
  }
}

void FaultAccount::Hear(std::string_view text) {
  constexpr std::string_view kMark = "[fault ";
  for (std::size_t at = text.find(kMark); at != text.npos; at = text.find(kMark, at)) {
    at += kMark.size();
    std::uint64_t number = 0;
    std::from_chars(text.data() + at, text.data() + text.size(), number);
    heard_.insert(number);
  }
}

void FaultAccount::Count(const Stats& stats) {
  job_failures_ += stats.job_failures;
  manifest_failures_ += stats.manifest_failures;
  log_segment_failures_ += stats.log_segment_failures;
}

bool FaultAccount::Told(const Entry& entry) const {
  return entry.failed || heard_.contains(entry.fault.number);
}

std::optional<std::string> FaultAccount::FirstUntold(Checks checks) const {
  std::uint64_t jobs = job_failures_;
  std::uint64_t manifests = manifest_failures_;
  std::uint64_t segments = log_segment_failures_;
  const auto take = [](std::uint64_t& counter) { return counter > 0 && counter-- > 0; };
  // Directory syncs belong to whoever did them, so they take from what the others leave.
  for (const bool directories : {false, true}) {
    for (const Entry& entry : faults_) {
      const Part part = PartOf(entry.fault.path);
      if (Told(entry) || (part == Part::kDirectory) != directories) continue;
      const auto harmless =
          std::find_if(std::begin(kHarmless), std::end(kHarmless), [&](const Harmless& each) {
            return each.call == entry.fault.call && each.part.value_or(part) == part;
          });
      if (harmless != std::end(kHarmless) && checks.*harmless->proof) continue;
      const bool tables = part == Part::kTables || directories;
      const bool manifest = part == Part::kManifest || directories;
      const bool log = part == Part::kLog || directories;
      if ((tables && take(jobs)) || (manifest && take(manifests)) || (log && take(segments))) {
        continue;
      }
      return "nobody was told of " + ToText(entry.fault);
    }
  }
  return std::nullopt;
}

std::uint64_t FaultAccount::told_by_nobody() const {
  return static_cast<std::uint64_t>(std::count_if(
      faults_.begin(), faults_.end(), [&](const Entry& entry) { return !Told(entry); }));
}

std::string ToText(const StruckFault& fault) {
  return "fault " + std::to_string(fault.number) + " (" +
         kCallNames[static_cast<std::size_t>(fault.call)] + " of " + fault.path + ")";
}

}  // namespace firn::testing
