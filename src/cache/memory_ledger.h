// The memory budget as one set of books: every class of allocation reserves bytes before it takes
// them and returns them afterwards, so "how much, and for what" has an answer at any time.
//
// Threads: all members concurrently; relaxed counters, one atomic add a call.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/check.h"

namespace firn {

enum class MemoryClass : std::uint8_t {
  kMemtable,  // arenas of active and frozen memtables, and their recycled chunks
  kFrame,     // resident blocks and partitions
  kTable,     // resident part of open tables: top fences, handles, metadata
  kJob,       // buffers of flush and compaction jobs
  kIterator,  // iterators and pinned values
  kLog,       // mapped windows and buffers of the log
};
inline constexpr std::size_t kMemoryClassCount = 6;

class MemoryLedger {
 public:
  explicit MemoryLedger(std::uint64_t budget_bytes) : budget_(budget_bytes) {}
  MemoryLedger(const MemoryLedger&) = delete;
  MemoryLedger& operator=(const MemoryLedger&) = delete;

  void Add(MemoryClass kind, std::uint64_t bytes) {
    classes_[static_cast<std::size_t>(kind)].fetch_add(bytes, std::memory_order_relaxed);
    total_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void Remove(MemoryClass kind, std::uint64_t bytes) {
    const auto before =
        classes_[static_cast<std::size_t>(kind)].fetch_sub(bytes, std::memory_order_relaxed);
    FIRN_CHECK(before >= bytes);
    total_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t used(MemoryClass kind) const {
    return classes_[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t used() const { return total_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t budget() const { return budget_; }
  // Bytes by which the books exceed the budget; the frame pool evicts that much.
  [[nodiscard]] std::uint64_t excess() const {
    const std::uint64_t now = used();
    return now > budget_ ? now - budget_ : 0;
  }

 private:
  const std::uint64_t budget_;
  std::array<std::atomic<std::uint64_t>, kMemoryClassCount> classes_{};
  std::atomic<std::uint64_t> total_{0};
};

}  // namespace firn
