#include "base/page_allocation.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace firn {
namespace {

std::size_t RoundUpToPages(std::size_t bytes) {
  static const auto page_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  FIRN_CHECK(bytes <= std::numeric_limits<std::size_t>::max() - kHugePageBytes - page_bytes);
  return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

char* MapOrAbort(std::size_t bytes) {
  void* const pages =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    std::fprintf(stderr,
                 "firn: out of memory: the operating system refused %zu bytes (%s); lower "
                 "Options::memory_budget or raise the limit of the process\n",
                 bytes, std::strerror(errno));
    std::abort();
  }
  return static_cast<char*>(pages);
}

void UnmapOrAbort(char* pages, std::size_t bytes) {
  if (bytes != 0) FIRN_CHECK(munmap(pages, bytes) == 0);
}

}  // namespace

char* AllocatePages(std::size_t bytes) {
  FIRN_CHECK(bytes > 0);
  const std::size_t block_bytes = RoundUpToPages(bytes);
  if (block_bytes < kHugePageBytes) return MapOrAbort(block_bytes);

  // mmap aligns to small pages only: map one huge page too much and give the ends back.
  const std::size_t mapped_bytes = block_bytes + kHugePageBytes;
  char* const mapped = MapOrAbort(mapped_bytes);
  const std::size_t head_bytes =
      (kHugePageBytes - reinterpret_cast<std::uintptr_t>(mapped) % kHugePageBytes) %
      kHugePageBytes;
  char* const block = mapped + head_bytes;
  UnmapOrAbort(mapped, head_bytes);
  UnmapOrAbort(block + block_bytes, mapped_bytes - head_bytes - block_bytes);
  // A hint: kernels without huge pages refuse it and nothing is lost but speed.
  (void)madvise(block, block_bytes, MADV_HUGEPAGE);
  return block;
}

void FreePages(char* pages, std::size_t bytes) {
  FIRN_CHECK(pages != nullptr && bytes > 0);
  UnmapOrAbort(pages, RoundUpToPages(bytes));
}

}  // namespace firn
