#include "table/block_sink.h"

#include <cstring>

#include "base/check.h"
#include "base/coding.h"
#include "base/seeded_bug.h"
#include "base/status_macros.h"

namespace firn {
namespace {

// One write of this size costs a few percent of the copying it causes; more would only hold more
// memory per job.
constexpr std::size_t kBufferBytes = std::size_t{512} << 10;

}  // namespace

BlockSink::HashState BlockSink::MakeHashState() {
  HashState state(XXH3_createState());
  FIRN_CHECK(state != nullptr);
  return state;
}

BlockSink::BlockSink(std::unique_ptr<WritableFile> file, MemoryLedger& ledger, TableSalt salt,
                     Compression codec)
    : file_(std::move(file)),
      ledger_(ledger),
      salt_(salt),
      compressor_(codec),
      buffer_(std::make_unique_for_overwrite<char[]>(kBufferBytes)),
      file_hash_(MakeHashState()) {
  ledger_.Add(MemoryClass::kJob, kBufferBytes);
  FIRN_CHECK(XXH3_64bits_reset(file_hash_.get()) == XXH_OK);
}

BlockSink::~BlockSink() { ledger_.Remove(MemoryClass::kJob, kBufferBytes); }

std::uint64_t BlockSink::file_checksum() const { return XXH3_64bits_digest(file_hash_.get()); }

Result<BlockHandle> BlockSink::Append(BlockType type, Slice front, Slice rest) {
  FIRN_RETURN_IF_ERROR(failed_);
  const std::size_t raw_bytes = front.size() + rest.size();
  FIRN_CHECK(raw_bytes > 0 && raw_bytes <= kOversizedBlockBytesMax);
  BlockHandle handle{.offset = offset_,
                     .stored_bytes = static_cast<std::uint32_t>(raw_bytes),
                     .raw_bytes = static_cast<std::uint32_t>(raw_bytes)};
  BlockTrailer trailer{.raw_bytes = handle.raw_bytes, .type = type};
  const bool compressible = type == BlockType::kData && compressor_.codec() != Compression::kNone &&
                            raw_bytes <= kBlockBytesMax;
  if (compressible) {
    raw_.assign(front).append(rest);
    if (compressor_.Compress(raw_, compressed_)) {
      trailer.codec = static_cast<std::uint8_t>(compressor_.codec());
      handle.stored_bytes = static_cast<std::uint32_t>(compressed_.size());
      front = compressed_;
      rest = {};
    }
  }
  const bool fits = handle.stored_bytes + kBlockTrailerBytes <= kBufferBytes;
  failed_ = fits ? AppendBuffered(front, rest, trailer) : AppendDirectly(front, rest, trailer);
  FIRN_RETURN_IF_ERROR(failed_);
  FIRN_DCHECK(offset_ == handle.end());
  return handle;
}

Status BlockSink::AppendBuffered(Slice front, Slice rest, BlockTrailer trailer) {
  const std::size_t stored = front.size() + rest.size();
  if (stored + kBlockTrailerBytes > kBufferBytes - used_) FIRN_RETURN_IF_ERROR(Flush());
  char* const begin = buffer_.get() + used_;
  std::memcpy(begin, front.data(), front.size());
  if (!rest.empty()) std::memcpy(begin + front.size(), rest.data(), rest.size());
  char* const tail = begin + stored;
  StoreTrailer(tail, trailer);
  StoreFixed<std::uint64_t>(
      tail + kTrailerChecksumAt,
      XXH3_64bits_withSeed(begin, stored + kTrailerChecksumAt, salt_.SeedAt(offset_)));
  used_ += stored + kBlockTrailerBytes;
  offset_ += stored + kBlockTrailerBytes;
  return {};
}

// A block larger than the buffer: its value may be a gibibyte, so it is not copied.
Status BlockSink::AppendDirectly(Slice front, Slice rest, BlockTrailer trailer) {
  FIRN_RETURN_IF_ERROR(Flush());
  char tail[kBlockTrailerBytes];
  StoreTrailer(tail, trailer);
  const HashState hash = MakeHashState();
  XXH3_64bits_reset_withSeed(hash.get(), salt_.SeedAt(offset_));
  for (const Slice part : {front, rest}) {
    XXH3_64bits_update(hash.get(), part.data(), part.size());
    FIRN_RETURN_IF_ERROR(Write(part));
  }
  XXH3_64bits_update(hash.get(), tail, kTrailerChecksumAt);
  StoreFixed<std::uint64_t>(tail + kTrailerChecksumAt, XXH3_64bits_digest(hash.get()));
  offset_ += front.size() + rest.size() + kBlockTrailerBytes;
  return Write({tail, kBlockTrailerBytes});
}

Status BlockSink::AppendRaw(Slice bytes) {
  FIRN_RETURN_IF_ERROR(failed_);
  FIRN_CHECK(bytes.size() <= kBufferBytes);
  if (bytes.size() > kBufferBytes - used_) failed_ = Flush();
  FIRN_RETURN_IF_ERROR(failed_);
  std::memcpy(buffer_.get() + used_, bytes.data(), bytes.size());
  used_ += bytes.size();
  offset_ += bytes.size();
  return {};
}

Status BlockSink::Flush() {
  const std::size_t bytes = used_;
  used_ = 0;
  return Write({buffer_.get(), bytes});
}

Status BlockSink::Write(Slice bytes) {
  if (bytes.empty()) return {};
  XXH3_64bits_update(file_hash_.get(), bytes.data(), bytes.size());
  return file_->Append(bytes);
}

Status BlockSink::Finish() {
  FIRN_RETURN_IF_ERROR(failed_);
  failed_ = Flush();
  if (failed_.ok() && !BugIsOn(SeededBug::kTableNotSynced)) failed_ = file_->SyncData();
  if (BugIsOn(SeededBug::kTableSyncErrorIgnored)) failed_ = Status();
  if (failed_.ok()) failed_ = file_->Close();
  FIRN_RETURN_IF_ERROR(failed_);
  file_.reset();
  return {};
}

}  // namespace firn
