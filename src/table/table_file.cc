#include "table/table_file.h"

#include <xxhash.h>

#include <array>
#include <cstring>

#include "base/coding.h"
#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "table/block_codec.h"
#include "table/open_files.h"
#include "table/table_settings.h"

namespace firn {

TableFile::TableFile(const TableContext& context, const TableMetadata& metadata)
    : files_(*context.files),
      path_(context.directory + "/" + TableFileName(metadata.number)),
      salt_{.database = context.database, .file = metadata.number},
      bytes_(metadata.file_bytes) {}

Status TableFile::ReadAt(std::uint64_t offset, std::span<char> into) const {
  FIRN_ASSIGN_OR_RETURN(const auto file, files_.Open(salt_.file, path_));
  return file->ReadAt(offset, into);
}

void TableFile::Close() const { files_.Close(salt_.file); }

Result<TableFooter> TableFile::ReadFooter() const {
  FIRN_ASSIGN_OR_RETURN(const auto file, files_.Open(salt_.file, path_));
  FIRN_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  if (size != bytes_ || size < kFooterBytes) {
    return Corrupt(size, "file is " + std::to_string(size) + " bytes long, but " +
                             std::to_string(bytes_) + " were written: it ends");
  }
  std::array<char, kFooterBytes> bytes;
  const std::uint64_t offset = size - kFooterBytes;
  FIRN_RETURN_IF_ERROR(file->ReadAt(offset, bytes));
  auto footer = ParseFooter({bytes.data(), bytes.size()}, size, salt_);
  if (footer.ok()) {
    // Blocks lie before the footer, and what is allocated for them is bounded.
    for (const BlockHandle& handle : {footer->top, footer->tombstones, footer->properties}) {
      if (handle.exists() && !PlausibleHandle(handle, kOversizedBlockBytesMax, offset)) {
        return Corrupt(offset, "footer points outside the file");
      }
    }
    return footer;
  }
  const std::string message(footer.status().message());
  if (footer.status().code() == StatusCode::kNotSupported) {
    return Status(StatusCode::kNotSupported, path_ + ": " + message);
  }
  return Corrupt(offset, message);
}

Status TableFile::CheckStored(const BlockHandle& handle, BlockType type, const char* stored) const {
  const char* trailer = stored + handle.stored_bytes;
  const std::uint64_t checksum = XXH3_64bits_withSeed(
      stored, handle.stored_bytes + kTrailerChecksumAt, salt_.SeedAt(handle.offset));
  if (checksum != LoadFixed<std::uint64_t>(trailer + kTrailerChecksumAt) &&
      !BugIsOn(SeededBug::kBlockChecksumIgnored)) {
    return Corrupt(handle.offset, "block checksum mismatch");
  }
  const auto codec = static_cast<std::uint8_t>(trailer[4]);
  const auto stored_type = static_cast<std::uint8_t>(trailer[5]);
  const bool plain = codec == static_cast<std::uint8_t>(Compression::kNone);
  if (LoadFixed<std::uint32_t>(trailer) != handle.raw_bytes ||
      stored_type != static_cast<std::uint8_t>(type) || plain == handle.compressed() ||
      LoadFixed<std::uint16_t>(trailer + 6) != 0) {
    return Corrupt(handle.offset, "block is not the one its handle describes");
  }
  return {};
}

Status TableFile::Expand(const BlockHandle& handle, const char* stored, char* to) const {
  const auto codec = static_cast<std::uint8_t>(stored[handle.stored_bytes + 4]);
  if (!Decompress(codec, {stored, handle.stored_bytes}, {to, handle.raw_bytes})) {
    return Corrupt(handle.offset, "block does not decompress to its size");
  }
  return {};
}

Status TableFile::TakeBlock(const BlockHandle& handle, BlockType type, const char* stored,
                            char* to) const {
  FIRN_RETURN_IF_ERROR(CheckStored(handle, type, stored));
  if (handle.compressed()) return Expand(handle, stored, to);
  std::memcpy(to, stored, BufferBytes(handle));
  return {};
}

Status TableFile::ReadBlock(const BlockHandle& handle, BlockType type, char* to) const {
  const std::size_t read_bytes = std::size_t{handle.stored_bytes} + kBlockTrailerBytes;
  if (!handle.compressed()) {
    FIRN_RETURN_IF_ERROR(ReadAt(handle.offset, {to, read_bytes}));
    return CheckStored(handle, type, to);
  }
  const auto stored = std::make_unique_for_overwrite<char[]>(read_bytes);
  FIRN_RETURN_IF_ERROR(ReadAt(handle.offset, {stored.get(), read_bytes}));
  return TakeBlock(handle, type, stored.get(), to);
}

Result<OwnedBlock> TableFile::ReadOwned(const BlockHandle& handle, BlockType type) const {
  OwnedBlock block{.memory = std::make_unique_for_overwrite<char[]>(BufferBytes(handle)),
                   .bytes = handle.raw_bytes};
  FIRN_RETURN_IF_ERROR(ReadBlock(handle, type, block.memory.get()));
  return block;
}

}  // namespace firn
