// One table's file as verified blocks: every read checks bounds, checksum and codec before anything
// is believed (rules P1, P2).
//
// Threads: all members concurrently.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "table/open_files.h"
#include "table/table_format.h"
#include "table/table_reader.h"

namespace firn {

// A block in memory of its own, with room to read kBlockTrailerBytes behind it.
struct OwnedBlock {
  std::unique_ptr<char[]> memory;
  std::size_t bytes = 0;
  [[nodiscard]] Slice raw() const { return {memory.get(), bytes}; }
};

class TableFile {
 public:
  TableFile(const TableContext& context, const TableMetadata& metadata);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  [[nodiscard]] bool bypasses_page_cache() const { return files_.cache() == PageCache::kBypass; }

  // The footer, checked against the file's size.
  [[nodiscard]] Result<TableFooter> ReadFooter() const;
  // Reads a block into `to`, which has BufferBytes(handle) bytes; the raw block is at its front.
  Status ReadBlock(const BlockHandle& handle, BlockType type, char* to) const;
  [[nodiscard]] static std::size_t BufferBytes(const BlockHandle& handle) {
    return std::size_t{handle.raw_bytes} + kBlockTrailerBytes;
  }
  [[nodiscard]] Result<OwnedBlock> ReadOwned(const BlockHandle& handle, BlockType type) const;

  // For blocks read in larger pieces: checks `stored`, which holds the stored bytes and the
  // trailer.
  Status CheckStored(const BlockHandle& handle, BlockType type, const char* stored) const;
  // Checks `stored` and brings the block to `to`, as ReadBlock does.
  Status TakeBlock(const BlockHandle& handle, BlockType type, const char* stored, char* to) const;
  // Requires: CheckStored was ok, handle.compressed(). `to` has raw_bytes bytes.
  Status Expand(const BlockHandle& handle, const char* stored, char* to) const;

  Status ReadAt(std::uint64_t offset, std::span<char> into) const;
  [[nodiscard]] Status Corrupt(std::uint64_t offset, const std::string& what) const {
    return CorruptTable(path_, offset, what);
  }
  // Lets go of the descriptor.
  void Close() const;

 private:
  OpenFiles& files_;
  const std::string path_;
  const TableSalt salt_;
  const std::uint64_t bytes_;
};

}  // namespace firn
