// Memory that begins at a page, for reads that go past the page cache: the device writes into it.
//
// Not here: accounting (cache/memory_ledger.h). Threads: as for any plain object.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <utility>

#include "base/check.h"

namespace firn {

class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  // Uninitialised, a multiple of `alignment` long. Requires: bytes > 0; alignment a power of two.
  AlignedBuffer(std::size_t bytes, std::size_t alignment)
      : bytes_((bytes + alignment - 1) & ~(alignment - 1)),
        memory_(static_cast<char*>(std::aligned_alloc(alignment, bytes_))) {
    FIRN_CHECK(memory_ != nullptr);
  }

  AlignedBuffer(AlignedBuffer&& other) noexcept { *this = std::move(other); }
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    bytes_ = std::exchange(other.bytes_, 0);
    memory_ = std::move(other.memory_);
    return *this;
  }

  [[nodiscard]] char* data() const { return memory_.get(); }
  [[nodiscard]] std::size_t size() const { return bytes_; }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };

  std::size_t bytes_ = 0;
  std::unique_ptr<char, Free> memory_;
};

}  // namespace firn
