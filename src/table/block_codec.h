// Compression of single blocks: LZ4 and Zstandard behind one pair of functions.
//
// Threads: Decompress concurrently; a BlockCompressor is for one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "firn/options.h"
#include "firn/slice.h"

namespace firn {

class BlockCompressor {
 public:
  explicit BlockCompressor(Compression codec);
  ~BlockCompressor();
  BlockCompressor(const BlockCompressor&) = delete;
  BlockCompressor& operator=(const BlockCompressor&) = delete;

  [[nodiscard]] Compression codec() const { return codec_; }
  // Replaces `to`. False when the result would not be smaller; then the block is stored plain.
  [[nodiscard]] bool Compress(Slice raw, std::string& to);

 private:
  struct Context;
  Compression codec_;
  std::unique_ptr<Context> context_;  // Zstandard's working memory, kept over blocks
};

// Fills `raw` exactly; false when the bytes are damaged, decode to another size or `codec` is
// unknown. Never writes outside `raw`.
[[nodiscard]] bool Decompress(std::uint8_t codec, Slice stored, std::span<char> raw);

}  // namespace firn
