#include "table/table_salvage.h"

#include <algorithm>

#include "base/coding.h"
#include "base/forward_cursor.h"
#include "table/block.h"
#include "table/resident_table.h"
#include "table/table_settings.h"
#include "table/tombstone_block.h"

namespace firn {
namespace {

// A hostile file may look like the end of a block at every byte: hashing stops being tried there.
constexpr std::uint64_t kHashedBytesPerByte = 64;

// Looks for blocks in bytes whose index is lost.
class BlockScan {
 public:
  // `bytes` lie at `offset` of the file.
  BlockScan(const TableFile& file, Slice bytes, std::uint64_t offset)
      : file_(file),
        bytes_(bytes),
        offset_(offset),
        hash_budget_(bytes.size() * kHashedBytesPerByte) {}

  // The next block, or false.
  bool Next(BlockHandle* handle, BlockType* type) {
    for (; at_ + kBlockTrailerBytes <= bytes_.size(); ++at_) {
      if (!IsBlockEnd(handle, type)) continue;
      at_ += kBlockTrailerBytes;
      last_end_ = at_;
      return true;
    }
    return false;
  }

 private:
  bool IsBlockEnd(BlockHandle* handle, BlockType* type) {
    const char* const trailer = bytes_.data() + at_;
    const auto raw = LoadFixed<std::uint32_t>(trailer);
    const auto codec = static_cast<std::uint8_t>(trailer[4]);
    const auto kind = static_cast<std::uint8_t>(trailer[5]);
    if (raw == 0 || raw > kOversizedBlockBytesMax || codec > 2 ||
        kind < static_cast<std::uint8_t>(BlockType::kData) ||
        kind > static_cast<std::uint8_t>(BlockType::kProperties) || trailer[6] != 0 ||
        trailer[7] != 0) {
      return false;
    }
    *type = static_cast<BlockType>(kind);
    if (codec == 0) return raw <= at_ && Validates(at_ - raw, raw, *type, handle);
    return raw > at_ - last_end_ && Validates(last_end_, raw, *type, handle);
  }

  bool Validates(std::size_t begin, std::uint32_t raw, BlockType type, BlockHandle* handle) {
    const std::size_t stored = at_ - begin;
    if (stored == 0 || stored > hash_budget_) return false;
    hash_budget_ -= stored;
    *handle = {.offset = offset_ + begin,
               .stored_bytes = static_cast<std::uint32_t>(stored),
               .raw_bytes = raw};
    return file_.CheckStored(*handle, type, bytes_.data() + begin).ok();
  }

  const TableFile& file_;
  const Slice bytes_;
  const std::uint64_t offset_;
  std::uint64_t hash_budget_;
  std::size_t at_ = 0;
  std::size_t last_end_ = 0;  // of the block found last
};

TableMetadata Described(FileNumber number, std::uint64_t file_bytes) {
  TableMetadata metadata;
  metadata.number = number;
  metadata.file_bytes = file_bytes;
  return metadata;
}

}  // namespace

class SalvagedTable::Cursor final : public ForwardCursor {
 public:
  explicit Cursor(const SalvagedTable& table) : table_(table) {}

  Status SeekToFirst() override {
    candidate_ = entry_ = 0;
    block_ = OwnedBlock();
    return Status();
  }
  Status Next(EntryBatch& batch, std::size_t limit) override {
    batch.count = 0;
    if (block_.bytes == 0 || entry_ == view_.count()) {
      if (candidate_ == table_.candidates_.size()) return Status();
      auto block =
          table_.file_.ReadOwned(table_.candidates_[candidate_].handle, BlockType::kData);
      if (!block.ok()) return std::move(block).status();
      block_ = std::move(block).value();
      view_ = BlockView(block_.memory.get());
      entry_ = 0;
      ++candidate_;
      keys_.clear();
      for (std::size_t i = 0; i < view_.count(); ++i) keys_.push_back(view_.keys().Key(i));
    }
    for (; batch.count < limit && entry_ < view_.count(); ++entry_) {
      batch.entries[batch.count] = {keys_[entry_], view_.value(entry_), view_.sequence(entry_),
                                    view_.kind(entry_)};
      batch.heads[batch.count++] = KeyHead(keys_[entry_]);
    }
    return Status();
  }

 private:
  const SalvagedTable& table_;
  std::size_t candidate_ = 0;  // the next to read
  OwnedBlock block_;
  BlockView view_;
  std::vector<std::string> keys_;
  std::size_t entry_ = 0;
};

SalvagedTable::SalvagedTable(const TableContext& context, FileNumber number,
                             std::uint64_t file_bytes)
    : number_(number), file_(context, Described(number, file_bytes)) {}

std::unique_ptr<SalvagedTable> SalvagedTable::Survey(const TableContext& context,
                                                     FileNumber number,
                                                     const TableMetadata* known) {
  const Result<std::uint64_t> size =
      context.file_system->FileSize(context.directory + "/" + TableFileName(number));
  auto table = std::make_unique<SalvagedTable>(context, number, size.ok() ? *size : 0);
  if (known != nullptr) table->described_ = *known;
  if (size.ok() && *size > 0) {
    table->SurveyIndex(context);
    table->CheckBlocks();
  } else {
    table->index_status_ = size.ok() ? table->file_.Corrupt(0, "the file is empty") : size.status();
    TableLoss& all = table->losses_.emplace_back();
    if (known != nullptr) all.entries = known->entries;
    if (known != nullptr && known->range_tombstones > 0) {
      table->losses_.emplace_back().tombstones = true;
    }
  }
  table->file_.Close();
  return table;
}

// Where the index is intact it is believed; a part that is not is scanned for.
void SalvagedTable::SurveyIndex(const TableContext& context) {
  const std::uint64_t bytes = file_.bytes();
  auto table = ResidentTable::Open(file_, *context.frames, *context.ledger);
  if (!table.ok()) {
    index_status_ = table.status();
    const Result<TableFooter> footer = file_.ReadFooter();
    if (footer.ok()) index_parts_.push_back({bytes - kFooterBytes, bytes});
    ScanStretch({0, footer.ok() ? bytes - kFooterBytes : bytes});
    return;
  }
  const ResidentTable& resident = **table;
  std::uint64_t begin = 0;
  for (std::size_t i = 0; i < resident.partitions(); ++i) {
    const BlockHandle handle = resident.top().handle(i);
    OwnedBlock block;
    PartitionView partition;
    const Status read = resident.ReadPartitionInto(i, &block, &partition);
    if (read.ok()) {
      SurveyPartition(partition);
    } else {
      if (index_status_.ok()) index_status_ = read;
      ScanStretch({begin, handle.offset});
    }
    index_parts_.push_back({handle.offset, handle.end()});
    begin = handle.end();
  }
  if (resident.footer().tombstones.exists()) ReadTombstones(resident.footer().tombstones);
  ReadProperties(resident.footer().properties);
  index_parts_.push_back({begin, bytes});
}

void SalvagedTable::SurveyPartition(const PartitionView& partition) {
  for (std::size_t i = 0; i < partition.blocks; ++i) {
    candidates_.push_back({partition.handle(i), partition.entries_of(i)});
  }
}

void SalvagedTable::ScanStretch(Stretch stretch) {
  std::string bytes(static_cast<std::size_t>(stretch.end - stretch.offset), '\0');
  if (!file_.ReadAt(stretch.offset, bytes).ok()) return;  // lost as a gap
  BlockScan scan(file_, bytes, stretch.offset);
  BlockHandle handle;
  BlockType type;
  while (scan.Next(&handle, &type)) AddFound(handle, type);
}

void SalvagedTable::AddFound(const BlockHandle& handle, BlockType type) {
  if (type == BlockType::kData) {
    candidates_.push_back({handle, std::nullopt});
    return;
  }
  index_parts_.push_back({handle.offset, handle.end()});
  if (type == BlockType::kPartition) AddPartition(handle);
  if (type == BlockType::kTombstones) ReadTombstones(handle);
  if (type == BlockType::kProperties) ReadProperties(handle);
}

// It knows its blocks better than the scan did.
void SalvagedTable::AddPartition(const BlockHandle& handle) {
  const Result<OwnedBlock> block = file_.ReadOwned(handle, BlockType::kPartition);
  PartitionView partition;
  if (!block.ok() || ParsePartition(block->raw(), handle, &partition) != nullptr) return;
  const std::uint64_t begin = partition.handle(0).offset;
  while (!candidates_.empty() && candidates_.back().handle.offset >= begin) {
    candidates_.pop_back();
  }
  SurveyPartition(partition);
}

void SalvagedTable::ReadTombstones(const BlockHandle& handle) {
  Result<OwnedBlock> block = file_.ReadOwned(handle, BlockType::kTombstones);
  if (block.ok()) {
    tombstone_block_ = std::move(block).value();
    if (ParseTombstones(tombstone_block_.raw(), &tombstones_) == nullptr) return;
    tombstones_.clear();
  }
  TableLoss& loss = losses_.emplace_back();
  loss.offset = handle.offset;
  loss.end = handle.end();
  loss.tombstones = true;
}

void SalvagedTable::ReadProperties(const BlockHandle& handle) {
  const Result<OwnedBlock> block = file_.ReadOwned(handle, BlockType::kProperties);
  Result<TableProperties> parsed = block.ok() ? ParseProperties(block->raw()) : block.status();
  if (parsed.ok()) {
    properties_ = std::move(parsed).value();
    if (!described_) described_ = properties_->metadata;
  } else if (index_status_.ok()) {
    index_status_ = parsed.status();
  }
}

const char* SalvagedTable::CheckBlock(const Candidate& candidate) {
  auto block = file_.ReadOwned(candidate.handle, BlockType::kData);
  if (!block.ok()) return "unreadable";
  block_ = std::move(block).value();
  if (const char* wrong = BlockView::Check(block_.raw()); wrong != nullptr) return wrong;
  const BlockView view(block_.memory.get());
  if (candidate.entries && *candidate.entries != view.count()) return "another count";
  const std::string first = view.keys().Key(0);
  const bool follows = entries_ == 0 || last_key_ < first ||
                       (last_key_ == first && last_sequence_ > view.sequence(0));
  return follows ? nullptr : "out of order";
}

void SalvagedTable::Lose(std::uint64_t offset, std::uint64_t end,
                         std::optional<std::uint64_t> entries) {
  // Neighbours with nothing readable between them are one loss.
  const bool grows = !losses_.empty() && !losses_.back().before.has_value();
  if (!grows) {
    TableLoss& loss = losses_.emplace_back();
    loss.offset = offset;
    loss.entries = 0;
    if (entries_ > 0) loss.after = last_key_;
  }
  TableLoss& loss = losses_.back();
  loss.end = end;
  loss.entries = loss.entries && entries ? std::optional(*loss.entries + *entries) : std::nullopt;
}

// Bytes up to `upto` that neither block nor index was found in.
void SalvagedTable::LoseGap(std::uint64_t upto) {
  for (const Stretch& part : index_parts_) {
    if (part.end <= checked_to_ || part.offset >= upto) continue;
    if (part.offset > checked_to_) Lose(checked_to_, part.offset, std::nullopt);
    checked_to_ = part.end;
  }
  if (upto > checked_to_) Lose(checked_to_, upto, std::nullopt);
  checked_to_ = std::max(checked_to_, upto);
}

void SalvagedTable::CheckBlocks() {
  std::sort(index_parts_.begin(), index_parts_.end(),
            [](const Stretch& a, const Stretch& b) { return a.offset < b.offset; });
  std::vector<TableLoss> tombstone_losses = std::move(losses_);
  losses_.clear();
  std::vector<Candidate> readable;
  for (const Candidate& candidate : candidates_) {
    LoseGap(candidate.handle.offset);
    checked_to_ = candidate.handle.end();
    if (CheckBlock(candidate) != nullptr) {
      Lose(candidate.handle.offset, candidate.handle.end(), candidate.entries);
      continue;
    }
    const BlockView view(block_.memory.get());
    const std::size_t last = view.count() - 1;
    const std::string first = view.keys().Key(0);
    if (!losses_.empty() && !losses_.back().before) losses_.back().before = first;
    if (entries_ == 0) first_key_ = first;
    last_key_ = view.keys().Key(last);
    last_sequence_ = view.sequence(last);
    entries_ += view.count();
    readable.push_back(candidate);
  }
  LoseGap(file_.bytes());
  candidates_ = std::move(readable);
  block_ = OwnedBlock();
  CountLost();
  losses_.insert(losses_.end(), tombstone_losses.begin(), tombstone_losses.end());
  if (described_ && tombstone_losses.empty() &&
      tombstones_.size() != described_->range_tombstones) {
    losses_.emplace_back().tombstones = true;
  }
}

// A single stretch of unknown content held what the table had and the rest does not.
void SalvagedTable::CountLost() {
  if (!described_) {
    // Nobody says whether the file ended here.
    const bool open_end = losses_.empty() || losses_.back().end < file_.bytes();
    if (!index_status_.ok() && open_end) Lose(file_.bytes(), file_.bytes(), std::nullopt);
    return;
  }
  const std::uint64_t total = described_->entries;
  std::uint64_t known = entries_;
  TableLoss* unknown = nullptr;
  for (TableLoss& loss : losses_) {
    if (loss.entries) known += *loss.entries;
    if (!loss.entries && unknown != nullptr) return;
    if (!loss.entries) unknown = &loss;
  }
  if (known > total) return;
  if (unknown != nullptr) {
    unknown->entries = total - known;
  } else if (known < total) {
    Lose(file_.bytes(), file_.bytes(), total - known);
  }
  // Bytes that held nothing but index are no loss.
  std::erase_if(losses_, [](const TableLoss& loss) { return loss.entries == 0; });
}

std::unique_ptr<EntryCursor> SalvagedTable::NewCursor() const {
  return std::make_unique<Cursor>(*this);
}

}  // namespace firn
