// An entry that owns its bytes, to be kept and compared after its cursor moved on.
#pragma once

#include <string>

#include "base/types.h"

namespace firn::testing {

struct CopiedEntry {
  std::string key;
  std::string value;
  SequenceNumber sequence;
  EntryKind kind;
  bool operator==(const CopiedEntry&) const = default;
};

}  // namespace firn::testing
