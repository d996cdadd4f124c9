#include "memtable/memtable_node.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace firn {
namespace {

std::vector<unsigned> UsedSlots(Permutation order) {
  std::vector<unsigned> slots;
  for (unsigned i = 0; i < order.count(); ++i) slots.push_back(order.slot(i));
  return slots;
}

TEST(Permutation, StartsEmptyWithAllSlotsFree) {
  const Permutation order;
  EXPECT_EQ(order.count(), 0u);
  for (unsigned i = 0; i < kNodeSlots; ++i) EXPECT_EQ(order.slot(i), i);
}

TEST(Permutation, KeepsEverySlotExactlyOnceThroughInsertsAndTruncations) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    Permutation order;
    std::vector<unsigned> expected;
    for (int step = 0; step < 40; ++step) {
      if (order.count() == kNodeSlots || random() % 8 == 0) {
        const auto kept = static_cast<unsigned>(random() % (order.count() + 1));
        order = order.Truncated(kept);
        expected.resize(kept);
      } else {
        const auto position = static_cast<unsigned>(random() % (order.count() + 1));
        expected.insert(expected.begin() + position, order.free_slot());
        order = order.InsertAt(position);
      }
      ASSERT_EQ(UsedSlots(order), expected);
      std::vector<unsigned> all;
      for (unsigned i = 0; i < kNodeSlots; ++i) all.push_back(order.slot(i));
      std::sort(all.begin(), all.end());
      for (unsigned i = 0; i < kNodeSlots; ++i) ASSERT_EQ(all[i], i);
    }
  }
}

}  // namespace
}  // namespace firn
