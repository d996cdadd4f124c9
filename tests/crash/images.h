// Which of the unsynced changes a power loss keeps: the families of images that are tried at every
// moment.
//
//   nothing, everything, all names without data, all data without names
//   one change lost, all others kept; one kept, all others lost
//   a prefix of the changes of names, with all data and without
//   a prefix of a file's sectors, as of a write in flight, all else kept, and all else lost
//   random subsets, with any names (a journal of none) and with a prefix of them (an ordered one)
// Threads: one.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/memory_file_system.h"

namespace firn::testing {

// How many of each family; what there are more of is taken at even distances.
struct Effort {
  std::size_t subsets = 8;      // random ones, for each of the two ways with names
  std::size_t singles_max = 16;  // changes lost alone, and as many kept alone
  std::size_t cuts_max = 8;      // of a file, and of the names
};

// Choices for MemoryFileSystem::CrashImageOf, none twice.
[[nodiscard]] std::vector<std::vector<bool>> ImagesOf(const std::vector<UnsyncedUnit>& units,
                                                      const Effort& effort, std::uint64_t seed);

}  // namespace firn::testing
