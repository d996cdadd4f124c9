// The vocabulary every layer shares: sequence numbers, kinds, file numbers, limits.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "firn/slice.h"

namespace firn {

// Position of a commit in the one total order of all writes; 56 bits, so that a kind fits beside
// it. 0 means "older than every snapshot" and is never given to a new write.
using SequenceNumber = std::uint64_t;
inline constexpr SequenceNumber kSequenceMax = (std::uint64_t{1} << 56) - 1;

// On-disk values; never renumber. kMerge and kValuePointer are reserved: readers refuse them.
enum class EntryKind : std::uint8_t {
  kPut = 1,
  kDelete = 2,
  kRangeDelete = 3,
  kMerge = 4,
  kValuePointer = 5,
};

// A number that cannot be mixed with another kind of number.
template <typename Tag>
struct StrongId {
  std::uint64_t value = 0;
  auto operator<=>(const StrongId&) const = default;
};
using FileNumber = StrongId<struct FileNumberTag>;  // one counter for every file; 0 = none
using RunId = StrongId<struct RunIdTag>;            // grows with creation; unique per store

using KeyspaceId = std::uint32_t;  // never reused; 0 is the default keyspace
inline constexpr KeyspaceId kDefaultKeyspace = 0;

// Limits of the data model (docs/format.md, "Limits"), checked at the API and on every read.
inline constexpr std::size_t kKeyBytesMax = std::size_t{64} << 10;
inline constexpr std::size_t kValueBytesMax = std::size_t{1} << 30;
inline constexpr std::size_t kBatchBytesMax = (std::size_t{1} << 30) + (std::size_t{1} << 20);
inline constexpr std::size_t kKeyspaceNameBytesMax = 255;

// Names one store for ever; part of every checksum's salt, so that a block, a record or a file of
// another store can never pass for one of this store.
struct DatabaseId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const DatabaseId&) const = default;
};

}  // namespace firn
