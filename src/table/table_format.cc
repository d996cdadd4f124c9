#include "table/table_format.h"

#include <xxhash.h>

#include <cstdio>

#include "base/coding.h"
#include "base/seeded_bug.h"
#include "table/table_settings.h"

namespace firn {
namespace {

constexpr std::size_t kFooterChecksumAt = kFooterBytes - 8;

}  // namespace

std::string TableFileName(FileNumber number) {
  char name[32];
  std::snprintf(name, sizeof(name), "%06llu.table", static_cast<unsigned long long>(number.value));
  return name;
}

void StoreHandle(char* to, const BlockHandle& handle) {
  StoreFixed<std::uint64_t>(to, handle.offset);
  StoreFixed<std::uint32_t>(to + 8, handle.stored_bytes);
  StoreFixed<std::uint32_t>(to + 12, handle.raw_bytes);
}

BlockHandle LoadHandle(const char* from) {
  return {.offset = LoadFixed<std::uint64_t>(from),
          .stored_bytes = LoadFixed<std::uint32_t>(from + 8),
          .raw_bytes = LoadFixed<std::uint32_t>(from + 12)};
}

bool PlausibleHandle(const BlockHandle& handle, std::size_t raw_max, std::uint64_t end) {
  return handle.exists() && handle.raw_bytes <= raw_max && handle.stored_bytes > 0 &&
         handle.stored_bytes <= handle.raw_bytes &&
         handle.raw_bytes <= handle.stored_bytes * kBlockExpansionMax && handle.offset <= end &&
         handle.stored_bytes + kBlockTrailerBytes <= end - handle.offset;
}

std::uint64_t TableSalt::SeedAt(std::uint64_t offset) const {
  // Multiply-xor: every input bit must be able to change the seed; it needs no more.
  constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15ull;  // 2^64 / golden ratio (Knuth)
  std::uint64_t seed = database.high;
  const std::uint64_t number = BugIsOn(SeededBug::kTableSaltWithoutFile) ? 0 : file.value;
  for (const std::uint64_t part : {database.low, number, offset}) {
    seed = (seed ^ part) * kGoldenRatio;
    seed ^= seed >> 29;
  }
  return seed;
}

void StoreTrailer(char* to, const BlockTrailer& trailer) {
  StoreFixed<std::uint32_t>(to, trailer.raw_bytes);
  to[4] = static_cast<char>(trailer.codec);
  to[5] = static_cast<char>(trailer.type);
  StoreFixed<std::uint16_t>(to + 6, 0);
}

void StoreFooter(char* to, const TableFooter& footer, const TableSalt& salt) {
  std::memset(to, 0, kFooterBytes);
  StoreFixed<std::uint64_t>(to, kTableMagic);
  StoreFixed<std::uint32_t>(to + 8, kTableFormatVersion);
  StoreFixed<std::uint64_t>(to + 24, footer.may_ignore);
  StoreFixed<std::uint64_t>(to + 32, salt.database.high);
  StoreFixed<std::uint64_t>(to + 40, salt.database.low);
  StoreFixed<std::uint64_t>(to + 48, salt.file.value);
  StoreHandle(to + 56, footer.top);
  StoreHandle(to + 72, footer.tombstones);
  StoreHandle(to + 88, footer.properties);
  StoreFixed<std::uint64_t>(to + 104, footer.file_bytes);
  const std::uint64_t seed = salt.SeedAt(footer.file_bytes - kFooterBytes);
  StoreFixed<std::uint64_t>(to + kFooterChecksumAt,
                            XXH3_64bits_withSeed(to, kFooterChecksumAt, seed));
}

Result<TableFooter> ParseFooter(Slice bytes, std::uint64_t file_bytes, const TableSalt& salt) {
  const auto corrupt = [](const char* what) { return Status(StatusCode::kCorruption, what); };
  if (bytes.size() != kFooterBytes || file_bytes < kFooterBytes) return corrupt("no footer");
  const char* from = bytes.data();
  if (LoadFixed<std::uint64_t>(from) != kTableMagic) return corrupt("no table footer (magic)");
  // A newer format may checksum differently, so its version is looked at first.
  const auto version = LoadFixed<std::uint32_t>(from + 8);
  const std::uint64_t seed = salt.SeedAt(file_bytes - kFooterBytes);
  const bool intact = LoadFixed<std::uint64_t>(from + kFooterChecksumAt) ==
                      XXH3_64bits_withSeed(from, kFooterChecksumAt, seed);
  if (!intact && version == kTableFormatVersion) {
    return corrupt("footer checksum mismatch, or the footer of another store or file");
  }
  if (!intact) return corrupt("footer checksum mismatch, or a newer table format");
  const auto features = LoadFixed<std::uint64_t>(from + 16);
  if (version != kTableFormatVersion || features != 0) {
    return Status(StatusCode::kNotSupported, "table format " + std::to_string(version) +
                                                 ", features " + std::to_string(features) +
                                                 ": written by a newer firn, upgrade to read it");
  }
  TableFooter footer;
  footer.may_ignore = LoadFixed<std::uint64_t>(from + 24);
  footer.top = LoadHandle(from + 56);
  footer.tombstones = LoadHandle(from + 72);
  footer.properties = LoadHandle(from + 88);
  footer.file_bytes = LoadFixed<std::uint64_t>(from + 104);
  if (footer.file_bytes != file_bytes) return corrupt("footer names another file size");
  if (LoadFixed<std::uint32_t>(from + 12) != 0 || LoadFixed<std::uint64_t>(from + 112) != 0) {
    return corrupt("footer with bytes that must be zero");
  }
  if (!footer.top.exists() || !footer.properties.exists()) return corrupt("footer lacks a block");
  return footer;
}

std::optional<TableIdentity> IdentifyTable(Slice footer, std::uint64_t file_bytes) {
  if (footer.size() != kFooterBytes || file_bytes < kFooterBytes) return std::nullopt;
  const char* const from = footer.data();
  const TableIdentity identity{{LoadFixed<std::uint64_t>(from + 32),
                                LoadFixed<std::uint64_t>(from + 40)},
                               {LoadFixed<std::uint64_t>(from + 48)}};
  const TableSalt salt{identity.database, identity.number};
  const bool intact = LoadFixed<std::uint64_t>(from) == kTableMagic &&
                      LoadFixed<std::uint64_t>(from + kFooterChecksumAt) ==
                          XXH3_64bits_withSeed(from, kFooterChecksumAt,
                                               salt.SeedAt(file_bytes - kFooterBytes));
  if (!intact) return std::nullopt;
  return identity;
}

Status CorruptTable(const std::string& path, std::uint64_t offset, const std::string& what) {
  return Status(StatusCode::kCorruption,
                path + ": " + what + " at offset " + std::to_string(offset) +
                    "; restore the file from a backup or repair the store");
}

}  // namespace firn
