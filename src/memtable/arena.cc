#include "memtable/arena.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include "base/check.h"
#include "base/page_allocation.h"

namespace firn {

ArenaPool::ArenaPool(MemoryLedger& ledger, std::size_t chunk_bytes, std::size_t spare_bytes_max)
    : ledger_(ledger), chunk_bytes_(chunk_bytes), spare_bytes_max_(spare_bytes_max) {
  FIRN_CHECK(std::has_single_bit(chunk_bytes));
  FIRN_CHECK(chunk_bytes >= kChunkBytesMin);
  free_.resize(size_class(chunk_bytes) + 1);
}

ArenaPool::~ArenaPool() {
  MutexLock lock(mutex_);
  FIRN_CHECK(free_.back().size() == whole_.size());
  for (char* chunk : whole_) {
    FreePages(chunk, chunk_bytes_);
    ledger_.Remove(MemoryClass::kMemtable, chunk_bytes_);
  }
}

std::size_t ArenaPool::size_class(std::size_t bytes) const {
  return static_cast<std::size_t>(std::countr_zero(bytes) - std::countr_zero(kChunkBytesMin));
}

ArenaPool::Chunk ArenaPool::Take(std::size_t bytes_min) {
  if (bytes_min > chunk_bytes_) {
    ledger_.Add(MemoryClass::kMemtable, bytes_min);
    return {AllocatePages(bytes_min), bytes_min};
  }
  const std::size_t bytes = std::bit_ceil(std::max(bytes_min, kChunkBytesMin));
  MutexLock lock(mutex_);
  std::size_t from = size_class(bytes);
  while (from + 1 < free_.size() && free_[from].empty()) ++from;
  char* data = nullptr;
  if (from + 1 == free_.size()) {
    data = TakeWhole();
  } else {
    data = free_[from].extract(free_[from].begin()).value();
  }
  while (from > size_class(bytes)) {
    --from;
    free_[from].insert(data + (kChunkBytesMin << from));
  }
  return {data, bytes};
}

void ArenaPool::GiveBack(Chunk chunk) {
  if (chunk.bytes > chunk_bytes_) {
    FreePages(chunk.data, chunk.bytes);
    ledger_.Remove(MemoryClass::kMemtable, chunk.bytes);
    return;
  }
  MutexLock lock(mutex_);
  char* const base = BaseOf(chunk.data);
  auto offset = static_cast<std::size_t>(chunk.data - base);
  for (std::size_t bytes = chunk.bytes; bytes < chunk_bytes_; bytes *= 2) {
    FreeChunks& free = free_[size_class(bytes)];
    if (free.erase(base + (offset ^ bytes)) == 0) {
      FIRN_CHECK(free.insert(base + offset).second);
      return;
    }
    offset &= ~bytes;
  }
  GiveBackWhole(base);
}

char* ArenaPool::TakeWhole() {
  FreeChunks& spare = free_.back();
  if (!spare.empty()) return spare.extract(spare.begin()).value();
  ledger_.Add(MemoryClass::kMemtable, chunk_bytes_);
  char* const chunk = AllocatePages(chunk_bytes_);
  whole_.insert(chunk);
  return chunk;
}

void ArenaPool::GiveBackWhole(char* chunk) {
  if ((free_.back().size() + 1) * chunk_bytes_ <= spare_bytes_max_) {
    FIRN_CHECK(free_.back().insert(chunk).second);
    return;
  }
  FIRN_CHECK(whole_.erase(chunk) == 1);
  FreePages(chunk, chunk_bytes_);
  ledger_.Remove(MemoryClass::kMemtable, chunk_bytes_);
}

char* ArenaPool::BaseOf(char* data) const {
  const auto behind = whole_.upper_bound(data);
  FIRN_CHECK(behind != whole_.begin());
  char* const base = *std::prev(behind);
  FIRN_CHECK(static_cast<std::size_t>(data - base) < chunk_bytes_);
  return base;
}

Arena::~Arena() {
  for (const ArenaPool::Chunk& chunk : chunks_) pool_.GiveBack(chunk);
}

// Chunks start at a page, which satisfies every alignment.
char* Arena::AllocateFromNewChunk(std::size_t bytes) {
  // A large piece calls for larger chunks; past chunk_bytes() it gets its own.
  while (next_chunk_bytes_ < pool_.chunk_bytes() && bytes > next_chunk_bytes_ / 4) {
    next_chunk_bytes_ *= 2;
  }
  const ArenaPool::Chunk chunk = pool_.Take(std::max(bytes, next_chunk_bytes_));
  chunks_.push_back(chunk);
  used_bytes_ += bytes;
  // Whichever has more room left serves the next calls, so that a large piece does not cost the
  // rest of the chunk it did not fit into.
  if (chunk.bytes - bytes > left_) {
    next_ = chunk.data + bytes;
    left_ = chunk.bytes - bytes;
  }
  next_chunk_bytes_ = std::min(2 * next_chunk_bytes_, pool_.chunk_bytes());
  return chunk.data;
}

}  // namespace firn
