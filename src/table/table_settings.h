// What a table needs to know besides its entries.
#pragma once

#include <cstdint>
#include <string>

#include "base/types.h"
#include "env/file_system.h"
#include "firn/options.h"

namespace firn {

struct TableSettings {
  std::size_t block_bytes = 6 << 10;   // target of encoded entries a block; at most 64 entries
  std::size_t partition_blocks = 256;  // blocks that share one filter and fence array
  std::uint32_t filter_bits_per_key = 10;
  Compression compression = Compression::kNone;
  PageCache cache = PageCache::kUse;  // of the file
};

// "000123.table"
[[nodiscard]] std::string TableFileName(FileNumber number);

}  // namespace firn
