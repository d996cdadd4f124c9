// Two passes over the file: its bytes as such, which finds every flipped bit, then its meaning
// through the same path a compaction reads it by, which finds what a wrong writer or memory would
// have done.
#include "table/table_verify.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/status_macros.h"
#include "table/block_source.h"
#include "table/table_file_reader.h"
#include "table/table_properties.h"
#include "table/tombstone_block.h"

namespace firn {
namespace {

class TableVerifier {
 public:
  explicit TableVerifier(const TableFileReader& reader) : reader_(reader), source_(reader) {}

  Status CheckBytes(const std::function<void(std::uint64_t)>& progress);
  Status CheckEntries();
  Status CheckTombstones();
  Status CheckMetadata();

 private:
  Status CheckBlock(const PartitionView& partition, std::size_t index, const BlockView& block);
  [[nodiscard]] Status CorruptAt(std::uint64_t offset, const std::string& what) const {
    return reader_.file().Corrupt(offset, what);
  }
  void CountSequence(SequenceNumber sequence);

  const TableFileReader& reader_;
  StreamSource source_;
  // What the table turns out to hold.
  TableMetadata found_;
  std::string last_key_;
  SequenceNumber last_sequence_ = 0;
};

Status TableVerifier::CheckBytes(const std::function<void(std::uint64_t)>& progress) {
  constexpr std::size_t kPieceBytes = StreamSource::kPieceBytes;
  const auto piece = std::make_unique_for_overwrite<char[]>(kPieceBytes);
  const std::unique_ptr<XXH3_state_t, decltype([](XXH3_state_t* s) { XXH3_freeState(s); })> hash(
      XXH3_createState());
  FIRN_CHECK(hash != nullptr && XXH3_64bits_reset(hash.get()) == XXH_OK);
  const std::uint64_t bytes = reader_.file().bytes();
  for (std::uint64_t offset = 0; offset < bytes;) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, bytes - offset));
    FIRN_RETURN_IF_ERROR(reader_.file().ReadAt(offset, {piece.get(), count}));
    XXH3_64bits_update(hash.get(), piece.get(), count);
    offset += count;
    if (progress) progress(offset);
  }
  if (XXH3_64bits_digest(hash.get()) != reader_.metadata().file_checksum) {
    return CorruptAt(0, "whole-file checksum mismatch");
  }
  return {};
}

void TableVerifier::CountSequence(SequenceNumber sequence) {
  const bool first = found_.entries == 0 && found_.range_tombstones == 0;
  found_.sequence_min = first ? sequence : std::min(found_.sequence_min, sequence);
  found_.sequence_max = first ? sequence : std::max(found_.sequence_max, sequence);
}

Status TableVerifier::CheckBlock(const PartitionView& partition, std::size_t index,
                                 const BlockView& block) {
  const std::uint64_t offset = partition.handle(index).offset;
  if (!block.TagsMatch()) return CorruptAt(offset, "block with a wrong hash tag");
  for (std::size_t i = 0; i < block.count(); ++i) {
    const std::string key = block.keys().Key(i);
    const bool ordered = found_.entries == 0 || last_key_ < key ||
                         (last_key_ == key && last_sequence_ > block.sequence(i));
    if (!ordered) return CorruptAt(offset, "blocks out of order");
    if (!partition.filter.MayContain(KeyHash(key))) {
      return CorruptAt(offset, "key missing from its filter");
    }
    if (partition.fences.LowerBound(key) > index) {
      return CorruptAt(offset, "key behind its block's fence");
    }
    // Reachable from its own block, or as a later version from one before that ends in the key.
    if (partition.fences.LowerBound(key) < index && last_key_ != key) {
      return CorruptAt(offset, "key before its block's fence");
    }
    CountSequence(block.sequence(i));
    if (found_.entries == 0) found_.lower = key;
    ++found_.entries;
    found_.deletes += block.kind(i) == EntryKind::kDelete ? 1 : 0;
    found_.key_bytes += key.size();
    found_.value_bytes += block.value(i).size();
    last_key_ = key;
    last_sequence_ = block.sequence(i);
  }
  return {};
}

Status TableVerifier::CheckEntries() {
  FIRN_ASSIGN_OR_RETURN(const TopView* const top, source_.Open());
  for (std::size_t p = 0; p < top->partitions; ++p) {
    FIRN_ASSIGN_OR_RETURN(const PartitionView* const partition, source_.EnterPartition(p));
    for (std::size_t b = 0; b < partition->blocks; ++b) {
      FIRN_ASSIGN_OR_RETURN(const char* const raw, source_.EnterBlock(b));
      const BlockView block(raw);
      const std::uint64_t offset = partition->handle(b).offset;
      const std::string first = block.keys().Key(0);
      if (b == 0 && p > 0 && top->fences.LowerBound(first) < p && last_key_ != first) {
        return CorruptAt(offset, "key before its partition's fence");
      }
      FIRN_RETURN_IF_ERROR(CheckBlock(*partition, b, block));
    }
  }
  found_.upper = last_key_;
  return {};
}

Status TableVerifier::CheckTombstones() {
  FIRN_ASSIGN_OR_RETURN(const ResidentTable* const table, reader_.Resident());
  const BlockHandle handle = table->footer().tombstones;
  if (!handle.exists()) return {};
  FIRN_ASSIGN_OR_RETURN(const OwnedBlock block,
                        reader_.file().ReadOwned(handle, BlockType::kTombstones));
  std::vector<RangeTombstone> tombstones;
  const char* wrong = ParseTombstones(block.raw(), &tombstones);
  if (wrong != nullptr) return CorruptAt(handle.offset, wrong);
  for (const RangeTombstone& tombstone : tombstones) {
    CountSequence(tombstone.sequence);
    const bool alone = found_.entries == 0 && found_.range_tombstones == 0;
    if (alone || tombstone.begin < found_.lower) found_.lower = tombstone.begin;
    if (alone || tombstone.end > found_.upper) {
      found_.upper = tombstone.end;
      found_.upper_exclusive = true;
    }
    ++found_.range_tombstones;
  }
  return {};
}

Status TableVerifier::CheckMetadata() {
  FIRN_ASSIGN_OR_RETURN(const ResidentTable* const table, reader_.Resident());
  const TableMetadata& expected = reader_.metadata();
  found_.number = expected.number;
  found_.file_bytes = expected.file_bytes;        // checked when the table was opened
  found_.file_checksum = expected.file_checksum;  // by CheckBytes
  const std::uint64_t footer = reader_.file().bytes() - kFooterBytes;
  if (found_ != expected) {
    return CorruptAt(footer, "contents differ from what the manifest says of the table");
  }
  const BlockHandle handle = table->footer().properties;
  FIRN_ASSIGN_OR_RETURN(const OwnedBlock block,
                        reader_.file().ReadOwned(handle, BlockType::kProperties));
  auto properties = ParseProperties(block.raw());
  if (!properties.ok()) {
    return CorruptAt(handle.offset, std::string(properties.status().message()));
  }
  properties->number = found_.number;
  properties->file_bytes = found_.file_bytes;
  properties->file_checksum = found_.file_checksum;
  if (*properties != found_) {
    return CorruptAt(handle.offset, "contents differ from the table's own properties");
  }
  return {};
}

}  // namespace

Status VerifyTable(const TableFileReader& reader,
                   const std::function<void(std::uint64_t)>& progress) {
  // A table opened long ago may have been damaged since.
  FIRN_RETURN_IF_ERROR(reader.file().ReadFooter().status());
  TableVerifier verifier(reader);
  FIRN_RETURN_IF_ERROR(verifier.CheckBytes(progress));
  FIRN_RETURN_IF_ERROR(verifier.CheckEntries());
  FIRN_RETURN_IF_ERROR(verifier.CheckTombstones());
  return verifier.CheckMetadata();
}

}  // namespace firn
