// The stores that are kept as examples of the format: how each came about.
#pragma once

#include <string>
#include <vector>

#include "golden/contents.h"
#include "sim/memory_file_system.h"

namespace firn::testing {

struct Specimen {
  std::string name;
  std::unique_ptr<MemoryFileSystem> disk;  // the store is in kSpecimenDirectory
  StoreContents contents;
};

inline constexpr const char* kSpecimenDirectory = "/store";

// Made anew, the same bytes each time as long as the engine works the same way.
[[nodiscard]] std::vector<Specimen> MakeSpecimens();

}  // namespace firn::testing
