// Records what a real process does to a real folder, and opens what a power loss at any moment of
// it may have left: a prefix of the commits, nothing missing that was durable, batches whole, and
// nothing that was recovered once lost by a crash during or after recovery. On the way every call
// is held against the rules of docs/rules.md.
//
// FIRN_POWER_POINTS=n: images are drawn at n moments of each recording (default 60), each in six
// modes. FIRN_POWER_SEED draws other workloads and images.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "power/image_check.h"
#include "power/recording.h"
#include "power/rules.h"
#include "testing/seeds.h"

namespace firn::power {
namespace {

using testing::CrashKeep;

std::uint64_t Number(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
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

// Moments worth a power loss: where something becomes durable, or a name changes.
std::set<std::uint64_t> DrawMoments(const std::vector<Event>& events, std::uint64_t count,
                                    testing::SeededRandom& random) {
  std::vector<std::uint64_t> turning_points;
  for (const Event& event : events) {
    const bool turns = event.call == Call::kSyncEnd || event.call == Call::kRename ||
                       event.call == Call::kUnlink || event.call == Call::kMark;
    if (turns) turning_points.push_back(event.order);
  }
  std::set<std::uint64_t> moments;
  for (std::uint64_t i = 0; i < count; ++i) {
    // Spread over the whole recording; every fourth one anywhere.
    const std::uint64_t slice = turning_points.size() * i / count;
    const std::uint64_t width = std::max<std::uint64_t>(1, turning_points.size() / count);
    moments.insert(i % 4 == 3 ? 1 + random.Below(events.size())
                              : turning_points[std::min(slice + random.Below(width),
                                                        turning_points.size() - 1)]);
  }
  return moments;
}

// tools/tally.py reads it.
void Print(const Workload& workload, const char* part, const Recording& recording,
           std::uint64_t images) {
  std::printf("power: %s%s: %zu calls, %llu images\n", workload.name.c_str(), part,
              recording.events.size(), static_cast<unsigned long long>(images));
}

class PowerTest : public ::testing::TestWithParam<Workload> {
 protected:
  // Moves disk, rules and timeline along; the first thing that is wrong.
  std::optional<std::string> Advance(const Event& event) {
    if (auto broken = rules_.Check(event)) return broken;
    if (auto impossible = disk_.Apply(event)) return impossible;
    if (event.call == Call::kMark) timeline_.Apply(event.bytes);
    return std::nullopt;
  }

  RecordedDisk disk_;
  RuleChecker rules_{disk_};
  Timeline timeline_{GetParam()};
};

TEST_P(PowerTest, EveryMomentIsASafeOneToLosePower) {
  const Workload& workload = GetParam();
  const ScratchFolder folder(Medium::kDisk);
  const Recording recording = Record(workload, RecordedMode::kWrite, folder.path());
  ASSERT_EQ(recording.problem, "");
  testing::SeededRandom random(workload.seed);
  const std::set<std::uint64_t> moments = DrawMoments(
      recording.events, testing::SeedCount(Number("FIRN_POWER_POINTS", 60)), random);
  std::uint64_t images = 0;
  for (const Event& event : recording.events) {
    const auto wrong = Advance(event);
    ASSERT_EQ(wrong, std::nullopt);
    if (!moments.contains(event.order)) continue;
    for (const Mode& mode : kModes) {
      // As after kill -9, but only marks look at every mapping.
      const bool killed = mode.data == CrashKeep::Data::kEverything &&
                          mode.names == CrashKeep::Names::kEverything &&
                          event.call == Call::kMark && workload.fail_sync == 0;
      const RecordedDisk::Image image =
          disk_.CrashImage({mode.data, mode.names, random.Next64()});
      const ImageVerdict verdict = CheckImage(workload, image, timeline_, killed);
      ASSERT_EQ(verdict.wrong, std::nullopt)
          << "power lost behind " << Describe(event) << ", kept " << mode.name;
      ++images;
    }
  }
  // What the recorder believes is what there is: no call went past it.
  EXPECT_EQ(disk_.Visible(), ReadFolder(folder.path()));
  Print(workload, "", recording, images);
  for (const auto& [rule, looks] : rules_.looks()) {
    std::printf("  rule %s applied %llu times\n", rule.c_str(),
                static_cast<unsigned long long>(looks));
  }
  if (workload.fail_sync > 0) return;
  EXPECT_EQ(timeline_.acknowledged(), workload.commits * workload.writers);
  for (const char* const rule : {"E1", "W4", "W9", "D1", "D3", "M4", "F2"}) {
    EXPECT_GT(rules_.looks().contains(rule) ? rules_.looks().at(rule) : 0, 0u) << rule;
  }
}

class RecoveryPowerTest : public PowerTest {};

// What the first recovery showed must survive every later crash, also one inside that recovery: the
// recovering process is recorded as well.
TEST_P(RecoveryPowerTest, RecoveryMayLosePowerToo) {
  const Workload& workload = GetParam();
  RecordedDisk::Image image;
  {
    const ScratchFolder folder(Medium::kDisk);
    const Recording recording = Record(workload, RecordedMode::kWrite, folder.path());
    ASSERT_EQ(recording.problem, "");
    testing::SeededRandom random(workload.seed + 1);
    const std::uint64_t last = recording.events.size() / 2 +
                               random.Below(recording.events.size() / 2);
    for (const Event& event : recording.events) {
      const auto wrong = Advance(event);
      ASSERT_EQ(wrong, std::nullopt);
      if (event.order == last) break;
    }
    image = disk_.CrashImage({CrashKeep::Data::kRandomSectors, CrashKeep::Names::kRandomPrefix,
                              random.Next64()});
  }
  const ImageVerdict first = CheckImage(workload, image, timeline_, false);
  ASSERT_EQ(first.wrong, std::nullopt);
  const ScratchFolder folder(Medium::kDisk);
  WriteFolder(folder.path(), image);
  const Recording recovery = Record(workload, RecordedMode::kRecover, folder.path());
  ASSERT_EQ(recovery.problem, "");
  RecordedDisk disk(image);
  RuleChecker rules(disk);
  testing::SeededRandom random(workload.seed + 2);
  const std::set<std::uint64_t> moments = DrawMoments(
      recovery.events, testing::SeedCount(Number("FIRN_POWER_POINTS", 60)), random);
  std::uint64_t images = 0;
  for (const Event& event : recovery.events) {
    const auto broken = rules.Check(event);
    ASSERT_EQ(broken, std::nullopt);
    const auto impossible = disk.Apply(event);
    ASSERT_EQ(impossible, std::nullopt);
    if (event.call == Call::kMark) timeline_.Keep(first.reached);  // the store was opened
    if (!moments.contains(event.order)) continue;
    for (const Mode& mode : kModes) {
      ++images;
      const ImageVerdict verdict =
          CheckImage(workload, disk.CrashImage({mode.data, mode.names, random.Next64()}),
                     timeline_, false);
      ASSERT_EQ(verdict.wrong, std::nullopt)
          << "power lost in recovery, behind " << Describe(event) << ", kept " << mode.name;
    }
  }
  EXPECT_EQ(disk.Visible(), ReadFolder(folder.path()));
  Print(workload, "/recovery", recovery, images);
}

// A sync that fails belongs to a writer.
std::vector<Workload> RecoveryWorkloads() {
  std::vector<Workload> workloads = AllWorkloads();
  std::erase_if(workloads, [](const Workload& each) { return each.fail_sync > 0; });
  return workloads;
}

INSTANTIATE_TEST_SUITE_P(Workloads, PowerTest, ::testing::ValuesIn(AllWorkloads()),
                         [](const auto& instance) { return instance.param.name; });
INSTANTIATE_TEST_SUITE_P(Workloads, RecoveryPowerTest, ::testing::ValuesIn(RecoveryWorkloads()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace firn::power

int main(int argument_count, char** arguments) {
  const int code = firn::power::RunRecordedProcess(argument_count, arguments);
  if (code >= 0) return code;
  ::testing::InitGoogleTest(&argument_count, arguments);
  return RUN_ALL_TESTS();
}
