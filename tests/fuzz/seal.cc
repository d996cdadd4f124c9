#include "fuzz/seal.h"

#include <xxhash.h>

#include <array>
#include <span>

#include "format/record.h"
#include "fuzz/fuzz_input.h"
#include "table/partition.h"
#include "table/table_format.h"
#include "table/table_properties.h"
#include "version/manifest_format.h"
#include "wal/log_format.h"

namespace firn::testing {
namespace {

// Blocks sealed in one table: more add nothing, and overlapping ones would take squared time.
constexpr std::size_t kBlocksMax = 512;

void SealRecords(std::string& file, std::size_t offset, FileNumber number,
                 std::size_t records_max) {
  for (std::size_t i = 0; i < records_max && offset + kRecordHeaderBytes <= file.size(); ++i) {
    const char* const at = file.data() + offset;
    const RecordHeader header = LoadRecordHeader(at);
    const std::size_t left = file.size() - offset;
    if (header.type == 0 || header.payload_bytes > left) return;
    if (RecordBytes(header.payload_bytes) > left) return;
    const std::string payload = file.substr(offset + kRecordHeaderBytes, header.payload_bytes);
    const Slice part = payload;
    offset += EncodeRecord(file.data() + offset, offset, {kFuzzDatabase, number}, header,
                           std::span(&part, 1));
  }
}

// Seals the block if it lies in front of the footer; its stored bytes.
Slice SealBlock(std::string& file, const BlockHandle& handle, const TableSalt& salt) {
  if (file.size() < kFooterBytes) return {};
  const std::size_t end = file.size() - kFooterBytes;
  if (handle.offset > end || end - handle.offset < kBlockTrailerBytes ||
      handle.stored_bytes > end - handle.offset - kBlockTrailerBytes) {
    return {};
  }
  char* const at = file.data() + handle.offset;
  const std::size_t covered = handle.stored_bytes + kTrailerChecksumAt;
  StoreFixed<std::uint64_t>(at + covered,
                            XXH3_64bits_withSeed(at, covered, salt.SeedAt(handle.offset)));
  return {at, handle.stored_bytes};
}

// Handles that lie `stride` bytes apart behind the block's 16 bytes of header.
void SealReferred(std::string& file, const BlockHandle& block, std::size_t stride,
                  const TableSalt& salt, std::size_t* left) {
  const Slice stored = SealBlock(file, block, salt);
  if (stored.size() < sizeof(std::uint32_t)) return;
  const std::size_t offset = block.offset;
  const std::size_t parts = LoadFixed<std::uint32_t>(stored.data());
  for (std::size_t i = 0; i < parts && *left > 0; ++i) {
    const std::size_t at = 16 + i * stride;
    if (at + kBlockHandleBytes > stored.size()) return;
    --*left;
    const BlockHandle handle = LoadHandle(file.data() + offset + at);
    if (stride == TopView::kTopRecordBytes) {
      SealReferred(file, handle, kBlockHandleBytes, salt, left);
    } else {
      static_cast<void>(SealBlock(file, handle, salt));
    }
  }
}

}  // namespace

void SealSegment(std::string& file, FileNumber number, std::size_t records_max) {
  if (file.size() < kSegmentHeaderBytes) return;
  StoreFixed(file.data() + 32, kFuzzDatabase.high);
  StoreFixed(file.data() + 40, kFuzzDatabase.low);
  StoreFixed(file.data() + 48, number.value);
  const std::uint64_t seed = kFuzzDatabase.high ^ kFuzzDatabase.low * 3 ^ number.value * 5;
  StoreFixed<std::uint64_t>(file.data() + 120, XXH3_64bits_withSeed(file.data(), 120, seed));
  SealRecords(file, kSegmentHeaderBytes, number, records_max);
}

void SealManifest(std::string& file, FileNumber number, std::size_t records_max) {
  if (file.size() < kManifestHeaderBytes) return;
  StoreFixed(file.data() + 32, kFuzzDatabase.high);
  StoreFixed(file.data() + 40, kFuzzDatabase.low);
  StoreFixed(file.data() + 48, number.value);
  StoreFixed<std::uint64_t>(file.data() + 56,
                            XXH3_64bits_withSeed(file.data(), 56, number.value));
  SealRecords(file, kManifestHeaderBytes, number, records_max);
}

void SealTable(std::string& file, FileNumber number) {
  if (file.size() < kFooterBytes) return;
  const TableSalt salt{kFuzzDatabase, number};
  char* const footer = file.data() + file.size() - kFooterBytes;
  StoreFixed(footer + 32, kFuzzDatabase.high);
  StoreFixed(footer + 40, kFuzzDatabase.low);
  StoreFixed(footer + 48, number.value);
  StoreFixed<std::uint64_t>(footer + 104, file.size());
  const std::uint64_t seed = salt.SeedAt(file.size() - kFooterBytes);
  StoreFixed<std::uint64_t>(footer + 120, XXH3_64bits_withSeed(footer, 120, seed));
  std::size_t left = kBlocksMax;
  SealReferred(file, LoadHandle(footer + 56), TopView::kTopRecordBytes, salt, &left);
  static_cast<void>(SealBlock(file, LoadHandle(footer + 72), salt));
  static_cast<void>(SealBlock(file, LoadHandle(footer + 88), salt));
}

TableMetadata MetadataOf(const std::string& file, FileNumber number) {
  TableMetadata metadata;
  metadata.upper = std::string(16, '\xFF');
  metadata.sequence_max = kSequenceMax;
  if (file.size() >= kFooterBytes) {
    const BlockHandle handle = LoadHandle(file.data() + file.size() - kFooterBytes + 88);
    if (handle.offset <= file.size() && handle.stored_bytes <= file.size() - handle.offset) {
      const auto parsed =
          ParseProperties(Slice(file).substr(handle.offset, handle.stored_bytes));
      if (parsed.ok()) metadata = parsed->metadata;
    }
  }
  metadata.number = number;
  metadata.file_bytes = file.size();
  metadata.file_checksum = XXH3_64bits(file.data(), file.size());
  return metadata;
}

}  // namespace firn::testing
