#include "shared_state.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process.h"

namespace firn::kill {

SharedState& MapSharedState(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) ExitWithErrno("cannot open " + path);
  if (::ftruncate(descriptor, sizeof(SharedState)) != 0) ExitWithErrno("cannot size " + path);
  void* const memory = ::mmap(nullptr, sizeof(SharedState), PROT_READ | PROT_WRITE, MAP_SHARED,
                              descriptor, 0);
  if (memory == MAP_FAILED) ExitWithErrno("cannot map " + path);
  ::close(descriptor);
  // All-zero bytes are a valid state, and lock-free atomics are plain memory.
  return *static_cast<SharedState*>(memory);
}

}  // namespace firn::kill
