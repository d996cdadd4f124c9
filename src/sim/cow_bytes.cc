#include "sim/cow_bytes.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/hash.h"
#include "sim/seeded_random.h"

namespace firn::testing {
namespace {

constexpr std::array<char, CowBytes::kChunkBytes> kZeros{};

// Copies `into.size()` bytes that other threads may be changing, a word at a time. Atomic loads
// keep the compiler from making a memcpy of it, which the thread sanitizer would follow: a disk is
// allowed to see half of a store. (clang follows atomic loads even where "thread" is switched off.)
#if defined(__clang__)
__attribute__((disable_sanitizer_instrumentation))
#else
__attribute__((no_sanitize_thread))
#endif
void CopyRacing(const char* from, std::span<char> into) {
  std::size_t done = 0;
  for (; into.size() - done >= sizeof(std::uint64_t); done += sizeof(std::uint64_t)) {
    const std::uint64_t word =
        __atomic_load_n(reinterpret_cast<const std::uint64_t*>(from + done), __ATOMIC_RELAXED);
    std::memcpy(into.data() + done, &word, sizeof(word));
  }
  for (; done < into.size(); ++done) into[done] = __atomic_load_n(from + done, __ATOMIC_RELAXED);
}

}  // namespace

const char* CowBytes::ChunkOrZeros(std::uint64_t index) const {
  if (chunks_ == nullptr || index >= chunks_->size() || (*chunks_)[index] == nullptr) {
    return kZeros.data();
  }
  return (*chunks_)[index]->data();
}

CowBytes::Chunks& CowBytes::WritableChunks() {
  if (chunks_ == nullptr) {
    chunks_ = std::make_shared<Chunks>();
  } else if (chunks_.use_count() > 1) {
    chunks_ = std::make_shared<Chunks>(*chunks_);
  }
  return *chunks_;
}

CowBytes::Chunk& CowBytes::WritableChunk(std::uint64_t index) {
  Chunks& chunks = WritableChunks();
  if (index >= chunks.size()) chunks.resize(index + 1);
  std::shared_ptr<Chunk>& chunk = chunks[index];
  if (chunk == nullptr) {
    chunk = std::make_shared<Chunk>(kZeros);
  } else if (chunk.use_count() > 1) {
    chunk = std::make_shared<Chunk>(*chunk);
  }
  return *chunk;
}

void CowBytes::Resize(std::uint64_t size) {
  if (size < size_) {
    const std::uint64_t kept_chunks = (size + kChunkBytes - 1) / kChunkBytes;
    if (chunks_ != nullptr && chunks_->size() > kept_chunks) WritableChunks().resize(kept_chunks);
    const std::size_t used = size % kChunkBytes;
    if (used != 0 && chunks_ != nullptr && chunks_->size() == kept_chunks) {
      Chunk& last = WritableChunk(kept_chunks - 1);
      std::memset(last.data() + used, 0, kChunkBytes - used);
    }
  }
  size_ = size;
}

void CowBytes::Write(std::uint64_t offset, Slice bytes) {
  size_ = std::max(size_, offset + bytes.size());
  while (!bytes.empty()) {
    const std::size_t within = offset % kChunkBytes;
    const std::size_t count = std::min(bytes.size(), kChunkBytes - within);
    std::memcpy(WritableChunk(offset / kChunkBytes).data() + within, bytes.data(), count);
    offset += count;
    bytes.remove_prefix(count);
  }
}

void CowBytes::Read(std::uint64_t offset, std::span<char> into) const {
  FIRN_CHECK(offset <= size_ && into.size() <= size_ - offset);
  while (!into.empty()) {
    const std::size_t within = offset % kChunkBytes;
    const std::size_t count = std::min(into.size(), kChunkBytes - within);
    std::memcpy(into.data(), ChunkOrZeros(offset / kChunkBytes) + within, count);
    offset += count;
    into = into.subspan(count);
  }
}

void CowBytes::CopyFromShared(const char* memory) {
  Chunk copy;
  for (std::uint64_t offset = 0; offset < size_; offset += kChunkBytes) {
    const std::size_t count = std::min<std::uint64_t>(kChunkBytes, size_ - offset);
    CopyRacing(memory + offset, std::span(copy.data(), count));
    const std::uint64_t index = offset / kChunkBytes;
    if (std::memcmp(copy.data(), ChunkOrZeros(index), count) != 0) {
      std::memcpy(WritableChunk(index).data(), copy.data(), count);
    }
  }
}

void CowBytes::CopyToZeroed(char* memory) const {
  if (chunks_ == nullptr) return;
  for (std::uint64_t index = 0; index < chunks_->size(); ++index) {
    if ((*chunks_)[index] == nullptr) continue;
    const std::uint64_t offset = index * kChunkBytes;
    const std::size_t count = std::min<std::uint64_t>(kChunkBytes, size_ - offset);
    std::memcpy(memory + offset, (*chunks_)[index]->data(), count);
  }
}

std::vector<std::uint64_t> CowBytes::DifferentSectors(const CowBytes& a, const CowBytes& b) {
  std::vector<std::uint64_t> different;
  if (a.chunks_ == b.chunks_) return different;
  const std::uint64_t chunk_count = std::max(a.chunks_ ? a.chunks_->size() : 0,  //
                                             b.chunks_ ? b.chunks_->size() : 0);
  constexpr std::uint64_t kSectorsPerChunk = kChunkBytes / kSectorBytes;
  for (std::uint64_t index = 0; index < chunk_count; ++index) {
    const char* const left = a.ChunkOrZeros(index);
    const char* const right = b.ChunkOrZeros(index);
    if (left == right) continue;
    for (std::uint64_t sector = 0; sector < kSectorsPerChunk; ++sector) {
      const std::size_t offset = sector * kSectorBytes;
      if (std::memcmp(left + offset, right + offset, kSectorBytes) != 0) {
        different.push_back(index * kSectorsPerChunk + sector);
      }
    }
  }
  return different;
}

std::uint64_t CowBytes::Fingerprint() const {
  static const std::uint64_t zeros = KeyHash(Slice(kZeros.data(), kZeros.size()));
  std::uint64_t mixed = size_;
  for (std::uint64_t offset = 0; offset < size_; offset += kChunkBytes) {
    const char* const chunk = ChunkOrZeros(offset / kChunkBytes);
    const std::uint64_t hash =
        chunk == kZeros.data() ? zeros : KeyHash(Slice(chunk, kChunkBytes));  // B1
    mixed = SeededRandom(mixed ^ hash).Next64();
  }
  return mixed;
}

void CowBytes::TakeSector(const CowBytes& from, std::uint64_t sector) {
  const std::uint64_t offset = sector * kSectorBytes;
  if (offset >= size_) return;
  const std::size_t count = std::min<std::uint64_t>(kSectorBytes, size_ - offset);
  Write(offset, Slice(from.ChunkOrZeros(offset / kChunkBytes) + offset % kChunkBytes, count));
}

}  // namespace firn::testing
