#include "shutdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "loop_file_system.h"
#include "process.h"

namespace firn::kill {
namespace {

constexpr std::chrono::seconds kCheckLimit{120};

class ShutdownParent {
 public:
  explicit ShutdownParent(const ParentSettings& settings)
      : settings_(settings),
        random_(settings.seed),
        directory_(MakeWorkDirectory(settings.directory)),
        disk_(settings.shutdown_type, directory_) {
    child_.loses_power = true;
    child_.fault = settings.fault;
    child_.directory = disk_.mount_point() + "/store";
    child_.shared_path = directory_ + "/shared";
    child_.seed = random_.Next();
  }

  int Run() {
    if (settings_.runs > kRoundsMax) ExitWith("too many shutdowns for one store");
    if (const auto reason = disk_.Make()) {
      fmt::print("kill_test: SKIPPED: no {} to shut down: {}\n", settings_.shutdown_type, *reason);
      return kExitSkipped;
    }
    shared_ = &MapSharedState(child_.shared_path);
    for (child_.round = 0; child_.round < settings_.runs; ++child_.round) {
      if (RunRound()) continue;
      const bool wanted = settings_.fault != Fault::kNone;
      fmt::print(stderr, "kill_test: shutdown {} of seed {} failed; {}\n", shutdowns_,
                 settings_.seed, wanted ? "as the fault wants it" : "see " + directory_ + "/image");
      return kExitBroken;
    }
    fmt::print(
        "kill_test: {} shutdowns of {}, seed {}, passed: {} commits acknowledged, {} of them "
        "durable, none of these lost; {} others lost\n",
        shutdowns_, settings_.shutdown_type, settings_.seed, acknowledged_, durable_, lost_);
    return 0;
  }
  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  void LosePower() {
    disk_.Shutdown();
    ++shutdowns_;
  }

  bool RunRound() {
    BeginRound(*shared_, child_.round);
    child_.mode = "write";
    {
      Child writer(ArgumentsOf(child_));
      const std::chrono::microseconds delay(random_.Below(settings_.delay_millis_max * 1000));
      if (!writer.RunsFor(delay)) {
        fmt::print(stderr, "kill_test: the writer ended by itself; it says why in {}.log\n",
                   child_.shared_path);
        return false;
      }
      LosePower();
      // The writer ends here, killed or by the errors that all calls answer now.
    }
    disk_.Remount();
    child_.mode = "check";
    if (!Child(ArgumentsOf(child_)).WaitForSuccess(kCheckLimit)) return false;
    // What an open has shown is durable, whether the store was closed after it or not.
    if (random_.Below(2) == 0) {
      LosePower();
      disk_.Remount();
    }
    CountRound();
    return true;
  }

  void CountRound() {
    for (std::size_t stream = 0; stream < kStreams; ++stream) {
      const StreamProgress& progress = shared_->streams[stream];
      const std::uint64_t before = shared_->reached[child_.round][stream];
      const std::uint64_t acknowledged = progress.acknowledged.load();
      const std::uint64_t kept = shared_->reached[child_.round + 1][stream];
      acknowledged_ += acknowledged - before;
      durable_ += std::max(progress.hardened.load(), progress.synced.load()) - before;
      if (kept < acknowledged) lost_ += acknowledged - kept;
    }
  }

  const ParentSettings settings_;
  Random random_;
  const std::string directory_;
  LoopFileSystem disk_;
  ChildSettings child_;
  SharedState* shared_ = nullptr;
  std::uint64_t shutdowns_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t durable_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace

int RunShutdowns(const ParentSettings& settings) {
  int code = 0;
  std::string directory;
  {
    ShutdownParent parent(settings);
    directory = parent.directory();
    code = parent.Run();
  }
  // Unmounted by now. A failed run is evidence, unless the fault was ours.
  const bool evidence = code == kExitBroken && settings.fault == Fault::kNone;
  if (!evidence) std::filesystem::remove_all(directory);
  return code;
}

}  // namespace firn::kill
