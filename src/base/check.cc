#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace firn::internal {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "firn: invariant broken: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace firn::internal
