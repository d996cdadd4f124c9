// Bump allocation for memtables, from chunks that are recycled: the first touch of a fresh page costs
// more than an insert, so chunks of dead memtables are kept and handed out again, warm.
#pragma once

#include <cstddef>
#include <vector>

#include "base/mutex.h"
#include "cache/memory_ledger.h"

namespace firn {

// Chunks of one size, shared by all memtables of a store.
// Threads: all members concurrently.
class ArenaPool {
 public:
  // Keeps at most `spare_bytes_max` of free chunks; everything held, free or used, is in the ledger
  // as kMemtable. `chunk_bytes` is a power of two >= 4096.
  ArenaPool(MemoryLedger& ledger, std::size_t chunk_bytes, std::size_t spare_bytes_max);
  ~ArenaPool();
  ArenaPool(const ArenaPool&) = delete;
  ArenaPool& operator=(const ArenaPool&) = delete;

  struct Chunk {
    char* data = nullptr;
    std::size_t bytes = 0;
  };
  // A chunk of chunk_bytes(), or of its own size when `bytes_min` is larger (never pooled).
  [[nodiscard]] Chunk Take(std::size_t bytes_min);
  void GiveBack(Chunk chunk);
  [[nodiscard]] std::size_t chunk_bytes() const;

 private:
  MemoryLedger& ledger_;
  const std::size_t chunk_bytes_;
  const std::size_t spare_bytes_max_;
  Mutex mutex_;
  std::vector<char*> spare_ FIRN_GUARDED_BY(mutex_);
};

}  // namespace firn
