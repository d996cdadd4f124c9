#include "merge/loser_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace firn {
namespace {

// Sorted columns of small numbers, so that ranks tie often; UINT64_MAX marks the end of one.
struct Columns {
  std::vector<std::vector<std::uint64_t>> values;
  std::vector<std::size_t> next;

  [[nodiscard]] std::uint64_t Rank(std::size_t column) const {
    return next[column] < values[column].size() ? values[column][next[column]] : UINT64_MAX;
  }
};

Columns RandomColumns(std::size_t count, std::mt19937& random) {
  Columns columns;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::uint64_t> column(random() % 20);
    for (std::uint64_t& value : column) value = random() % 30;
    std::ranges::sort(column);
    columns.values.push_back(std::move(column));
  }
  columns.next.resize(count);
  return columns;
}

TEST(LoserTree, MergesAnyNumberOfSourcesAndSettlesTiesByTheCaller) {
  std::mt19937 random(7);
  const auto lower_index = [](std::size_t a, std::size_t b) { return a < b; };
  for (std::size_t count = 1; count <= 33; ++count) {
    Columns columns = RandomColumns(count, random);
    std::vector<std::pair<std::uint64_t, std::size_t>> expected;
    std::vector<std::uint64_t> ranks;
    for (std::size_t i = 0; i < count; ++i) {
      for (const std::uint64_t value : columns.values[i]) expected.emplace_back(value, i);
      ranks.push_back(columns.Rank(i));
    }
    std::ranges::sort(expected);
    LoserTree tree;
    tree.Build(ranks, lower_index);
    for (const auto& [value, source] : expected) {
      ASSERT_EQ(tree.winner(), source) << count << " sources";
      ASSERT_EQ(columns.Rank(source), value);
      ++columns.next[source];
      tree.ReplayWinner(columns.Rank(source), lower_index);
    }
    EXPECT_EQ(columns.Rank(tree.winner()), UINT64_MAX);
  }
}

TEST(LoserTree, KnowsTheLeastRankAmongTheOthers) {
  std::mt19937 random(8);
  const auto lower_index = [](std::size_t a, std::size_t b) { return a < b; };
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint64_t> ranks(1 + random() % 9);
    for (std::uint64_t& rank : ranks) rank = random() % 100;
    LoserTree tree;
    tree.Build(ranks, lower_index);
    for (int step = 0; step < 5; ++step) {
      const std::size_t winner = tree.winner();
      std::uint64_t second = UINT64_MAX;
      for (std::size_t i = 0; i < ranks.size(); ++i) {
        if (i != winner) second = std::min(second, ranks[i]);
      }
      ASSERT_EQ(tree.SecondRank(), second);
      ranks[winner] += random() % 50;
      tree.ReplayWinner(ranks[winner], lower_index);
    }
  }
}

}  // namespace
}  // namespace firn
