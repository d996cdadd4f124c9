// Kills writers with SIGKILL at random moments and checks what a fresh process finds in the store:
// everything acknowledged is there with its right value, no batch is torn, each writer's commits
// are a prefix of what it did, and nothing lost comes back. One store lives through many rounds, so
// stores that were recovered, compacted and killed again are the rule.
//
// With --recorder the writers die at a system call, right before or right behind it, instead of at
// a moment; with --shutdown the file system is stopped below them (shutdown.h).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>

#include "modes.h"
#include "parent.h"
#include "process.h"
#include "shared_state.h"
#include "shutdown.h"

namespace firn::kill {
namespace {

constexpr std::chrono::seconds kCheckLimit{120};

struct Totals {
  std::uint64_t kills = 0;
  std::uint64_t kills_while_opening = 0;
  std::uint64_t kills_at_calls = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t unacknowledged_kept = 0;
  std::uint64_t lost_without_durability = 0;
};

// How a child dies: at a moment, or at a call that it finds in its environment.
struct Death {
  std::chrono::microseconds delay{};
  std::vector<std::string> environment = {};
};

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
        "kill_test: {} runs of seed {} passed: {} kills ({} while opening, {} at a call), {} "
        "commits acknowledged, none lost; {} unacknowledged ones kept, {} without durability "
        "lost\n",
        settings_.runs, settings_.seed, totals_.kills, totals_.kills_while_opening,
        totals_.kills_at_calls, totals_.acknowledged, totals_.unacknowledged_kept,
        totals_.lost_without_durability);
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

  // Early calls are the likelier ones, so that opening a store gets its share.
  Death DeathAtACall() {
    static constexpr std::array<const char*, 9> kKinds = {
        "call", "create", "write", "resize", "sync", "directory-sync", "rename", "unlink", "close"};
    const char* const kind = kKinds[random_.Below(kKinds.size())];
    const char* const side = random_.Below(2) == 0 ? "before" : "after";
    const std::uint64_t number = 1 + random_.Below(std::uint64_t{1} << random_.Below(9));
    return {.delay = std::chrono::milliseconds(settings_.delay_millis_max),
            .environment = {"LD_PRELOAD=" + settings_.recorder,
                            "FIRN_RECORDER_ROOT=" + child_.directory,
                            fmt::format("FIRN_RECORDER_KILL={}:{}:{}", side, kind, number)}};
  }

  bool KillChild(const char* mode, std::chrono::microseconds delay) {
    child_.mode = mode;
    ++totals_.kills;
    if (Child(ArgumentsOf(child_)).KillAfter(delay)) return true;
    fmt::print(stderr, "kill_test: a process in mode {} ended by itself\n", mode);
    return false;
  }

  bool KillChildAtACall(const char* mode) {
    child_.mode = mode;
    ++totals_.kills;
    const Death death = DeathAtACall();
    Child child(ArgumentsOf(child_), death.environment);
    if (!child.DiesWithin(death.delay)) {
      fmt::print(stderr, "kill_test: a process in mode {} ended by itself; {}\n", mode,
                 death.environment.back());
      return false;
    }
    if (child.killed_itself()) ++totals_.kills_at_calls;
    return true;
  }

  bool KillSome() {
    const bool at_calls = !settings_.recorder.empty();
    if (!(at_calls ? KillChildAtACall("write") : KillChild("write", RandomDelay()))) return false;
    if (shared_->opened.load() == 0) ++totals_.kills_while_opening;
    // Recovery has to survive a kill too.
    if (at_calls) return random_.Below(2) == 0 || KillChildAtACall("open");
    return random_.Below(4) != 0 ||
           KillChild("open", std::chrono::microseconds(random_.Below(40'000)));
  }

  bool RunRound() {
    BeginRound(*shared_, child_.round);
    if (!KillSome()) return false;
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
  app.add_option("--recorder", parent.recorder,
                 "Library of tests/power: children die at calls, not at moments");
  app.add_option("--shutdown", parent.shutdown_type,
                 "Stop a file system of this type, instead of children; needs root")
      ->check(CLI::IsMember({"ext4", "xfs"}));
  app.add_option("--fault", child.fault,
                 "A wrong writer, which the test must notice: 1 acknowledges too early, 2 splits "
                 "batches, 3 forgets to sync (seen by a shutdown only)");
  app.add_option("--mode", child.mode, "Of a child process: write, open or check");
  app.add_option("--store", child.directory, "Of a child process");
  app.add_option("--shared", child.shared_path, "Of a child process");
  app.add_option("--round", child.round, "Of a child process");
  app.add_flag("--loses-power", child.loses_power, "Of a child process");
  CLI11_PARSE(app, argument_count, arguments);
  parent.fault = child.fault;
  if (child.mode.empty() && !parent.shutdown_type.empty()) return RunShutdowns(parent);
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
