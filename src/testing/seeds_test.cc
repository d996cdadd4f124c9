#include "testing/seeds.h"

#include <gtest/gtest.h>

namespace firn::testing {
namespace {

TEST(Seeds, AreScaledInPercent) {
  EXPECT_EQ(ScaleSeeds(50, "100"), 50U);
  EXPECT_EQ(ScaleSeeds(50, "20"), 10U);
  EXPECT_EQ(ScaleSeeds(50, "1000"), 500U);
}

TEST(Seeds, AreNeverNone) {
  EXPECT_EQ(ScaleSeeds(50, "1"), 1U);
  EXPECT_EQ(ScaleSeeds(50, "0"), 1U);
}

TEST(Seeds, AScaleThatIsNoNumberIsIgnored) {
  for (const char* const percent : {"", "many", "20%", "-5", "1000001", "99999999999999999999"}) {
    EXPECT_EQ(ScaleSeeds(50, percent), 50U) << percent;
  }
}

}  // namespace
}  // namespace firn::testing
