// Stops the machine after every k-th call that touches the disk, keeps what a power loss may keep,
// opens what is left and checks the promises P1-P3: a prefix of the commits, nothing durable
// missing, batches whole, and nothing that was recovered once is lost by a crash during or after
// recovery.
//
// FIRN_CRASH_STRIDE=s tries every s-th call only; FIRN_CRASH_SEED draws other workloads.

#include <gtest/gtest.h>

#include <cstdlib>

#include "crash/workload.h"

namespace firn::testing {
namespace {

std::uint64_t Stride() {
  const char* text = std::getenv("FIRN_CRASH_STRIDE");
  return text == nullptr ? 1 : std::max(1ull, std::strtoull(text, nullptr, 10));
}

struct Mode {
  const char* name;
  CrashKeep::Data data;
  CrashKeep::Names names;
};

constexpr Mode kModes[] = {
    {"nothing", CrashKeep::Data::kNothing, CrashKeep::Names::kNothing},
    {"everything", CrashKeep::Data::kEverything, CrashKeep::Names::kEverything},
    {"names only", CrashKeep::Data::kNothing, CrashKeep::Names::kEverything},
    {"data only", CrashKeep::Data::kEverything, CrashKeep::Names::kNothing},
    {"sectors, names in order", CrashKeep::Data::kRandomSectors, CrashKeep::Names::kRandomPrefix},
    {"sectors, any names", CrashKeep::Data::kRandomSectors, CrashKeep::Names::kRandomSubset},
};

CrashKeep KeepOf(const Mode& mode, std::uint64_t seed) {
  return CrashKeep{mode.data, mode.names, seed};
}

class CrashTest : public ::testing::TestWithParam<Workload> {};

TEST_P(CrashTest, EveryCallIsASafePlaceToLosePower) {
  const Workload& workload = GetParam();
  std::uint64_t calls = 0;
  {
    auto files = MemoryFileSystem::Create();
    History history;
    RunWorkload(workload, *files, &history);
    ASSERT_EQ(history.durable(), static_cast<std::size_t>(workload.commits));
    calls = files->calls();
  }
  ASSERT_GT(calls, 50u);
  std::uint64_t images = 0;
  for (std::uint64_t call = 1; call <= calls + 1; call += Stride()) {
    auto files = MemoryFileSystem::Create();
    files->StopAt(call);
    History history;
    RunWorkload(workload, *files, &history);
    for (const Mode& mode : kModes) {
      auto image = files->CrashImage(KeepOf(mode, call));
      Contents found;
      const auto unreadable = ReadAll(*image, workload.positioned_log, &found);
      ASSERT_EQ(unreadable, std::nullopt) << "crash at call " << call << ", kept " << mode.name;
      // With the page cache kept, as after kill -9, every acknowledged commit survives.
      const bool killed = mode.data == CrashKeep::Data::kEverything &&
                          mode.names == CrashKeep::Names::kEverything;
      const auto wrong =
          history.CheckPrefix(found, killed ? history.acknowledged() : history.durable());
      ASSERT_EQ(wrong, std::nullopt) << "crash at call " << call << ", kept " << mode.name;
      ++images;
    }
  }
  RecordProperty("images", static_cast<int>(images));
}

// What the first recovery showed must survive every later crash (P3), also one inside that
// recovery.
TEST_P(CrashTest, RecoveryMayCrashAtEveryCallToo) {
  const Workload& workload = GetParam();
  auto files = MemoryFileSystem::Create();
  History history;
  {
    auto counting = MemoryFileSystem::Create();
    History whole;
    RunWorkload(workload, *counting, &whole);
    files->StopAt(counting->calls() * 3 / 4);
  }
  RunWorkload(workload, *files, &history);
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const Mode& first_mode = kModes[4 + seed % 2];
    for (std::uint64_t call = 1; call < 400; call += Stride()) {
      auto image = files->CrashImage(KeepOf(first_mode, seed));
      image->StopAt(call);
      Contents ignored;
      const bool stopped = ReadAll(*image, workload.positioned_log, &ignored).has_value();
      auto second = image->CrashImage(KeepOf(kModes[call % 6], call));
      Contents found;
      const auto unreadable = ReadAll(*second, workload.positioned_log, &found);
      ASSERT_EQ(unreadable, std::nullopt) << "seed " << seed << ", recovery call " << call;
      const auto wrong = history.CheckPrefix(found, history.durable());
      ASSERT_EQ(wrong, std::nullopt) << "seed " << seed << ", recovery call " << call;
      if (!stopped) {
        ASSERT_EQ(found, ignored) << "what an open showed was lost by the next crash";
        break;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Workloads, CrashTest, ::testing::ValuesIn(AllWorkloads()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace firn::testing
