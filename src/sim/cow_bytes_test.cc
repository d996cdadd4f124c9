#include "sim/cow_bytes.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/seeded_random.h"

namespace firn::testing {
namespace {

std::string ToString(const CowBytes& bytes) {
  std::string content(bytes.size(), '?');
  bytes.Read(0, content);
  return content;
}

TEST(CowBytes, BehavesLikeAStringAndCopiesKeepTheirContent) {
  SeededRandom random(7);
  CowBytes bytes;
  std::string model;
  for (int step = 0; step < 2000; ++step) {
    const CowBytes copy = bytes;
    const std::string copied = model;
    const std::uint64_t offset = random.Below(30'000);
    if (random.Below(8) == 0) {
      bytes.Resize(offset);
      model.resize(offset, '\0');
    } else {
      const std::string written(random.Below(9000), static_cast<char>('a' + step % 26));
      bytes.Write(offset, written);
      if (model.size() < offset + written.size()) model.resize(offset + written.size(), '\0');
      model.replace(offset, written.size(), written);
    }
    ASSERT_EQ(ToString(bytes), model) << "step " << step;
    if (step % 16 == 0) {
      ASSERT_EQ(ToString(copy), copied) << "step " << step;
    }
  }
}

TEST(CowBytes, FindsTheSectorsThatDiffer) {
  CowBytes a;
  a.Resize(100 * kSectorBytes);
  CowBytes b = a;
  EXPECT_TRUE(CowBytes::DifferentSectors(a, b).empty());
  b.Write(3 * kSectorBytes + 511, "xy");
  b.Write(99 * kSectorBytes, "z");
  EXPECT_THAT(CowBytes::DifferentSectors(a, b), ::testing::ElementsAre(3u, 4u, 99u));
  a.TakeSector(b, 4);
  EXPECT_THAT(CowBytes::DifferentSectors(a, b), ::testing::ElementsAre(3u, 99u));
}

TEST(CowBytes, TakesASectorOnlyAsFarAsItIsLong) {
  CowBytes longer;
  longer.Write(0, std::string(1000, 'x'));
  CowBytes shorter;
  shorter.Resize(600);
  shorter.TakeSector(longer, 1);
  EXPECT_EQ(ToString(shorter), std::string(512, '\0') + std::string(88, 'x'));
  shorter.TakeSector(longer, 7);
  EXPECT_EQ(shorter.size(), 600u);
}

TEST(CowBytes, CopiesFromAndToMemory) {
  std::string memory(10'001, '\0');
  memory[5000] = 'x';
  memory[10'000] = 'y';
  CowBytes bytes;
  bytes.Resize(memory.size());
  bytes.CopyFromShared(memory.data());
  EXPECT_EQ(ToString(bytes), memory);
  std::string back(memory.size(), '\0');
  bytes.CopyToZeroed(back.data());
  EXPECT_EQ(back, memory);
}

}  // namespace
}  // namespace firn::testing
