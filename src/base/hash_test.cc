#include "base/hash.h"

#include <string>

#include "gtest/gtest.h"

namespace firn {
namespace {

// Stored filters and block tags depend on these: another value is another format.
TEST(KeyHash, IsXxh3With64BitsAndSeedZero) {
  EXPECT_EQ(KeyHash(""), 0x2D06800538D394C2u);
  EXPECT_EQ(KeyHash("a"), 0xE6C632B61E964E1Fu);
  EXPECT_EQ(KeyHash("peak/eiger"), 0xC918B898F2527B2Du);
  EXPECT_EQ(KeyHash(std::string(100, 'k')), 0xE57ACBCB82758DF2u);
  EXPECT_EQ(KeyHash(std::string(300, 'k')), 0x3E901C94FF54FAA0u);
}

TEST(KeyHash, SeesNulBytesAndLengths) {
  EXPECT_EQ(KeyHash(Slice("\0", 1)), 0xC44BDFF4074EECDBu);
  EXPECT_EQ(KeyHash(Slice("\0\0", 2)), 0x3325230E1F285505u);
}

TEST(KeyHash, ReadsTheBytesOfTheKeyAlone) {
  const std::string row = "peak/eiger/north";
  EXPECT_EQ(KeyHash(Slice(row).substr(0, 10)), KeyHash("peak/eiger"));
}

}  // namespace
}  // namespace firn
