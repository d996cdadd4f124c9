#include "torture/plan.h"

#include <algorithm>

#include "testing/tiny_store.h"

namespace firn::testing {
namespace {

// How often a verb comes when nothing is left out.
constexpr std::array<std::uint32_t, kVerbs> kWeights = {
    30, 8, 3, 14, 4, 6, 20, 5, 8, 3, 5, 3, 2, 2, 1, 1, 3};
// About what an operation takes, so that crashes and changes of priority fall into the run.
constexpr std::uint64_t kStepsAnOperation = 60;

template <typename T, std::size_t n>
T OneOf(SeededRandom& random, const T (&choices)[n]) {
  return choices[random.Below(n)];
}

void DrawSchedule(SeededRandom& random, Plan& plan) {
  const std::uint64_t steps = plan.clients * plan.operations * kStepsAnOperation;
  ScheduleSettings& schedule = plan.schedule;
  schedule.seed = random.Next64();
  schedule.pct_depth = random.Coin() ? 3 : 0;
  schedule.pct_steps = steps;
  schedule.steps_max = 3000000;
  if (random.Below(3) == 0) schedule.spurious_wake_one_in = 200;
  if (random.Below(3) == 0) schedule.clock_jump_one_in = 3000;
  if (random.Coin()) plan.crash_step = 1 + random.Below(steps);
}

void DrawStore(SeededRandom& random, Plan& plan) {
  plan.tuning = TinyTuning();
  plan.tuning.memtable_bytes = OneOf<std::uint64_t>(random, {3 << 10, 5 << 10, 8 << 10});
  plan.tuning.memtables_bytes_max = plan.tuning.memtable_bytes * 3;
  plan.tuning.ledger_bytes = OneOf<std::uint64_t>(random, {96 << 10, 1 << 20});
  plan.tuning.log_segment_bytes = OneOf<std::uint64_t>(random, {8 << 10, 16 << 10});
  plan.tuning.runs_per_level = 2 + random.Below(2);
  plan.tuning.manifest_bytes_max = OneOf<std::uint64_t>(random, {1 << 10, 8 << 10});
  plan.options.log_backend = random.Coin() ? LogBackend::kMapped : LogBackend::kPositioned;
  plan.options.compression =
      OneOf<Compression>(random, {Compression::kNone, Compression::kLz4, Compression::kZstd});
  plan.options.sync_interval = std::chrono::milliseconds(OneOf<int>(random, {1, 10, 100}));
  plan.workers = 2 + random.Below(3);
  plan.keys = OneOf<std::uint64_t>(random, {6, 24, 60});
  plan.value_bytes = OneOf<std::uint64_t>(random, {8, 120, 400});
}

void DrawFaults(SeededRandom& random, Plan& plan) {
  if (random.Coin()) plan.latency_one_in = 1 + static_cast<std::uint32_t>(random.Below(8));
  if (random.Below(3) == 0) plan.stall_one_in = 10 + static_cast<std::uint32_t>(random.Below(50));
  plan.crash_keep = {OneOf<CrashKeep::Data>(random, {CrashKeep::Data::kNothing,
                                                     CrashKeep::Data::kEverything,
                                                     CrashKeep::Data::kRandomSectors}),
                     OneOf<CrashKeep::Names>(random, {CrashKeep::Names::kNothing,
                                                      CrashKeep::Names::kEverything,
                                                      CrashKeep::Names::kRandomSubset,
                                                      CrashKeep::Names::kRandomPrefix}),
                     random.Next64()};
  plan.faults.seed = random.Next64();
  const auto rate = static_cast<std::uint32_t>(50 + random.Below(300));
  switch (random.Below(10)) {
    case 0: plan.faults.io_one_in = rate; break;
    case 1: plan.faults.no_space_one_in = rate / 4; break;
    case 2: plan.faults.short_write_one_in = rate / 2; break;
    case 3: plan.faults.sync_drop_one_in = rate / 4; break;
    case 4: plan.faults.read_one_in = rate; break;
    default: break;
  }
}

}  // namespace

bool Plan::Has(OperationId operation) const {
  return !only.has_value() || std::find(only->begin(), only->end(), operation) != only->end();
}

std::vector<OperationId> Plan::Operations() const {
  if (only.has_value()) return *only;
  std::vector<OperationId> all;
  for (std::size_t client = 0; client < clients; ++client) {
    for (std::size_t index = 0; index < operations; ++index) all.push_back({client, index});
  }
  return all;
}

Plan MakePlan(std::uint64_t seed) {
  SeededRandom random(seed);
  Plan plan;
  plan.seed = seed;
  plan.clients = 3 + random.Below(3);
  plan.operations = 15 + random.Below(60);
  for (std::size_t verb = 0; verb < kVerbs; ++verb) {
    plan.weights[verb] = random.Below(4) == 0 ? 0 : kWeights[verb];
  }
  plan.weights[static_cast<std::size_t>(Verb::kPut)] = kWeights[0];
  DrawStore(random, plan);
  DrawFaults(random, plan);
  DrawSchedule(random, plan);
  return plan;
}

std::string ToText(const Plan& plan) {
  const auto number = [](const char* name, std::uint64_t value) {
    return std::string(" ") + name + '=' + std::to_string(value);
  };
  std::string text = "seed=" + std::to_string(plan.seed);
  text += number("clients", plan.clients) + number("operations", plan.operations);
  text += number("keys", plan.keys) + number("value_bytes", plan.value_bytes);
  text += number("workers", plan.workers) + number("pct_depth", plan.schedule.pct_depth);
  text += number("spurious_wake_one_in", plan.schedule.spurious_wake_one_in);
  text += number("clock_jump_one_in", plan.schedule.clock_jump_one_in);
  text += number("positioned_log", plan.options.log_backend == LogBackend::kPositioned);
  text += number("compression", static_cast<std::uint64_t>(plan.options.compression));
  text += number("sync_interval_ms",
                 static_cast<std::uint64_t>(plan.options.sync_interval.count()));
  text += number("memtable_bytes", plan.tuning.memtable_bytes);
  text += number("ledger_bytes", plan.tuning.ledger_bytes);
  text += number("latency_one_in", plan.latency_one_in);
  text += number("stall_one_in", plan.stall_one_in);
  text += number("io_one_in", plan.faults.io_one_in);
  text += number("read_one_in", plan.faults.read_one_in);
  text += number("no_space_one_in", plan.faults.no_space_one_in);
  text += number("short_write_one_in", plan.faults.short_write_one_in);
  text += number("sync_drop_one_in", plan.faults.sync_drop_one_in);
  if (plan.has_faults()) {
    text += number("first_fault", plan.faults.first) + number("last_fault", plan.faults.last);
  }
  text += number("crash_step", plan.crash_step);
  text += number("crash_data", static_cast<std::uint64_t>(plan.crash_keep.data));
  text += number("crash_names", static_cast<std::uint64_t>(plan.crash_keep.names));
  text += " without";
  for (std::size_t verb = 0; verb < kVerbs; ++verb) {
    if (plan.weights[verb] == 0) text += std::string(" ") + NameOf(static_cast<Verb>(verb));
  }
  return text;
}

const char* NameOf(Verb verb) {
  static constexpr const char* kNames[kVerbs] = {
      "put",  "delete",   "delete_range",  "batch", "put_if_absent", "compare_and_set",
      "get",  "multi_get", "scan",         "snapshot", "read_snapshot", "sync",
      "flush", "compact", "keyspace",      "checkpoint", "sleep"};
  return kNames[static_cast<std::size_t>(verb)];
}

}  // namespace firn::testing
