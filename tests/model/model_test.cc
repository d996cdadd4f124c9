// The whole engine against an ordered map: every seed under every option set, all answers compared.
// A failure prints the seed, the option set and the shortest list of operations that still fails.
//
// FIRN_MODEL_SEEDS=n runs n seeds, scaled as all seeds are; FIRN_MODEL_FIRST=s starts at seed s;
// FIRN_MODEL_SHRINK=0 prints no list, which is all a caller needs who only asks whether it fails.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "model/runner.h"
#include "testing/seeds.h"

namespace firn::testing {
namespace {

constexpr std::size_t kOperations = 2000;

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Drops ever smaller pieces of the list as long as it still fails.
std::vector<Operation> Shrink(const Plan& plan, const RunSettings& settings, std::uint64_t seed) {
  std::vector<Operation> operations = plan.operations;
  RunCounts counts;
  for (std::size_t piece = operations.size() / 2; piece > 0; piece /= 2) {
    for (std::size_t begin = 0; begin + piece <= operations.size();) {
      std::vector<Operation> fewer(operations.begin(),
                                   operations.begin() + static_cast<std::ptrdiff_t>(begin));
      fewer.insert(fewer.end(), operations.begin() + static_cast<std::ptrdiff_t>(begin + piece),
                   operations.end());
      if (RunPlan(plan, fewer, settings, seed, &counts)) {
        operations = std::move(fewer);
      } else {
        begin += piece;
      }
    }
  }
  return operations;
}

class ModelTest : public ::testing::TestWithParam<RunSettings> {};

TEST_P(ModelTest, EveryAnswerEqualsThatOfAnOrderedMap) {
  const RunSettings& settings = GetParam();
  const std::uint64_t first = FromEnvironment("FIRN_MODEL_FIRST", 1);
  const std::uint64_t seeds = SeedCount(FromEnvironment("FIRN_MODEL_SEEDS", 1000));
  RunCounts total;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const Plan plan = MakePlan(seed, kOperations);
    RunCounts counts;
    const auto failure = RunPlan(plan, plan.operations, settings, seed, &counts);
    if (failure.has_value()) {
      std::string text = "seed " + std::to_string(seed) + ", options '" + settings.name +
                         "': " + *failure;
      if (FromEnvironment("FIRN_MODEL_SHRINK", 1) == 0) FAIL() << text;
      text += "\nshrunk to:\n";
      for (const Operation& operation : Shrink(plan, settings, seed)) {
        text += "  " + ToText(operation) + "\n";
      }
      FAIL() << text;
    }
    total.flushes += counts.flushes;
    total.compactions += counts.compactions;
    total.reopens += counts.reopens;
  }
  // The geometry must make runs busy, or the test proves little.
  EXPECT_GT(total.flushes, seeds * 12);
  EXPECT_GT(total.compactions, seeds * 5);
  std::printf("%llu seeds x %zu operations: %llu flushes, %llu compactions, %llu reopens\n",
              static_cast<unsigned long long>(seeds), kOperations,
              static_cast<unsigned long long>(total.flushes),
              static_cast<unsigned long long>(total.compactions),
              static_cast<unsigned long long>(total.reopens));
}

INSTANTIATE_TEST_SUITE_P(
    OptionSets, ModelTest,
    ::testing::Values(
        RunSettings{"plain", Compression::kNone, LogBackend::kMapped, false, 1 << 20, 256},
        RunSettings{"lz4_positioned_log", Compression::kLz4, LogBackend::kPositioned, false,
                    1 << 20, 700},
        RunSettings{"zstd_tiny_memory", Compression::kZstd, LogBackend::kMapped, false, 40 << 10,
                    128},
        RunSettings{"threads", Compression::kNone, LogBackend::kMapped, true, 1 << 20, 256}),
    [](const auto& instance) { return std::string(instance.param.name); });

// What a store answers may depend on nothing but what was asked of it. Each row differs from the
// first in what the engine does behind the same calls.
constexpr RunSettings kSameAnswers[] = {
    {.name = "plain", .ledger_bytes = 1 << 20},
    {.name = "lz4", .compression = Compression::kLz4, .ledger_bytes = 1 << 20, .block_bytes = 700},
    {.name = "zstd", .compression = Compression::kZstd, .ledger_bytes = 1 << 20},
    {.name = "hardly any cache", .ledger_bytes = 40 << 10, .block_bytes = 128},
    {.name = "positioned log in short segments",
     .log_backend = LogBackend::kPositioned,
     .ledger_bytes = 1 << 20,
     .log_segment_bytes = 8 << 10},
    {.name = "small memtables", .ledger_bytes = 1 << 20, .memtable_bytes = 2 << 10},
    {.name = "large memtables", .ledger_bytes = 4 << 20, .memtable_bytes = 256 << 10},
    {.name = "small tables", .ledger_bytes = 1 << 20, .table_bytes = 1 << 10},
    {.name = "many runs", .ledger_bytes = 1 << 20, .runs_per_level = 6},
    {.name = "never durable", .ledger_bytes = 1 << 20, .durability = Durability::kNone},
    {.name = "always durable", .ledger_bytes = 1 << 20, .durability = Durability::kSync},
    {.name = "threads", .threads = true, .ledger_bytes = 1 << 20},
};

TEST(SameAnswers, WhateverTheSettings) {
  const std::uint64_t first = FromEnvironment("FIRN_MODEL_FIRST", 1);
  const std::uint64_t seeds = SeedCount(FromEnvironment("FIRN_MODEL_SEEDS", 1000) / 40);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const Plan plan = MakePlan(seed, kOperations);
    std::uint64_t answers = 0;
    for (const RunSettings& settings : kSameAnswers) {
      RunCounts counts;
      const auto failure = RunPlan(plan, plan.operations, settings, seed, &counts);
      ASSERT_EQ(failure, std::nullopt) << "seed " << seed << ", '" << settings.name << "'";
      if (&settings == kSameAnswers) answers = counts.answers;
      ASSERT_EQ(counts.answers, answers)
          << "seed " << seed << ": '" << settings.name << "' answers differently";
    }
  }
}

}  // namespace
}  // namespace firn::testing
