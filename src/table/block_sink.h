// Appends blocks to a table file: compression, trailer, salted checksum, the running checksum of
// the whole file, and a buffer between the encoder and the file system.
//
// Threads: one. After an error every call returns it again.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "cache/memory_ledger.h"
#include "env/file_system.h"
#include "table/block_codec.h"
#include "table/table_format.h"

namespace firn {

class BlockSink {
 public:
  BlockSink(std::unique_ptr<WritableFile> file, MemoryLedger& ledger, TableSalt salt,
            Compression codec);
  ~BlockSink();
  BlockSink(const BlockSink&) = delete;
  BlockSink& operator=(const BlockSink&) = delete;

  // Appends one block, the concatenation of `front` and `rest`. Only data blocks are compressed.
  Result<BlockHandle> Append(BlockType type, Slice front, Slice rest);
  // Appends bytes as they are (the footer).
  Status AppendRaw(Slice bytes);
  // Hands everything to the file, syncs and closes it (rules D1, E4).
  Status Finish();

  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  // Of all bytes appended; after Finish, of the file.
  [[nodiscard]] std::uint64_t file_checksum() const;

 private:
  struct HashStateFree {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  using HashState = std::unique_ptr<XXH3_state_t, HashStateFree>;

  [[nodiscard]] static HashState MakeHashState();
  Status AppendBuffered(Slice front, Slice rest, BlockTrailer trailer);
  Status AppendDirectly(Slice front, Slice rest, BlockTrailer trailer);
  Status Flush();
  Status Write(Slice bytes);

  std::unique_ptr<WritableFile> file_;
  MemoryLedger& ledger_;
  const TableSalt salt_;
  BlockCompressor compressor_;
  std::string raw_;  // a block in one piece, for the compressor
  std::string compressed_;
  std::unique_ptr<char[]> buffer_;
  std::size_t used_ = 0;
  std::uint64_t offset_ = 0;
  HashState file_hash_;
  Status failed_;
};

}  // namespace firn
