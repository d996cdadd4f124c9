#include "base/common_prefix.h"

#include <gtest/gtest.h>

#include <string>

namespace firn {
namespace {

TEST(CommonPrefixBytes, CountsEqualBytesAtTheBeginning) {
  const std::string key = "0123456789abcdefghij";
  for (std::size_t bytes = 0; bytes <= key.size(); ++bytes) {
    EXPECT_EQ(CommonPrefixBytes(key, key.substr(0, bytes)), bytes);
    EXPECT_EQ(CommonPrefixBytes(key.substr(0, bytes) + "!!!!!!!!!", key), bytes);
  }
  EXPECT_EQ(CommonPrefixBytes("", ""), 0u);
}

}  // namespace
}  // namespace firn
