// Whole pages from the operating system, for the few large allocations that live long: memtable
// arenas and the frame pool. The only place outside src/env that asks the OS for anything, because
// arenas sit below the seam.
//
// Not here: accounting (cache/memory_ledger.h) and small objects (the ordinary allocator).
// Threads: both functions concurrently.
// Failure: out of memory ends the process with a message that names the size; there is no Status.
// P1  Memory from AllocatePages is zero, private to the process, and counts as resident only where
//     it was touched.
// P2  Blocks of kHugePageBytes and more start at a multiple of it and ask for huge pages, so that
//     one TLB entry covers 2 MiB; smaller blocks start at an ordinary page.
#pragma once

#include <cstddef>

namespace firn {

// What x86-64 and aarch64 (4 KiB granule) map with one entry of the second-lowest table level.
inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

// At least `bytes` bytes, rounded up to whole pages. Requires: bytes > 0.
[[nodiscard]] char* AllocatePages(std::size_t bytes);

// Gives back a block of AllocatePages. `bytes` is what was asked for then.
void FreePages(char* pages, std::size_t bytes);

}  // namespace firn
