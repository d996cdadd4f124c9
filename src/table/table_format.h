// The fixed parts of a table file: handles, block trailers, the footer (docs/format/table.md).
//
// Not here: what is inside blocks (block.h, partition.h, table_properties.h, tombstone_block.h).
// Threads: plain values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/types.h"
#include "firn/slice.h"
#include "firn/status.h"

namespace firn {

// Limits of the format, checked by writer and reader.
inline constexpr std::size_t kBlockEntriesMax = 64;
inline constexpr std::size_t kBlockBytesMax = std::size_t{64} << 20;
// A block with exactly one entry may hold the largest key and value there are; so may an index.
inline constexpr std::size_t kOversizedBlockBytesMax =
    (std::size_t{1} << 30) + (std::size_t{128} << 10);
static_assert(kOversizedBlockBytesMax >= kValueBytesMax + kKeyBytesMax + 64);

// On-disk values; never renumber.
enum class BlockType : std::uint8_t {
  kData = 1,
  kPartition = 2,
  kTombstones = 3,
  kTop = 4,
  kProperties = 5,
};

// Where a block is. `stored_bytes` leaves the trailer out; a block is compressed exactly when
// stored_bytes < raw_bytes. All zero: there is no such block.
struct BlockHandle {
  std::uint64_t offset = 0;
  std::uint32_t stored_bytes = 0;
  std::uint32_t raw_bytes = 0;

  [[nodiscard]] bool exists() const { return raw_bytes != 0; }
  [[nodiscard]] bool compressed() const { return stored_bytes < raw_bytes; }
  [[nodiscard]] std::uint64_t end() const;  // behind the trailer
  bool operator==(const BlockHandle&) const = default;
};
inline constexpr std::size_t kBlockHandleBytes = 16;
void StoreHandle(char* to, const BlockHandle& handle);
[[nodiscard]] BlockHandle LoadHandle(const char* from);
// No codec makes more of a stored byte. Zstandard comes closest: a block of 4 bytes, 3 of them its
// header, repeats one byte up to 128 KiB (RFC 8878, 3.1.1.2); LZ4 stays below 256.
inline constexpr std::uint64_t kBlockExpansionMax = std::uint64_t{32} << 10;
// What every handle must satisfy before a byte is read or allocated for it: the block, trailer
// included, ends at or before `end`.
[[nodiscard]] bool PlausibleHandle(const BlockHandle& handle, std::size_t raw_max,
                                   std::uint64_t end);

// What every checksum of a table is salted with, besides the offset: bytes of another store, file
// or place never validate.
struct TableSalt {
  DatabaseId database;
  FileNumber file;
  [[nodiscard]] std::uint64_t SeedAt(std::uint64_t offset) const;
};

// Behind every block:
//   0 u32 raw bytes | 4 u8 codec | 5 u8 type | 6 u16 zero | 8 u64 checksum
// The checksum covers the stored bytes and the trailer's first 8.
struct BlockTrailer {
  std::uint32_t raw_bytes = 0;
  std::uint8_t codec = 0;
  BlockType type = BlockType::kData;
};
inline constexpr std::size_t kBlockTrailerBytes = 16;
inline constexpr std::size_t kTrailerChecksumAt = 8;
// All but the checksum.
void StoreTrailer(char* to, const BlockTrailer& trailer);

inline std::uint64_t BlockHandle::end() const { return offset + stored_bytes + kBlockTrailerBytes; }

inline constexpr std::uint64_t kTableMagic = 0x31454C4241544E46;  // "FNTABLE1" in file order
inline constexpr std::uint32_t kTableFormatVersion = 1;
inline constexpr std::size_t kFooterBytes = 128;

// The last bytes of the file:
//   0 u64 magic | 8 u32 version | 12 u32 zero
//   16 u64 must-understand bits | 24 u64 may-ignore bits
//   32 u64 database high | 40 u64 database low | 48 u64 file number
//   56 handle of the top | 72 handle of the tombstones | 88 handle of the properties
//   104 u64 file bytes | 112 u64 zero | 120 u64 checksum of bytes 0..119, salted with its offset
struct TableFooter {
  std::uint64_t may_ignore = 0;
  BlockHandle top;
  BlockHandle tombstones;
  BlockHandle properties;
  std::uint64_t file_bytes = 0;
};
void StoreFooter(char* to, const TableFooter& footer, const TableSalt& salt);
// `bytes` are the last kFooterBytes of a file of `file_bytes`. Errors carry no file name: see
// CorruptTable. kNotSupported for a newer version or unknown must-understand bits.
[[nodiscard]] Result<TableFooter> ParseFooter(Slice bytes, std::uint64_t file_bytes,
                                              const TableSalt& salt);

// Whose table it is by its own word, which is good only if the footer's checksum matches.
struct TableIdentity {
  DatabaseId database;
  FileNumber number;
};
[[nodiscard]] std::optional<TableIdentity> IdentifyTable(Slice footer, std::uint64_t file_bytes);

// "<path>: <what> at offset <n>; ..." as kCorruption.
[[nodiscard]] Status CorruptTable(const std::string& path, std::uint64_t offset,
                                  const std::string& what);

}  // namespace firn
