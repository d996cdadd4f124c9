// Kills writers with SIGKILL at random moments and checks what a fresh process finds in the store:
// everything acknowledged is there with its right value, no batch is torn, each writer's commits
// are a prefix of what it did, and nothing lost comes back. One store lives through many rounds, so
// stores that were recovered, compacted and killed again are the rule.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>

#include "modes.h"
#include "process.h"
#include "shared_state.h"

namespace firn::kill {
namespace {

constexpr std::chrono::seconds kCheckLimit{120};

struct ParentSettings {
  std::uint64_t runs = 100;
  std::uint64_t seed = 1;
  std::uint64_t rounds_per_store = 25;
  std::uint64_t delay_millis_max = 500;
  std::string directory;  // empty: a fresh one
  Fault fault = Fault::kNone;
};

struct Totals {
  std::uint64_t kills = 0;
  std::uint64_t kills_while_opening = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t unacknowledged_kept = 0;
  std::uint64_t lost_without_durability = 0;
};

std::string MakeWorkDirectory(const std::string& wanted) {
  if (!wanted.empty()) {
    std::filesystem::create_directories(wanted);
    return wanted;
  }
  std::string pattern = (std::filesystem::temp_directory_path() / "firn-kill-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) ExitWithErrno("cannot create " + pattern);
  return pattern;
}

std::vector<std::string> ArgumentsOf(const ChildSettings& settings) {
  return {"--mode",   settings.mode,
          "--store",  settings.directory,
          "--shared", settings.shared_path,
          "--seed",   fmt::format("{}", settings.seed),
          "--round",  fmt::format("{}", settings.round),
          "--fault",  fmt::format("{}", static_cast<int>(settings.fault))};
}

class Parent {
 public:
  explicit Parent(const ParentSettings& settings)
      : settings_(settings),
        random_(settings.seed),
        directory_(MakeWorkDirectory(settings.directory)) {
    child_.fault = settings.fault;
  }

  int Run() {
    for (std::uint64_t run = 0; run < settings_.runs; ++run) {
      const std::uint64_t round = run % settings_.rounds_per_store;
      if (round == 0) BeginStore();
      child_.round = round;
      if (!RunRound()) {
        fmt::print(stderr, "kill_test: run {} of seed {} failed; {}\n", run, settings_.seed,
                   KeepStore());
        return kExitBroken;
      }
    }
    std::filesystem::remove_all(directory_);
    fmt::print(
        "kill_test: {} runs of seed {} passed: {} kills ({} while opening), {} commits "
        "acknowledged, none lost; {} unacknowledged ones kept, {} without durability lost\n",
        settings_.runs, settings_.seed, totals_.kills, totals_.kills_while_opening,
        totals_.acknowledged, totals_.unacknowledged_kept, totals_.lost_without_durability);
    return 0;
  }

 private:
  // The store of a failed run is evidence, unless the fault was ours.
  std::string KeepStore() {
    if (settings_.fault == Fault::kNone) return "the store is kept in " + child_.directory;
    std::filesystem::remove_all(directory_);
    return "as the fault wants it";
  }

  void BeginStore() {
    std::filesystem::remove_all(directory_ + "/store");
    std::filesystem::remove(directory_ + "/shared");
    child_.directory = directory_ + "/store";
    child_.shared_path = directory_ + "/shared";
    child_.seed = random_.Next();
    shared_ = &MapSharedState(child_.shared_path);
  }

  std::chrono::microseconds RandomDelay() {
    // One in eight hits the opening of the store, the others the load.
    const std::uint64_t millis_max = random_.Below(8) == 0 ? 20 : settings_.delay_millis_max;
    return std::chrono::microseconds(random_.Below(millis_max * 1000));
  }

  bool KillChild(const char* mode, std::chrono::microseconds delay) {
    child_.mode = mode;
    ++totals_.kills;
    if (Child(ArgumentsOf(child_)).KillAfter(delay)) return true;
    fmt::print(stderr, "kill_test: a process in mode {} ended by itself\n", mode);
    return false;
  }

  bool RunRound() {
    shared_->opened.store(0);
    for (std::size_t stream = 0; stream < kStreams; ++stream) {
      StreamProgress& progress = shared_->streams[stream];
      const std::uint64_t reached = shared_->reached[child_.round][stream];
      progress.started.store(reached);
      progress.acknowledged.store(reached);
      progress.durable.store(reached);
      progress.synced.store(reached);
    }
    if (!KillChild("write", RandomDelay())) return false;
    if (shared_->opened.load() == 0) ++totals_.kills_while_opening;
    // Recovery has to survive a kill too.
    if (random_.Below(4) == 0) {
      const std::chrono::microseconds delay(random_.Below(40'000));
      if (!KillChild("open", delay)) return false;
    }
    child_.mode = "check";
    if (!Child(ArgumentsOf(child_)).WaitForSuccess(kCheckLimit)) return false;
    CountRound();
    return true;
  }

  void CountRound() {
    for (std::size_t stream = 0; stream < kStreams; ++stream) {
      const std::uint64_t acknowledged = shared_->streams[stream].acknowledged.load();
      const std::uint64_t kept = shared_->reached[child_.round + 1][stream];
      totals_.acknowledged += acknowledged - shared_->reached[child_.round][stream];
      if (kept > acknowledged) totals_.unacknowledged_kept += kept - acknowledged;
      if (kept < acknowledged) totals_.lost_without_durability += acknowledged - kept;
    }
  }

  const ParentSettings settings_;
  Random random_;
  const std::string directory_;
  ChildSettings child_;
  SharedState* shared_ = nullptr;
  Totals totals_;
};

int Main(int argument_count, char** arguments) {
  CLI::App app("Kills firn writers and checks what is left", "kill_test");
  ParentSettings parent;
  ChildSettings child;
  app.add_option("--runs", parent.runs, "Kill rounds");
  app.add_option("--seed", parent.seed, "Of workload, options and kill times");
  app.add_option("--rounds-per-store", parent.rounds_per_store, "Rounds before a fresh store")
      ->check(CLI::Range(std::size_t{1}, kRoundsMax));
  app.add_option("--delay-max", parent.delay_millis_max, "Latest kill, in milliseconds")
      ->check(CLI::Range(1, 60'000));
  app.add_option("--directory", parent.directory, "Where to work (default: a fresh directory)");
  app.add_option("--fault", child.fault,
                 "A wrong writer, which the test must notice: 1 acknowledges too early, 2 splits "
                 "batches");
  app.add_option("--mode", child.mode, "Of a child process: write, open or check");
  app.add_option("--store", child.directory, "Of a child process");
  app.add_option("--shared", child.shared_path, "Of a child process");
  app.add_option("--round", child.round, "Of a child process");
  CLI11_PARSE(app, argument_count, arguments);
  parent.fault = child.fault;
  if (child.mode.empty()) return Parent(parent).Run();
  child.seed = parent.seed;
  if (child.mode == "write") RunWriter(child);
  if (child.mode == "open") RunOpener(child);
  if (child.mode == "check") RunChecker(child);
  ExitWith("unknown mode " + child.mode);
}

}  // namespace
}  // namespace firn::kill

int main(int argument_count, char** arguments) {
  return firn::kill::Main(argument_count, arguments);
}
