// Loses power at every call of forty-three small workloads, in every family of images, and inside
// recovery to the third depth, and checks the promises P1 to P3: a prefix of the commits, nothing
// durable missing, batches whole, and nothing that an open showed lost by a later crash.
//
// FIRN_CRASH_SUBSETS draws more random images a moment; FIRN_CRASH_SEED draws others.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "crash/explorer.h"
#include "env/runtime.h"

namespace firn::testing {
namespace {

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::max(1ull, std::strtoull(text, nullptr, 10));
}

std::uint64_t Subsets() { return FromEnvironment("FIRN_CRASH_SUBSETS", 48); }

void Print(const char* what, const Tally& tally, Micros took) {
  const double seconds = std::chrono::duration<double>(took).count();
  std::printf("crash: %s: workloads %llu, calls %llu, moments %llu, images %llu, different %llu, "
              "third recovery %llu, seconds %.1f\n",
              what, static_cast<unsigned long long>(tally.workloads),
              static_cast<unsigned long long>(tally.calls),
              static_cast<unsigned long long>(tally.moments),
              static_cast<unsigned long long>(tally.images),
              static_cast<unsigned long long>(tally.different),
              static_cast<unsigned long long>(tally.deepest), seconds);
}

template <typename Suite>
class Counted : public ::testing::TestWithParam<Workload> {
 public:
  static void SetUpTestSuite() { total = Tally(); }
  static void TearDownTestSuite() {
    if (total.workloads > 1) Print(Suite::kWhat, total, spent);
  }

 protected:
  void Explore(const Workload& workload, const Plan& plan) {
    const auto begin = Runtime::Posix().clock->Now();
    Explorer explorer(workload, plan);
    EXPECT_EQ(explorer.Run(), "");
    const auto took = Runtime::Posix().clock->Now() - begin;
    Print(workload.name.c_str(), explorer.tally(), took);
    total += explorer.tally();
    spent += took;
    ASSERT_GT(explorer.tally().different, 30u);
  }

  static inline Tally total;
  static inline Micros spent{0};
};

class CrashTest : public Counted<CrashTest> {
 public:
  static constexpr const char* kWhat = "all workloads";
};
class RecoveryCrashTest : public Counted<RecoveryCrashTest> {
 public:
  static constexpr const char* kWhat = "all workloads, inside recovery";
};

TEST_P(CrashTest, EveryCallIsASafePlaceToLosePower) {
  Explore(GetParam(), {.effort = {.subsets = Subsets()},
                       .recoveries = {},
                       .seed = FromEnvironment("FIRN_CRASH_SEED", 1)});
}

// What an open showed must survive every later crash (P3), also those inside later recoveries.
TEST_P(RecoveryCrashTest, RecoveryMayCrashAtEveryCallToo) {
  const std::uint64_t one_in = FromEnvironment("FIRN_CRASH_RECOVERIES", 10);
  const Effort few{.subsets = 1, .singles_max = 0, .cuts_max = 0};
  const Effort some{.subsets = Subsets() / 4 + 1, .singles_max = 4, .cuts_max = 2};
  Explore(GetParam(), {.effort = few,
                       .recoveries = {{.one_in = one_in, .effort = some},
                                      {.one_in = 60, .effort = few},
                                      {.one_in = 60, .effort = few}},
                       .seed = FromEnvironment("FIRN_CRASH_SEED", 1)});
  EXPECT_GT(total.deepest, 0u);
}

std::string NameOf(const ::testing::TestParamInfo<Workload>& workload) {
  return workload.param.name;
}
INSTANTIATE_TEST_SUITE_P(Workloads, CrashTest, ::testing::ValuesIn(AllWorkloads()), NameOf);
INSTANTIATE_TEST_SUITE_P(Workloads, RecoveryCrashTest, ::testing::ValuesIn(AllWorkloads()), NameOf);

}  // namespace
}  // namespace firn::testing
