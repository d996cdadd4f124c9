#include "table/block_codec.h"

#include <lz4.h>
#include <zstd.h>

#include <limits>

#include "base/check.h"

namespace firn {
namespace {

// Zstandard's own default: the last level is written once and read often, but by then a flush may
// be waiting for the same core.
constexpr int kZstdLevel = 3;

struct DecompressionContext {
  DecompressionContext() : zstd(ZSTD_createDCtx()) { FIRN_CHECK(zstd != nullptr); }
  ~DecompressionContext() { ZSTD_freeDCtx(zstd); }
  DecompressionContext(const DecompressionContext&) = delete;
  DecompressionContext& operator=(const DecompressionContext&) = delete;
  ZSTD_DCtx* zstd;
};

bool DecompressZstd(Slice stored, std::span<char> raw) {
  // A context costs more to make than a block to decode.
  thread_local DecompressionContext context;
  const std::size_t written =
      ZSTD_decompressDCtx(context.zstd, raw.data(), raw.size(), stored.data(), stored.size());
  return ZSTD_isError(written) == 0 && written == raw.size();
}

bool DecompressLz4(Slice stored, std::span<char> raw) {
  constexpr std::size_t kMax = std::numeric_limits<int>::max();
  if (stored.size() > kMax || raw.size() > kMax) return false;
  const int written = LZ4_decompress_safe(
      stored.data(), raw.data(), static_cast<int>(stored.size()), static_cast<int>(raw.size()));
  return written >= 0 && static_cast<std::size_t>(written) == raw.size();
}

}  // namespace

struct BlockCompressor::Context {
  Context() : zstd(ZSTD_createCCtx()) { FIRN_CHECK(zstd != nullptr); }
  ~Context() { ZSTD_freeCCtx(zstd); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ZSTD_CCtx* zstd;
};

BlockCompressor::BlockCompressor(Compression codec) : codec_(codec) {
  if (codec == Compression::kZstd) context_ = std::make_unique<Context>();
}

BlockCompressor::~BlockCompressor() = default;

bool BlockCompressor::Compress(Slice raw, std::string& to) {
  // One byte less than the input: anything else is not worth decoding on every load.
  if (raw.size() < 2 || raw.size() > LZ4_MAX_INPUT_SIZE) return false;
  to.resize(raw.size() - 1);
  std::size_t written = 0;
  switch (codec_) {
    case Compression::kNone:
      return false;
    case Compression::kLz4:
      written = static_cast<std::size_t>(LZ4_compress_default(
          raw.data(), to.data(), static_cast<int>(raw.size()), static_cast<int>(to.size())));
      break;
    case Compression::kZstd:
      written = ZSTD_compressCCtx(context_->zstd, to.data(), to.size(), raw.data(), raw.size(),
                                  kZstdLevel);
      if (ZSTD_isError(written) != 0) written = 0;
      break;
  }
  to.resize(written);
  return written > 0;
}

bool Decompress(std::uint8_t codec, Slice stored, std::span<char> raw) {
  switch (static_cast<Compression>(codec)) {
    case Compression::kNone:
      return false;  // plain blocks are read in place
    case Compression::kLz4:
      return DecompressLz4(stored, raw);
    case Compression::kZstd:
      return DecompressZstd(stored, raw);
  }
  return false;
}

}  // namespace firn
