#include "base/page_allocation.h"

#include <algorithm>
#include <cstdint>

#include "gtest/gtest.h"

namespace firn {
namespace {

TEST(PageAllocation, GivesZeroedWritableMemoryOfAnySize) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{4096}, kHugePageBytes - 1,
                                  kHugePageBytes, 3 * kHugePageBytes + 5}) {
    char* const pages = AllocatePages(bytes);
    EXPECT_TRUE(std::all_of(pages, pages + bytes, [](char c) { return c == 0; })) << bytes;
    pages[0] = 1;
    pages[bytes - 1] = 1;
    FreePages(pages, bytes);
  }
}

TEST(PageAllocation, AlignsLargeBlocksToHugePages) {
  for (int i = 1; i < 4; ++i) {
    const std::size_t bytes = kHugePageBytes * static_cast<std::size_t>(i) + 4096;
    char* const pages = AllocatePages(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pages) % kHugePageBytes, 0u);
    FreePages(pages, bytes);
  }
}

TEST(PageAllocationDeathTest, NamesTheSizeWhenTheOperatingSystemRefuses) {
  EXPECT_DEATH((void)AllocatePages(std::size_t{1} << 60), "out of memory.*refused 11529215");
}

}  // namespace
}  // namespace firn
