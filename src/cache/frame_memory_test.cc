#include "cache/frame_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace firn {
namespace {

struct Taken {
  char* object;
  std::size_t bytes;
  unsigned char fill;
};

void Fill(const Taken& taken) { std::memset(taken.object, taken.fill, taken.bytes); }

bool Intact(const Taken& taken) {
  for (std::size_t i = 0; i < taken.bytes; ++i) {
    if (static_cast<unsigned char>(taken.object[i]) != taken.fill) return false;
  }
  return true;
}

void TakeAndGiveBackAtRandom(FrameMemory& memory) {
  std::mt19937_64 random(3);
  std::vector<Taken> held;
  for (int step = 0; step < 6000; ++step) {
    if (held.size() < 50 || random() % 5 < 2) {
      const std::size_t bytes = 64 + random() % (random() % 10 == 0 ? 60000 : 9000);
      held.push_back({memory.Take(bytes), bytes, static_cast<unsigned char>(random())});
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(held.back().object) % 64, 0u);
      ASSERT_GE(memory.Footprint(bytes), bytes);
      Fill(held.back());
    } else {
      const std::size_t index = random() % held.size();
      ASSERT_TRUE(Intact(held[index])) << "somebody else's object overlaps";
      memory.GiveBack(held[index].object, held[index].bytes);
      held[index] = held.back();
      held.pop_back();
    }
  }
  for (const Taken& taken : held) {
    ASSERT_TRUE(Intact(taken));
    memory.GiveBack(taken.object, taken.bytes);
  }
}

TEST(FrameMemory, NeverHandsOutOverlappingObjectsAndReturnsEveryRegion) {
  FrameMemory memory(FrameMemory::Pages::kHuge);
  TakeAndGiveBackAtRandom(memory);
  EXPECT_EQ(memory.region_bytes(), 0u);
}

TEST(FrameMemory, DoesTheSameWithOrdinaryPages) {
  FrameMemory memory(FrameMemory::Pages::kOrdinary);
  TakeAndGiveBackAtRandom(memory);
  EXPECT_EQ(memory.region_bytes(), 0u);
}

TEST(FrameMemory, ReusesWhatWasGivenBackBeforeItGrows) {
  FrameMemory memory(FrameMemory::Pages::kHuge);
  std::vector<char*> objects;
  for (int i = 0; i < 1000; ++i) objects.push_back(memory.Take(6000));
  const std::size_t held = memory.region_bytes();
  EXPECT_LE(held, 1000 * 6000 * 5 / 4 + (std::size_t{2} << 20));
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i < objects.size(); i += 3) memory.GiveBack(objects[i], 6000);
    for (std::size_t i = 0; i < objects.size(); i += 3) objects[i] = memory.Take(5900);
    for (std::size_t i = 0; i < objects.size(); i += 3) {
      memory.GiveBack(objects[i], 5900);
      objects[i] = memory.Take(6000);
    }
  }
  EXPECT_LE(memory.region_bytes(), held + (std::size_t{2} << 20));
  for (char* object : objects) memory.GiveBack(object, 6000);
  EXPECT_EQ(memory.region_bytes(), 0u);
}

TEST(FrameMemory, BooksWhatItTakesFromTheSystemButForSpansBegun) {
  FrameMemory memory(FrameMemory::Pages::kHuge);
  std::mt19937_64 random(4);
  std::vector<Taken> held;
  std::size_t booked = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::size_t bytes = 5900 + random() % 700;
    held.push_back({memory.Take(bytes), bytes, 0});
    booked += memory.Footprint(bytes);
  }
  constexpr std::size_t kClassesInUse = 4;
  constexpr std::size_t kBegun = kClassesInUse * (std::size_t{256} << 10) + (std::size_t{2} << 20);
  EXPECT_LE(memory.region_bytes(), booked + kBegun);
  EXPECT_GE(memory.region_bytes(), booked - held.size()) << "nor more than that";
  for (const Taken& taken : held) memory.GiveBack(taken.object, taken.bytes);
}

}  // namespace
}  // namespace firn
