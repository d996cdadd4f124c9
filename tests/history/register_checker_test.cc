// The checker itself: histories that must be refused, histories that look odd and are right, and
// all small ones against trying every order.
#include "history/register_checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "sim/seeded_random.h"

namespace firn::history {
namespace {

using Kind = Operation::Kind;

Operation Read(std::uint64_t begin, std::uint64_t end, Value value) {
  return {.begin = begin, .end = end, .value = value, .kind = Kind::kRead};
}
Operation Write(std::uint64_t begin, std::uint64_t end, Value value) {
  return {.begin = begin, .end = end, .value = value, .kind = Kind::kWrite};
}
Operation Replace(std::uint64_t begin, std::uint64_t end, Value expected, Value value,
                  bool succeeded) {
  return {.begin = begin, .end = end, .value = value, .expected = expected,
          .kind = Kind::kConditional, .succeeded = succeeded};
}

bool Explained(std::vector<Operation> history, Value initial = kAbsent) {
  return !CheckRegister(std::move(history), initial).has_value();
}

TEST(RegisterChecker, TakesWhatHappenedOneAfterAnother) {
  EXPECT_TRUE(Explained({}));
  EXPECT_TRUE(Explained({Read(1, 2, kAbsent), Write(3, 4, 7), Read(5, 6, 7), Write(7, 8, kAbsent),
                         Read(9, 10, kAbsent)}));
  EXPECT_TRUE(Explained({Read(1, 2, 9)}, 9));
}

TEST(RegisterChecker, TakesEitherOrderOfWhatOverlaps) {
  EXPECT_TRUE(Explained({Write(1, 4, 7), Write(2, 3, 8), Read(5, 6, 7)}));
  EXPECT_TRUE(Explained({Write(1, 4, 7), Write(2, 3, 8), Read(5, 6, 8)}));
  // A write that has not returned may be seen, and need not be.
  EXPECT_TRUE(Explained({Write(1, 10, 7), Read(2, 3, kAbsent), Read(4, 5, 7)}));
}

TEST(RegisterChecker, RefusesAStaleRead) {
  EXPECT_FALSE(Explained({Write(1, 2, 7), Read(3, 4, kAbsent)}));
  EXPECT_FALSE(Explained({Write(1, 2, 7), Write(3, 4, 8), Read(5, 6, 7)}));
}

TEST(RegisterChecker, RefusesAReadFromTheFutureAndOneFromNowhere) {
  EXPECT_FALSE(Explained({Read(1, 2, 7), Write(3, 4, 7)}));
  EXPECT_FALSE(Explained({Write(1, 2, 7), Read(3, 4, 9)}));
}

TEST(RegisterChecker, RefusesTwoReadersWhoDisagreeOnTheOrder) {
  EXPECT_FALSE(Explained({Write(1, 10, 7), Read(2, 3, 7), Read(4, 5, kAbsent)}));
  EXPECT_FALSE(Explained({Write(1, 20, 7), Write(2, 19, 8), Read(3, 4, 7), Read(5, 6, 8),
                          Read(7, 8, 7)}));
}

TEST(RegisterChecker, RefusesALostUpdate) {
  EXPECT_FALSE(Explained({Write(1, 2, 7), Replace(3, 6, 7, 8, true), Replace(4, 5, 7, 9, true)}));
  EXPECT_TRUE(Explained({Write(1, 2, 7), Replace(3, 6, 7, 8, true), Replace(4, 5, 7, 9, false)}));
}

TEST(RegisterChecker, RefusesARefusalWithoutAReason) {
  EXPECT_FALSE(Explained({Write(1, 2, 7), Replace(3, 4, 7, 8, false)}));
  EXPECT_FALSE(Explained({Replace(1, 2, kAbsent, 8, false)}));
  EXPECT_FALSE(Explained({Write(1, 2, 7), Replace(3, 4, kAbsent, 8, true)}));
}

TEST(RegisterChecker, RefusesAResurrection) {
  EXPECT_FALSE(Explained({Write(1, 2, 7), Write(3, 4, kAbsent), Read(5, 6, 7)}));
}

TEST(RegisterChecker, NamesTheOperationThatDoesNotFit) {
  const auto wrong = CheckRegister({Write(1, 2, 7), Write(3, 4, 8), Read(5, 6, 7)}, kAbsent);
  ASSERT_TRUE(wrong.has_value());
  EXPECT_NE(wrong->find("no order explains [5, 6] read 7"), std::string::npos) << *wrong;
}

TEST(RegisterChecker, FindsOneWrongReadInALongHistory) {
  // Each operation overlaps the next three.
  constexpr std::uint64_t kCount = 2000;
  std::vector<Operation> history;
  for (std::uint64_t i = 1; i <= kCount; ++i) history.push_back(Write(100 * i, 100 * i + 350, i));
  std::vector<Operation> right = history;
  right.push_back(Read(100 * kCount + 400, 100 * kCount + 450, kCount - 3));
  EXPECT_TRUE(Explained(right));
  history.push_back(Read(100 * kCount + 400, 100 * kCount + 450, kCount - 20));
  EXPECT_FALSE(Explained(history));
}

// Every order that keeps what wholly precedes what.
bool ExplainedByAnyOrder(const std::vector<Operation>& history) {
  std::vector<std::size_t> order(history.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  do {
    Value value = kAbsent;
    bool fits = true;
    for (std::size_t i = 0; i < order.size() && fits; ++i) {
      const Operation& operation = history[order[i]];
      for (std::size_t j = i + 1; j < order.size(); ++j) {
        fits = fits && history[order[j]].end > operation.begin;
      }
      const bool matches = operation.expected == value;
      if (operation.kind == Kind::kRead) fits = fits && operation.value == value;
      if (operation.kind == Kind::kConditional) fits = fits && matches == operation.succeeded;
      const bool writes = operation.kind == Kind::kWrite ||
                          (operation.kind == Kind::kConditional && operation.succeeded);
      if (writes) value = operation.value;
    }
    if (fits) return true;
  } while (std::next_permutation(order.begin(), order.end()));
  return false;
}

TEST(RegisterChecker, AgreesWithTryingEveryOrder) {
  testing::SeededRandom random(1);
  int explained = 0;
  constexpr int kHistories = 4000;
  for (int round = 0; round < kHistories; ++round) {
    const std::size_t count = 1 + random.Below(6);
    std::vector<std::uint64_t> moments(2 * count);
    std::iota(moments.begin(), moments.end(), std::uint64_t{1});
    for (std::size_t i = moments.size(); i > 1; --i) {
      std::swap(moments[i - 1], moments[random.Below(i)]);
    }
    std::vector<Operation> history;
    for (std::size_t i = 0; i < count; ++i) {
      const auto [begin, end] = std::minmax(moments[2 * i], moments[2 * i + 1]);
      history.push_back({.begin = begin, .end = end, .value = random.Below(3),
                         .expected = random.Below(3), .kind = static_cast<Kind>(random.Below(3)),
                         .succeeded = random.Coin()});
    }
    const bool expected = ExplainedByAnyOrder(history);
    ASSERT_EQ(Explained(history), expected) << "history " << round;
    explained += expected ? 1 : 0;
  }
  // Both kinds occur often enough to mean something.
  EXPECT_GT(explained, kHistories / 10);
  EXPECT_LT(explained, kHistories * 9 / 10);
}

}  // namespace
}  // namespace firn::history
