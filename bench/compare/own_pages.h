// Memory of the program itself, in mappings of its own: it goes back to the system at once and
// never mixes with the heap of the engine that is measured. Threads: any.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <vector>

namespace firn::compare {

template <typename T>
class OwnPages {
 public:
  using value_type = T;
  OwnPages() = default;
  template <typename U>
  explicit OwnPages(const OwnPages<U>&) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    void* pages = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) std::abort();
    return static_cast<T*>(pages);
  }
  void deallocate(T* pages, std::size_t count) { munmap(pages, count * sizeof(T)); }
  friend bool operator==(const OwnPages&, const OwnPages&) { return true; }
};

// For arrays with an element an entry or an operation.
template <typename T>
using OwnVector = std::vector<T, OwnPages<T>>;

}  // namespace firn::compare
