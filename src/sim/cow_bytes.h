// File content that is cheap to copy: a crash test clones a whole disk for every call it stops at,
// so copies share everything and pay only for the chunks they change.
//
// Threads: one at a time, and copies of one content count as one.
// B1  Bytes behind size() inside the last chunk are zero.
// B2  A missing chunk reads as zeros, so a file of zeros costs nothing.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "firn/slice.h"

namespace firn::testing {

// What a disk writes whole or not at all.
inline constexpr std::size_t kSectorBytes = 512;

class CowBytes {
 public:
  static constexpr std::size_t kChunkBytes = 4096;
  static_assert(kChunkBytes % kSectorBytes == 0);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Cuts, or extends with zeros.
  void Resize(std::uint64_t size);
  // Extends when needed; a gap reads as zeros.
  void Write(std::uint64_t offset, Slice bytes);
  // Requires: offset + into.size() <= size().
  void Read(std::uint64_t offset, std::span<char> into) const;
  // Makes the content equal to `memory[0, size())`, keeping the chunks that are equal already.
  // Other threads may store into `memory` meanwhile; what they store is taken or not, byte by byte.
  void CopyFromShared(const char* memory);
  // The inverse, for a fresh zeroed `memory`: missing chunks stay untouched.
  void CopyToZeroed(char* memory) const;

  // The sectors, by number and in order, in which the two differ as if both were as long as the
  // longer one.
  [[nodiscard]] static std::vector<std::uint64_t> DifferentSectors(const CowBytes& a,
                                                                   const CowBytes& b);
  // Equal for contents of equal size and bytes, however they came to be.
  [[nodiscard]] std::uint64_t Fingerprint() const;
  // Copies one sector of `from`, as far as it lies inside this content.
  void TakeSector(const CowBytes& from, std::uint64_t sector);

 private:
  using Chunk = std::array<char, kChunkBytes>;
  using Chunks = std::vector<std::shared_ptr<Chunk>>;

  [[nodiscard]] const char* ChunkOrZeros(std::uint64_t index) const;
  Chunks& WritableChunks();
  Chunk& WritableChunk(std::uint64_t index);

  std::shared_ptr<Chunks> chunks_;  // null: all zeros
  std::uint64_t size_ = 0;
};

}  // namespace firn::testing
