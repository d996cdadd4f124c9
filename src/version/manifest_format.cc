#include "version/manifest_format.h"

#include <xxhash.h>

#include <charconv>
#include <cinttypes>
#include <cstdio>

#include "base/coding.h"

namespace firn {
namespace {

constexpr Slice kMagic = "firnmani";
constexpr std::size_t kChecksumOffset = 56;
constexpr Slice kCurrentFirstLine = "firn current 1\n";
constexpr Slice kCurrentAnyVersion = "firn current ";
static_assert(kMagic.size() == 8);

std::string Hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016" PRIx64, value);
  return text;
}

Status BadHeader(FileNumber number, const std::string& what) {
  return Status(StatusCode::kCorruption, ManifestFileName(number) + ", offset 0: " + what +
                                             "; restore the file from a backup or run repair");
}

Status BadCurrent(const std::string& what) {
  return Status(StatusCode::kCorruption,
                "CURRENT: " + what + "; restore the file from a backup or run repair");
}

// Reads "<name> " and a number of the given base up to the end of the line. Sloppy on purpose: the
// caller compares the file with the one rendering of what was read.
bool ReadNumber(Slice& text, Slice name, int base, std::uint64_t* value) {
  if (!text.starts_with(name)) return false;
  text.remove_prefix(name.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value, base);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return error == std::errc();
}

}  // namespace

std::string ManifestFileName(FileNumber number) {
  char name[40];
  std::snprintf(name, sizeof(name), "MANIFEST-%06" PRIu64, number.value);
  return name;
}

std::string CurrentTemporaryName(FileNumber number) {
  char name[40];
  std::snprintf(name, sizeof(name), "CURRENT.%06" PRIu64 ".tmp", number.value);
  return name;
}

std::string EncodeManifestHeader(const ManifestHeader& header) {
  std::string bytes(kMagic);
  AppendFixed(bytes, kManifestFormatVersion);
  AppendFixed(bytes, header.incarnation);
  AppendFixed(bytes, header.must_understand);
  AppendFixed(bytes, header.may_ignore);
  AppendFixed(bytes, header.database.high);
  AppendFixed(bytes, header.database.low);
  AppendFixed(bytes, header.number.value);
  FIRN_CHECK(bytes.size() == kChecksumOffset);
  AppendFixed<std::uint64_t>(bytes,
                             XXH3_64bits_withSeed(bytes.data(), bytes.size(), header.number.value));
  return bytes;
}

Result<ManifestHeader> DecodeManifestHeader(Slice file, FileNumber number) {
  if (file.size() < kManifestHeaderBytes) return BadHeader(number, "the header is cut off");
  if (!file.starts_with(kMagic)) return BadHeader(number, "no firn manifest");
  // The length is checked: all fields are there, at the places of docs/format/manifest.md.
  const auto number64 = [&](std::size_t at) { return LoadFixed<std::uint64_t>(file.data() + at); };
  const auto format = LoadFixed<std::uint32_t>(file.data() + 8);
  const std::uint64_t checksum = number64(kChecksumOffset);
  const ManifestHeader header = {.must_understand = number64(16),
                                 .may_ignore = number64(24),
                                 .database = {.high = number64(32), .low = number64(40)},
                                 .number = {number64(48)},
                                 .incarnation = LoadFixed<std::uint32_t>(file.data() + 12)};
  // The checksum comes first: a damaged version number must not pass for a newer format.
  if (checksum != XXH3_64bits_withSeed(file.data(), kChecksumOffset, number.value)) {
    return BadHeader(number, "the header's checksum does not match");
  }
  if (header.number != number) return BadHeader(number, "the header belongs to another manifest");
  if (format != kManifestFormatVersion || header.must_understand != 0) {
    return Status(StatusCode::kNotSupported, ManifestFileName(number) + ": format " +
                                                 std::to_string(format) + ", features " +
                                                 Hex(header.must_understand) +
                                                 ", was written by a newer firn; open with that");
  }
  return header;
}

std::string EncodeCurrent(const CurrentPointer& current) {
  std::string text(kCurrentFirstLine);
  text += "manifest " + ManifestFileName(current.manifest) + "\n";
  text += "database " + Hex(current.database.high) + " " + Hex(current.database.low) + "\n";
  text += "features " + Hex(current.must_understand) + " " + Hex(current.may_ignore) + "\n";
  text += "checksum " + Hex(XXH3_64bits(text.data(), text.size())) + "\n";
  return text;
}

Result<CurrentPointer> DecodeCurrent(Slice file) {
  if (!file.starts_with(kCurrentFirstLine)) {
    Slice line = file;
    std::uint64_t format = 0;
    if (!ReadNumber(line, kCurrentAnyVersion, 10, &format) || !line.starts_with('\n')) {
      return BadCurrent("not a firn CURRENT file");
    }
    return Status(StatusCode::kNotSupported,
                  "CURRENT has format " + std::to_string(format) +
                      ": it was written by a newer firn, or its first line is damaged");
  }
  Slice rest = file.substr(kCurrentFirstLine.size());
  CurrentPointer current;
  const bool read = ReadNumber(rest, "manifest MANIFEST-", 10, &current.manifest.value) &&
                    ReadNumber(rest, "\ndatabase ", 16, &current.database.high) &&
                    ReadNumber(rest, " ", 16, &current.database.low) &&
                    ReadNumber(rest, "\nfeatures ", 16, &current.must_understand) &&
                    ReadNumber(rest, " ", 16, &current.may_ignore);
  if (!read || current.manifest.value == 0 || EncodeCurrent(current) != file) {
    return BadCurrent("the content is damaged");
  }
  // The rendering holds the checksum, so these bits are what was written.
  if (current.must_understand != 0) {
    return Status(StatusCode::kNotSupported, "CURRENT has features " +
                                                 Hex(current.must_understand) +
                                                 ": the store needs a newer firn");
  }
  return current;
}

}  // namespace firn
