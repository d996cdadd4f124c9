// Damages every byte, every length and every sector of every file of small stores, opens each
// store, reads all of it, and holds the engine to one sentence: right, or an error; never wrong,
// never silently missing, never a crash.
//
// FIRN_CORRUPTION_STRIDE=s tries every s-th case only; FIRN_CORRUPTION_SEED changes the specimens
// and the bits that are flipped.

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "corruption/damage.h"
#include "corruption/log_map.h"
#include "corruption/store_reading.h"
#include "sim/manual_runtime.h"

namespace firn::testing {
namespace {

std::uint64_t NumberFrom(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// How a case ended.
enum class Outcome : std::uint8_t {
  kUnchanged,    // the file had these bytes already: no case
  kRefused,      // open answers kCorruption
  kReadErrors,   // some reads answer kCorruption, the others are right
  kOnlyVerify,   // every read is right, and Verify finds the damage
  kDroppedTail,  // the log ends at the damage, which no promise covers
  kLostDurable,  // the same, and a promise did cover it: the exception of decision 0007
  kHarmless,     // every read is right: the bytes meant nothing
  kCount,
};
constexpr std::array<const char*, 7> kColumns = {
    "", "refused", "read errors", "only verify", "dropped tail", "lost durable", "harmless"};

using Tally = std::array<std::uint64_t, static_cast<std::size_t>(Outcome::kCount)>;

struct Totals {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  Tally tally{};
};

const char* NameOf(FileKind kind) {
  switch (kind) {
    case FileKind::kTable: return "table";
    case FileKind::kLog: return "log";
    case FileKind::kManifest: return "manifest";
    case FileKind::kCurrent: return "CURRENT";
    default: return "other";
  }
}

// Of everything this process ran, by kind of file; printed when it ends.
class Report : public ::testing::Environment {
 public:
  static std::map<std::string, Totals>& Rows() {
    static std::map<std::string, Totals> rows;
    return rows;
  }
  void TearDown() override {
    Totals sum;
    for (const auto& [name, totals] : Rows()) {
      Print(name, totals);
      sum.files += totals.files;
      sum.bytes += totals.bytes;
      for (std::size_t i = 0; i < sum.tally.size(); ++i) sum.tally[i] += totals.tally[i];
    }
    if (Rows().size() > 1) Print("all", sum);
  }

 private:
  static void Print(const std::string& name, const Totals& totals) {
    std::uint64_t cases = 0;
    for (std::size_t i = 1; i < totals.tally.size(); ++i) cases += totals.tally[i];
    std::printf("%-9s %3llu files, %7llu bytes, %8llu cases:", name.c_str(),
                static_cast<unsigned long long>(totals.files),
                static_cast<unsigned long long>(totals.bytes),
                static_cast<unsigned long long>(cases));
    for (std::size_t i = 1; i < totals.tally.size(); ++i) {
      std::printf(" %s %llu%s", kColumns[i], static_cast<unsigned long long>(totals.tally[i]),
                  i + 1 < totals.tally.size() ? "," : "\n");
    }
  }
};
const auto* const kReport =
    ::testing::AddGlobalTestEnvironment(std::make_unique<Report>().release());

// One specimen and the judgement of what damage did to it.
class Sweep {
 public:
  Sweep(const SpecimenPlan& plan, std::uint64_t seed)
      : specimen_(plan.make(seed)), log_(LogMap::Make(specimen_)) {}

  [[nodiscard]] const Specimen& specimen() const { return specimen_; }

  // The outcome, or with `wrong` set a broken promise.
  Outcome Run(const SpecimenFile& file, const Damage& damage, std::string* wrong) {
    std::optional<std::string> bytes;
    if (damage.kind != Damage::Kind::kRemove) {
      bytes = Damaged(file, damage);
      if (!bytes) return Outcome::kUnchanged;
    }
    wrong_ = wrong;
    auto disk = specimen_.disk->CrashImage({CrashKeep::Data::kEverything, {}, 0});
    const std::string path = std::string(kSpecimenDirectory) + "/" + file.name;
    const Status planted =
        bytes ? disk->Corrupt(path, [&](std::string& content) { content = *bytes; })
              : disk->Remove(path);
    if (!planted.ok()) return Wrong(planted.ToString());
    auto runtime = ManualRuntime::Create(*disk, 1);
    auto db = OpenSpecimen(runtime->runtime());
    const LogMap::Cost cost =
        file.kind == FileKind::kLog ? log_.CostOf(file.name, bytes) : LogMap::Cost();
    if (!db.ok()) return JudgeRefusal(file, db.status(), cost);
    const StoreReading reading = ReadEverything(**db, specimen_);
    if (reading.wrong) return Wrong(*reading.wrong);
    switch (file.kind) {
      case FileKind::kTable: return JudgeTable(file, **db, reading, bytes);
      case FileKind::kLog: return JudgeLog(reading, cost);
      case FileKind::kManifest: return JudgeManifest(file, reading, bytes);
      default: return Wrong("damage to it was not noticed");
    }
  }

 private:
  Outcome Wrong(std::string what) {
    *wrong_ = std::move(what);
    return Outcome::kUnchanged;
  }
  [[nodiscard]] bool Whole(const StoreReading& reading) const {
    return !reading.errors && reading.state + 1 == specimen_.states.size();
  }

  Outcome JudgeRefusal(const SpecimenFile& file, const Status& status, const LogMap::Cost& cost) {
    // Nothing vouches for CURRENT's format number before the format is known.
    const bool newer = file.kind == FileKind::kCurrent &&
                       status.code() == StatusCode::kNotSupported;
    if (status.code() != StatusCode::kCorruption && !newer) {
      return Wrong("open: " + status.ToString());
    }
    const bool log = file.kind == FileKind::kLog;
    // Where a log or a manifest breaks off, what misses the rest of it is told.
    const bool named = log || file.kind == FileKind::kManifest ||
                       status.message().find(file.name) != Slice::npos;
    if (!named) return Wrong("open does not name the file: " + status.ToString());
    if (log && !cost.touched) return Wrong("bytes without meaning refused: " + status.ToString());
    if (log && !cost.proven && !cost.framing) {
      return Wrong("a torn tail is refused: " + status.ToString());
    }
    return Outcome::kRefused;
  }

  Outcome JudgeTable(const SpecimenFile& file, Db& db, const StoreReading& reading,
                     const std::optional<std::string>& bytes) {
    if (!file.live) return JudgeHarmless(reading);
    if (!bytes || bytes->size() != file.bytes.size()) {
      return Wrong("a table missing or of another size was not refused");
    }
    if (reading.errors) return Outcome::kReadErrors;
    if (!Whole(reading)) return Wrong("entries of a table are missing");
    const auto verified = db.Verify();
    if (verified.ok()) return Wrong("Verify did not notice");
    if (verified.status().code() != StatusCode::kCorruption ||
        verified.status().message().find(file.name) == Slice::npos) {
      return Wrong("Verify: " + verified.status().ToString());
    }
    return Outcome::kOnlyVerify;
  }

  Outcome JudgeLog(const StoreReading& reading, const LogMap::Cost& cost) {
    if (reading.errors) return Wrong("reads fail although open replayed the log");
    if (Whole(reading)) return Outcome::kHarmless;
    if (!cost.touched) return Wrong("commits are missing, and nothing of them was damaged");
    if (cost.proven) return Wrong("damage below a durable mark was dropped as a torn tail");
    if (reading.state != cost.state) {
      return Wrong("the state after " + std::to_string(reading.state) + " commits, not " +
                   std::to_string(cost.state));
    }
    return reading.state < specimen_.durable ? Outcome::kLostDurable : Outcome::kDroppedTail;
  }

  // Where no whole edit follows the damage, it is taken for a torn one (rule M7). Mostly nothing is
  // lost by that; where an acknowledged change stood in the manifest alone, it is.
  Outcome JudgeManifest(const SpecimenFile& file, const StoreReading& reading,
                        const std::optional<std::string>& bytes) {
    if (Whole(reading)) return Outcome::kHarmless;
    const Slice last_edit = Slice(file.bytes).substr(specimen_.last_edit);
    const bool last_damaged = bytes && !Slice(*bytes).ends_with(last_edit);
    if (!last_damaged || !specimen_.only_in_last_edit || reading.errors ||
        reading.state + 2 != specimen_.states.size()) {
      return Wrong("the manifest's damage changed the contents");
    }
    return Outcome::kLostDurable;
  }

  Outcome JudgeHarmless(const StoreReading& reading) {
    if (!Whole(reading)) return Wrong("bytes without meaning have one");
    return Outcome::kHarmless;
  }

  const Specimen specimen_;
  const LogMap log_;
  std::string* wrong_ = nullptr;
};

struct Share {
  SpecimenPlan plan;
  std::uint64_t shard = 0;
};
void PrintTo(const Share& share, std::ostream* out) { *out << share.plan.name << share.shard; }

std::vector<Share> AllShares() {
  std::vector<Share> shares;
  for (const SpecimenPlan& plan : AllSpecimens()) {
    for (std::uint64_t shard = 0; shard < plan.shards; ++shard) shares.push_back({plan, shard});
  }
  return shares;
}

class CorruptionSweep : public ::testing::TestWithParam<Share> {};

TEST_P(CorruptionSweep, DamageIsToldOrHarmless) {
  const std::uint64_t seed = NumberFrom("FIRN_CORRUPTION_SEED", 1);
  const std::uint64_t stride = std::max<std::uint64_t>(1, NumberFrom("FIRN_CORRUPTION_STRIDE", 1));
  const Share& share = GetParam();
  Sweep sweep(share.plan, seed);
  std::uint64_t number = 0;
  for (const SpecimenFile& file : sweep.specimen().files) {
    Totals& totals = Report::Rows()[NameOf(file.kind)];
    if (share.shard == 0) {
      ++totals.files;
      totals.bytes += file.bytes.size();
    }
    for (const Damage& damage : AllDamages(file, seed)) {
      if (++number % (stride * share.plan.shards) != share.shard) continue;
      std::string wrong;
      const Outcome outcome = sweep.Run(file, damage, &wrong);
      ASSERT_EQ(wrong, "") << file.name << " of " << file.bytes.size() << " bytes, "
                           << damage.ToString();
      ++totals.tally[static_cast<std::size_t>(outcome)];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Specimens, CorruptionSweep, ::testing::ValuesIn(AllShares()),
                         [](const auto& instance) {
                           return instance.param.plan.name + std::to_string(instance.param.shard);
                         });

// An undamaged specimen shows its last state, verifies, and its log is what the map says.
TEST(CorruptionSpecimens, AreWholeWithoutDamage) {
  for (const SpecimenPlan& plan : AllSpecimens()) {
    SCOPED_TRACE(plan.name);
    const Specimen specimen = plan.make(NumberFrom("FIRN_CORRUPTION_SEED", 1));
    auto disk = specimen.disk->CrashImage({CrashKeep::Data::kEverything, {}, 0});
    auto runtime = ManualRuntime::Create(*disk, 1);
    auto db = OpenSpecimen(runtime->runtime());
    ASSERT_TRUE(db.ok()) << db.status().ToString();
    const StoreReading reading = ReadEverything(**db, specimen);
    EXPECT_EQ(reading.wrong.value_or(""), "");
    EXPECT_FALSE(reading.errors);
    EXPECT_EQ(reading.state + 1, specimen.states.size());
    EXPECT_TRUE((*db)->Verify().ok());
    EXPECT_GE(specimen.files.size(), 3u);
  }
}

}  // namespace
}  // namespace firn::testing
