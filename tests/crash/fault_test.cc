// An error at call k, for every k at which it can happen, of every kind, once and for ever.
//
// FIRN_FAULT_STRIDE=s tries every s-th of them only.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "crash/fault_run.h"
#include "env/runtime.h"

namespace firn::testing {
namespace {

struct Scenario {
  const char* name;
  Fault::Kind kind;
  bool sticky;
};
void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.name; }

constexpr Scenario kScenarios[] = {
    {"io_once", Fault::Kind::kIo, false},
    {"io_for_ever", Fault::Kind::kIo, true},
    {"no_space_once", Fault::Kind::kNoSpace, false},
    {"no_space_until_the_end", Fault::Kind::kNoSpace, true},
    {"short_write_once", Fault::Kind::kShortWrite, false},
    {"short_write_then_io", Fault::Kind::kShortWrite, true},
    {"sync_shows_new_once", Fault::Kind::kSyncDropsPages, false},
    {"sync_shows_new_for_ever", Fault::Kind::kSyncDropsPages, true},
    {"sync_shows_old_once", Fault::Kind::kSyncRevertsPages, false},
    {"sync_shows_old_for_ever", Fault::Kind::kSyncRevertsPages, true},
    {"look_once", Fault::Kind::kLook, false},
    {"look_for_ever", Fault::Kind::kLook, true},
    {"no_mapping_once", Fault::Kind::kNoMapping, false},
    {"no_mapping_for_ever", Fault::Kind::kNoMapping, true},
};

// Failures that need not show anywhere, and why.
struct Harmless {
  const char* begins;  // workload, and what failed
  const char* why;
};
constexpr Harmless kHarmless[] = {
    {"checkpoint: link to /copy/N.table", "a table that cannot be linked is copied"},
    {"checkpoint_of_keyspaces: link to /copy/N.table", "the same"},
    {"checkpoint_of_keyspaces: link to /later/N.table", "the same"},
    {"repair: look at /store/", "a repair has several ways to learn the same; its result is whole"},
    {"repair: lock of /store/LOCK", "a damaged store need not have a lock that can be taken"},
};

bool IsHarmless(const std::string& place) {
  return std::any_of(std::begin(kHarmless), std::end(kHarmless), [&](const Harmless& harmless) {
    return place.starts_with(harmless.begins);
  });
}

// Those that bring faults of their own are left out.
std::vector<Workload> Undisturbed() {
  std::vector<Workload> workloads = AllWorkloads();
  std::erase_if(workloads, [](const Workload& workload) {
    return std::any_of(workload.steps.begin(), workload.steps.end(),
                       [](const Step& step) { return step.verb == Verb::kFailSync; });
  });
  return workloads;
}

std::uint64_t Stride() {
  const char* const text = std::getenv("FIRN_FAULT_STRIDE");
  return text == nullptr ? 1 : std::max(1ull, std::strtoull(text, nullptr, 10));
}

struct Sums {
  std::uint64_t workloads = 0;
  std::uint64_t indexes = 0;
  std::uint64_t answers = 0;
  std::uint64_t health = 0;
  std::uint64_t counter = 0;
  std::map<std::string, std::uint64_t> nowhere;  // by workload and place
};

void Print(const Scenario& scenario, const Sums& sums,
           Micros took) {
  std::uint64_t nowhere = 0;
  for (const auto& [place, count] : sums.nowhere) nowhere += count;
  std::printf("fault: %s: workloads %llu, indexes %llu, told by an answer %llu, by health %llu, "
              "by the counter %llu, harmless %llu, seconds %.1f\n",
              scenario.name, static_cast<unsigned long long>(sums.workloads),
              static_cast<unsigned long long>(sums.indexes),
              static_cast<unsigned long long>(sums.answers),
              static_cast<unsigned long long>(sums.health),
              static_cast<unsigned long long>(sums.counter),
              static_cast<unsigned long long>(nowhere),
              std::chrono::duration<double>(took).count());
}

class FaultTest : public ::testing::TestWithParam<Scenario> {};

TEST_P(FaultTest, EveryFailureIsToldAndNothingPromisedIsLost) {
  const Scenario& scenario = GetParam();
  const auto begin = Runtime::Posix().clock->Now();
  const std::vector<Workload> workloads = Undisturbed();
  Sums sums;
  for (const Workload& workload : workloads) {
    ++sums.workloads;
    for (std::uint64_t call = 1;; call += Stride()) {
      FaultRun run(workload, {call, scenario.kind, scenario.sticky});
      const std::string wrong = run.Run();
      EXPECT_EQ(wrong, "") << workload.name << ", fault at call " << call << ": " << run.place();
      if (!wrong.empty()) break;
      if (run.fault_call() == 0) break;
      call = std::max(call, run.fault_call());  // what lies between is the same run
      ++sums.indexes;
      if (run.surfaced() == FaultRun::Surfaced::kAnswer) ++sums.answers;
      if (run.surfaced() == FaultRun::Surfaced::kHealth) ++sums.health;
      if (run.surfaced() == FaultRun::Surfaced::kCounter) ++sums.counter;
      if (run.surfaced() == FaultRun::Surfaced::kNowhere) {
        ++sums.nowhere[workload.name + ": " + run.place()];
      }
    }
  }
  Print(scenario, sums, Runtime::Posix().clock->Now() - begin);
  for (const auto& [place, count] : sums.nowhere) {
    EXPECT_TRUE(IsHarmless(place)) << place << " failed " << count << " times and nobody was told";
  }
  EXPECT_GT(sums.indexes, 0u);
}

INSTANTIATE_TEST_SUITE_P(Faults, FaultTest, ::testing::ValuesIn(kScenarios),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace firn::testing
