// A value whose destructor never runs: for process-wide state that worker threads may still use
// while the process exits. It stays reachable, so leak checkers are content.
#pragma once

#include <utility>

namespace firn {

template <typename T>
union NeverDestroyed {
  template <typename... Arguments>
  explicit NeverDestroyed(Arguments&&... arguments)
      : value(std::forward<Arguments>(arguments)...) {}
  NeverDestroyed(const NeverDestroyed&) = delete;
  NeverDestroyed& operator=(const NeverDestroyed&) = delete;
  ~NeverDestroyed() {}  // NOLINT: leaves `value` alone, which is the point

  T value;
};

}  // namespace firn
