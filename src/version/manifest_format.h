// Bytes of the manifest's header and of CURRENT (docs/format/manifest.md).
//
// Not here: edits (version_edit.h), records (format/record.h), any file access.
#pragma once

#include <cstdint>
#include <string>

#include "base/types.h"
#include "firn/status.h"

namespace firn {

inline constexpr Slice kCurrentFileName = "CURRENT";
inline constexpr std::size_t kManifestHeaderBytes = 64;
inline constexpr std::uint32_t kManifestFormatVersion = 1;
inline constexpr std::uint8_t kEditRecordType = 1;
// One edit; only a snapshot comes near (a million tables with short keys are 150 MiB).
inline constexpr std::size_t kEditBytesMax = std::size_t{1} << 30;
// A whole manifest: one snapshot and the edits after it.
inline constexpr std::uint64_t kManifestBytesMax = std::uint64_t{2} << 30;
inline constexpr std::uint64_t kCurrentBytesMax = 4096;

struct ManifestHeader {
  std::uint64_t must_understand = 0;  // feature bits; this code knows none
  std::uint64_t may_ignore = 0;
  DatabaseId database;
  FileNumber number;
  std::uint32_t incarnation = 0;
};

// "MANIFEST-000123"
[[nodiscard]] std::string ManifestFileName(FileNumber number);
// "CURRENT.000123.tmp"
[[nodiscard]] std::string CurrentTemporaryName(FileNumber number);

[[nodiscard]] std::string EncodeManifestHeader(const ManifestHeader& header);
// `file`: at least the first bytes of manifest `number`.
[[nodiscard]] Result<ManifestHeader> DecodeManifestHeader(Slice file, FileNumber number);

struct CurrentPointer {
  FileNumber manifest;
  DatabaseId database;
  std::uint64_t must_understand = 0;  // feature bits; this code knows none
  std::uint64_t may_ignore = 0;
};

[[nodiscard]] std::string EncodeCurrent(const CurrentPointer& current);
[[nodiscard]] Result<CurrentPointer> DecodeCurrent(Slice file);

}  // namespace firn
