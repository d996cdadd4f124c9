// The names a store gives its files, read back strictly: whatever is not exactly such a name is
// none of the store's business and is never touched (rule F2).
#pragma once

#include <optional>
#include <string>

#include "base/types.h"

namespace firn {

enum class FileKind : std::uint8_t { kTable, kLog, kManifest, kCurrent, kTemporary, kLock };

struct StoreFile {
  FileKind kind = FileKind::kTable;
  FileNumber number;  // 0 for kCurrent and kLock
};

inline constexpr Slice kLockFileName = "LOCK";

[[nodiscard]] std::optional<StoreFile> ParseFileName(Slice name);

}  // namespace firn
