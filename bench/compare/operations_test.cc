// What is drawn and what it is made into.
#include "operations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace firn::compare {
namespace {

constexpr KeyShape kShapes[] = {KeyShape::kRandom, KeyShape::kDense, KeyShape::kUser,
                                KeyShape::kPrefix};

TEST(Keys, AreDistinctOfOneLengthAndOrderedAsTheirNumbers) {
  for (const KeyShape shape : kShapes) {
    const Keys keys(shape);
    Keys::Buffer buffer;
    std::map<std::string, std::uint64_t> orders;
    for (std::uint64_t i = 0; i < 5000; ++i) {
      const Slice key = keys.Make(i, buffer);
      EXPECT_EQ(key.size(), keys.bytes());
      EXPECT_TRUE(orders.emplace(key, keys.Order(i)).second);
    }
    EXPECT_TRUE(std::is_sorted(orders.begin(), orders.end(),
                               [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
}

TEST(Keys, MissesAreNobodysAndNearOnesStandBesideTheirKey) {
  for (const KeyShape shape : kShapes) {
    const Keys keys(shape);
    Keys::Buffer buffer;
    std::set<std::string, std::less<>> all;
    for (std::uint64_t i = 0; i < 5000; ++i) all.emplace(keys.Make(i, buffer));
    for (std::uint64_t i = 0; i < 5000; ++i) {
      EXPECT_FALSE(all.contains(keys.MakeMissing(i, buffer)));
      const std::string near(keys.MakeNearMissing(i, buffer));
      EXPECT_FALSE(all.contains(near));
      const Slice key = keys.Make(i, buffer);
      EXPECT_EQ(near.substr(0, keys.bytes() - 1), key.substr(0, keys.bytes() - 1));
    }
  }
}

TEST(Values, TellTheirOriginAndAreHalfRepetition) {
  for (const std::size_t bytes : {16u, 17u, 100u, 1001u}) {
    const Values values(bytes);
    std::vector<char> buffer(values.buffer_bytes());
    const Slice value = values.Make({123456789, 42}, buffer.data());
    ASSERT_EQ(value.size(), bytes);
    const auto origin = values.OriginOf(value);
    ASSERT_TRUE(origin.has_value());
    EXPECT_EQ(origin->index, 123456789u);
    EXPECT_EQ(origin->generation, 42u);
    EXPECT_EQ(Values::Word(value), values.WordOf({123456789, 42}));
    const std::size_t half = (bytes + 1) / 2;
    EXPECT_EQ(value.substr(half), value.substr(0, bytes - half));
    EXPECT_FALSE(values.OriginOf(value.substr(1)).has_value());
  }
}

TEST(Permutation, GivesEachNumberOnce) {
  for (const std::uint64_t size : {1u, 2u, 3u, 7u, 64u, 1000u, 4097u}) {
    const Permutation permutation(size, 5);
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < size; ++i) seen.insert(permutation(i));
    EXPECT_EQ(seen.size(), size);
    EXPECT_LT(*seen.rbegin(), size);
  }
}

TEST(Zipf, TheFirstRanksAreDrawnAsOftenAsTheDistributionSays) {
  constexpr std::uint64_t kSize = 1000;
  constexpr std::uint64_t kDraws = 200000;
  std::vector<std::uint64_t> counts(kSize);
  for (const std::uint32_t draw : ZipfDraws(kSize, kDraws, 3)) ++counts.at(draw);
  // 1 / zeta(1000, 0.99) is 0.1292; rank 1 has 2^-0.99 of it.
  EXPECT_NEAR(static_cast<double>(counts[0]) / kDraws, 0.1292, 0.005);
  EXPECT_NEAR(static_cast<double>(counts[1]) / kDraws, 0.1292 * 0.5035, 0.005);
}

class Streams : public ::testing::Test {
 protected:
  std::vector<Operation> Take(const Recipe& recipe, std::uint32_t thread, std::uint64_t count) {
    OperationStream stream(recipe, source_, thread);
    std::vector<Operation> operations;
    for (std::uint64_t i = 0; i < count; ++i) operations.push_back(stream.Next());
    return operations;
  }

  const Keys keys_{KeyShape::kDense};
  StreamSource source_ = {.keys = &keys_, .entries = 1000, .insert_base = 1000, .threads = 3};
};

TEST_F(Streams, ThreadsShareTheEntriesWithoutOverlap) {
  Recipe recipe;
  recipe.action = Action::kPut;
  recipe.choice = Choice::kShuffled;
  std::set<std::uint64_t> seen;
  for (std::uint32_t thread = 0; thread < 3; ++thread) {
    const std::uint64_t size = OperationStream(recipe, source_, thread).size();
    for (const Operation& operation : Take(recipe, thread, size)) {
      EXPECT_TRUE(seen.insert(operation.index).second);
    }
  }
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(*seen.rbegin(), 999u);
}

TEST_F(Streams, TheSameAgainGivesTheSameOperations) {
  Recipe recipe;
  recipe.other_percent = 50;
  recipe.other = Action::kPut;
  const auto first = Take(recipe, 1, 500);
  const auto second = Take(recipe, 1, 500);
  std::uint64_t puts = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].index, second[i].index);
    EXPECT_EQ(first[i].action, second[i].action);
    puts += first[i].action == Action::kPut;
  }
  EXPECT_NEAR(static_cast<double>(puts), 250, 60);
}

TEST_F(Streams, InsertsOfAllThreadsAreNewAndDistinct) {
  Recipe recipe;
  recipe.action = Action::kInsert;
  std::set<std::uint64_t> seen;
  for (std::uint32_t thread = 0; thread < 3; ++thread) {
    for (const Operation& operation : Take(recipe, thread, 100)) {
      EXPECT_TRUE(seen.insert(operation.index).second);
    }
  }
  EXPECT_EQ(*seen.begin(), 1000u);
  EXPECT_EQ(*seen.rbegin(), 1299u);
}

TEST_F(Streams, ReadsOfTheLatestFollowTheInserts) {
  source_.threads = 1;
  const auto draws = ZipfDraws(1000, 1000, 1);
  source_.zipf = draws;
  Recipe recipe;
  recipe.choice = Choice::kLatest;
  recipe.other_percent = 50;
  recipe.other = Action::kInsert;
  std::uint64_t newest = 999;
  std::uint64_t reads_of_newest = 0;
  for (const Operation& operation : Take(recipe, 0, 1000)) {
    if (operation.action == Action::kInsert) {
      newest = operation.index;
    } else {
      EXPECT_LE(operation.index, newest);
      reads_of_newest += operation.index == newest;
    }
  }
  EXPECT_GT(reads_of_newest, 30u);
}

}  // namespace
}  // namespace firn::compare
