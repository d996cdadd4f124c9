#include "base/hash.h"

#include <xxhash.h>

namespace firn {

std::uint64_t KeyHash(Slice key) { return XXH3_64bits(key.data(), key.size()); }

}  // namespace firn
