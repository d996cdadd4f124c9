#include "db/file_names.h"

#include <charconv>

#include "table/table_settings.h"
#include "version/manifest_format.h"
#include "wal/log_format.h"

namespace firn {
namespace {

// The number between prefix and suffix, digits only.
std::optional<FileNumber> NumberBetween(Slice name, Slice prefix, Slice suffix) {
  if (name.size() <= prefix.size() + suffix.size() || !name.starts_with(prefix) ||
      !name.ends_with(suffix)) {
    return std::nullopt;
  }
  const Slice digits = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number == 0) {
    return std::nullopt;
  }
  return FileNumber{number};
}

}  // namespace

std::optional<StoreFile> ParseFileName(Slice name) {
  if (name == kCurrentFileName) return StoreFile{FileKind::kCurrent, FileNumber{}};
  if (name == kLockFileName) return StoreFile{FileKind::kLock, FileNumber{}};
  // A name counts only if it is the very name the writer would give the number.
  if (const auto number = NumberBetween(name, "", ".table")) {
    if (TableFileName(*number) == name) return StoreFile{FileKind::kTable, *number};
  }
  if (const auto number = NumberBetween(name, "", ".log")) {
    if (SegmentFileName(*number) == name) return StoreFile{FileKind::kLog, *number};
  }
  if (const auto number = NumberBetween(name, "MANIFEST-", "")) {
    if (ManifestFileName(*number) == name) return StoreFile{FileKind::kManifest, *number};
  }
  if (const auto number = NumberBetween(name, "CURRENT.", ".tmp")) {
    if (CurrentTemporaryName(*number) == name) return StoreFile{FileKind::kTemporary, *number};
  }
  return std::nullopt;
}

}  // namespace firn
