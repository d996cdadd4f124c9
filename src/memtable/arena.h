// Bump allocation for memtables, from chunks that are recycled: the first touch of a fresh page
// costs more than an insert, so chunks of dead memtables are kept and handed out again, warm.
//
// A memtable starts with kChunkBytesMin and doubles its chunks as it grows, so a store with
// thousands of keyspaces pays a few KiB for each that holds little. Small chunks are cut from whole
// ones in halves and fused again when both halves are free (a buddy allocator), so they are
// recycled too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "base/mutex.h"
#include "cache/memory_ledger.h"

namespace firn {

// Chunks shared by all memtables of a store.
// Threads:  all members concurrently.
// Lifetime: every chunk must be given back before the pool dies.
class ArenaPool {
 public:
  // The smallest chunk: one page.
  static constexpr std::size_t kChunkBytesMin = 4096;

  // Keeps at most `spare_bytes_max` of free whole chunks; everything held, free or used, is in the
  // ledger as kMemtable. `chunk_bytes` is a power of two >= kChunkBytesMin.
  ArenaPool(MemoryLedger& ledger, std::size_t chunk_bytes, std::size_t spare_bytes_max);
  ~ArenaPool();
  ArenaPool(const ArenaPool&) = delete;
  ArenaPool& operator=(const ArenaPool&) = delete;

  struct Chunk {
    char* data = nullptr;
    std::size_t bytes = 0;
  };
  // The smallest power of two >= `bytes_min` (and >= kChunkBytesMin), or a chunk of its own size,
  // never pooled, when `bytes_min` is larger than chunk_bytes(). Contents are arbitrary.
  [[nodiscard]] Chunk Take(std::size_t bytes_min);
  void GiveBack(Chunk chunk);
  [[nodiscard]] std::size_t chunk_bytes() const { return chunk_bytes_; }

 private:
  using FreeChunks = std::set<char*>;  // ordered by address: the buddy is found by its own
  [[nodiscard]] std::size_t size_class(std::size_t bytes) const;
  [[nodiscard]] char* TakeWhole() FIRN_REQUIRES(mutex_);
  void GiveBackWhole(char* chunk) FIRN_REQUIRES(mutex_);
  [[nodiscard]] char* BaseOf(char* data) const FIRN_REQUIRES(mutex_);

  MemoryLedger& ledger_;
  const std::size_t chunk_bytes_;
  const std::size_t spare_bytes_max_;
  Mutex mutex_;
  // Free chunks of kChunkBytesMin << index; the last class holds the spare whole ones.
  std::vector<FreeChunks> free_ FIRN_GUARDED_BY(mutex_);
  std::set<char*> whole_ FIRN_GUARDED_BY(mutex_);  // all whole chunks held, cut or not
};

// One memtable's share of the pool.
// Threads: one at a time.
class Arena {
 public:
  explicit Arena(ArenaPool& pool) : pool_(pool) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `bytes` of arbitrary content, alive until the arena dies. `alignment` is a power of two of at
  // most a cache line.
  [[nodiscard]] char* Allocate(std::size_t bytes, std::size_t alignment) {
    const std::size_t padding = (0 - reinterpret_cast<std::uintptr_t>(next_)) & (alignment - 1);
    if (bytes + padding > left_) [[unlikely]]
      return AllocateFromNewChunk(bytes);
    char* const result = next_ + padding;
    next_ += bytes + padding;
    left_ -= bytes + padding;
    used_bytes_ += bytes + padding;
    return result;
  }
  // Bytes handed out, padding included.
  [[nodiscard]] std::size_t used_bytes() const { return used_bytes_; }

 private:
  [[nodiscard]] char* AllocateFromNewChunk(std::size_t bytes);

  ArenaPool& pool_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t used_bytes_ = 0;
  std::size_t next_chunk_bytes_ = ArenaPool::kChunkBytesMin;
  std::vector<ArenaPool::Chunk> chunks_;
};

}  // namespace firn
