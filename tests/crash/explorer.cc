#include "crash/explorer.h"

#include <functional>
#include <utility>

#include "crash/player.h"

namespace firn::testing {
namespace {

// Every so many images is read in all ways, the others by one scan: the ways to read disagree
// either often or never.
constexpr std::uint64_t kCareEvery = 16;

// Calls `see` before each call of the disk that finds it changed.
class Watch {
 public:
  Watch(MemoryFileSystem& disk, std::function<void()> see) : disk_(disk), see_(std::move(see)) {
    disk_.SetPause([this] { Look(); });
  }
  // Also to be called when something may have been stored without a call.
  void Look() {
    if (disk_.calls() == seen_) return;
    seen_ = disk_.calls();
    see_();
  }
  void LookAgain() {
    seen_ = disk_.calls();
    see_();
  }

 private:
  MemoryFileSystem& disk_;
  const std::function<void()> see_;
  std::uint64_t seen_ = 0;
};

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  workloads += other.workloads;
  calls += other.calls;
  moments += other.moments;
  images += other.images;
  different += other.different;
  deepest += other.deepest;
  return *this;
}

std::string Explorer::Run() {
  const auto disk = MemoryFileSystem::Create();
  std::vector<Moment> moments;
  Watch watch(*disk, [&] {
    moments.push_back({disk->Freeze(), ledger_.bounds(), disk->calls(), false});
  });
  Player player(workload_, *disk, ledger_);
  player.OnCommit([&] { watch.LookAgain(); });  // a mapped log takes records without a call
  player.Play([&] {
    watch.LookAgain();
    Examine(std::exchange(moments, {}));
    return wrong_.empty() && player.wrong().empty();
  });
  Fail(player.wrong());
  tally_.workloads = 1;
  tally_.calls = disk->calls();
  return wrong_;
}

void Explorer::Examine(std::vector<Moment> moments) {
  for (const Moment& moment : moments) {
    ++tally_.moments;
    const std::string at = "power lost after call " + std::to_string(moment.call);
    using Keep = CrashKeep;
    // Killed, not powerless: the page cache survives, and with it all that was acknowledged.
    Judge(moment.disk->CrashImage({Keep::Data::kEverything, Keep::Names::kEverything, 0}),
          moment.bounds.AfterKill(), 0, "killed after call " + std::to_string(moment.call));
    const std::vector<UnsyncedUnit> units = moment.disk->Unsynced();
    const auto choices = ImagesOf(units, plan_.effort, plan_.seed * 1000003 + moment.call);
    for (std::size_t i = 0; i < choices.size() && wrong_.empty(); ++i) {
      Judge(moment.disk->CrashImageOf(choices[i]), moment.bounds, 0,
            at + ", image " + std::to_string(i) + " of " + std::to_string(choices.size()));
    }
  }
}

bool Explorer::Chosen(std::size_t depth) {
  if (depth >= plan_.recoveries.size() || plan_.recoveries[depth].one_in == 0) return false;
  return candidates_[depth]++ % plan_.recoveries[depth].one_in == 0;
}

void Explorer::Judge(std::unique_ptr<MemoryFileSystem> image, const Bounds& bounds,
                     std::size_t depth, const std::string& where) {
  ++tally_.images;
  const auto [known, fresh] = seen_.try_emplace(image->Fingerprint());
  if (!fresh) {
    const std::string wrong = ledger_.Judge(known->second, bounds);
    if (!wrong.empty()) Fail(where + ": " + wrong);
    return;
  }
  const Care care = ++tally_.different % kCareEvery == 0 ? Care::kEverything : Care::kScan;
  std::unique_ptr<MemoryFileSystem> again = Chosen(depth) ? image->Freeze() : nullptr;
  Found found;
  const std::string unreadable = LookAt(workload_, *image, care, &known->second, &found);
  if (!unreadable.empty()) return Fail(where + ": " + unreadable);
  if (image->open_handles() != 0) return Fail(where + ": handles stay open");
  const std::string wrong = ledger_.Judge(known->second, bounds);
  if (!wrong.empty()) return Fail(where + ": " + wrong + "; " + ledger_.Explain(found, bounds));
  if (again != nullptr) CrashRecovery(std::move(again), bounds, depth, where);
}

void Explorer::CrashRecovery(std::unique_ptr<MemoryFileSystem> disk, const Bounds& bounds,
                             std::size_t depth, const std::string& where) {
  std::vector<Moment> moments;
  bool shown = false;
  Watch watch(*disk, [&] { moments.push_back({disk->Freeze(), bounds, disk->calls(), shown}); });
  Sighting sighting;
  Found found;
  const std::string unreadable = LookAt(workload_, *disk, Care::kScan, &sighting, &found, [&] {
    watch.Look();  // what recovery did last
    shown = true;
  });
  if (!unreadable.empty()) return Fail(where + ", opened twice: " + unreadable);
  watch.Look();
  const Effort& effort = plan_.recoveries[depth].effort;
  for (Moment& moment : moments) {
    if (moment.shown) moment.bounds.shown = sighting;
    const std::string at =
        where + "; recovery " + std::to_string(depth + 1) + " after its call " +
        std::to_string(moment.call);
    const auto choices =
        ImagesOf(moment.disk->Unsynced(), effort, plan_.seed * 7919 + moment.call);
    for (std::size_t i = 0; i < choices.size() && wrong_.empty(); ++i) {
      if (depth == 2) ++tally_.deepest;
      Judge(moment.disk->CrashImageOf(choices[i]), moment.bounds, depth + 1,
            at + ", image " + std::to_string(i) + " of " + std::to_string(choices.size()));
    }
  }
}

}  // namespace firn::testing
