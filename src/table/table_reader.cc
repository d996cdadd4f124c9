#include "table/table_reader.h"

#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/status_macros.h"
#include "table/table_cursor.h"
#include "table/table_file_reader.h"
#include "table/table_verify.h"
#include "table/tombstone_block.h"

namespace firn {
namespace {

// Publishes `made` unless another thread was first; returns what is published.
template <typename T>
T* PublishOnce(std::atomic<T*>& place, std::unique_ptr<T> made) {
  T* published = nullptr;
  if (place.compare_exchange_strong(published, made.get(), std::memory_order_acq_rel)) {
    return made.release();
  }
  return published;
}

}  // namespace

LookupKey::LookupKey(Slice user_key)
    : key(user_key), head(KeyHead(user_key)), hash(KeyHash(user_key)) {}

std::shared_ptr<const TableReader> TableReader::Make(const TableContext& context,
                                                     TableMetadata metadata) {
  return std::make_shared<const TableFileReader>(context, std::move(metadata));
}

TableFileReader::TableFileReader(const TableContext& context, TableMetadata metadata)
    : metadata_(std::move(metadata)),
      frames_(*context.frames),
      ledger_(*context.ledger),
      executor_(context.executor),
      file_(context, metadata_) {}

TableFileReader::~TableFileReader() {
  const std::unique_ptr<FragmentedTombstones> tombstones(tombstones_.load());
  if (tombstones != nullptr) ledger_.Remove(MemoryClass::kTable, tombstones->memory_bytes());
  // Its frames leave their slots before the action may remove the file.
  std::unique_ptr<ResidentTable>(resident_.load()).reset();
  file_.Close();
  if (on_last_release_) on_last_release_();
}

void TableFileReader::OnLastRelease(std::function<void()> action) const {
  on_last_release_ = std::move(action);
}

Result<const ResidentTable*> TableFileReader::OpenResident() const {
  FIRN_ASSIGN_OR_RETURN(auto resident, ResidentTable::Open(file_, frames_, ledger_));
  if (resident->top().entries != metadata_.entries) {
    return file_.Corrupt(resident->footer().top.offset,
                         "table with another entry count than the manifest says");
  }
  return static_cast<const ResidentTable*>(PublishOnce(resident_, std::move(resident)));
}

Result<Frame*> TableFileReader::PartitionFrame(const ResidentTable& table,
                                               std::size_t partition) const {
  Frame* frame = table.HitPartition(partition);
  if (frame != nullptr) [[likely]]
    return frame;
  FIRN_ASSIGN_OR_RETURN(frame, table.ReadPartition(partition));
  return table.PublishPartition(partition, frame);
}

Result<bool> TableFileReader::Get(const LookupKey& key, SequenceNumber at,
                                  TableLookup* lookup) const {
  FIRN_ASSIGN_OR_RETURN(const ResidentTable* const table, Resident());
  const TopView& top = table->top();
  // The versions of a key that a fence equals may run on into the next partition.
  for (std::size_t i = top.fences.LowerBound(key.key); i < top.partitions; ++i) {
    FIRN_ASSIGN_OR_RETURN(const Frame* const frame, PartitionFrame(*table, i));
    auto found = GetInPartition(*table, ResidentTable::ViewOf(*frame), key, at, lookup);
    if (!found.ok() || *found || !top.fences.Equals(i, key.key)) return found;
  }
  return false;
}

Result<bool> TableFileReader::GetInPartition(const ResidentTable& table,
                                             const PartitionView& partition, const LookupKey& key,
                                             SequenceNumber at, TableLookup* lookup) const {
  // First, because most tables do not hold the key; where they do, the branch is predicted and the
  // search below runs while the filter's line is on its way.
  if (!partition.filter.MayContain(key.hash)) return false;
  std::size_t i = partition.FindBlock(key.key);
  ResidentTable::PrefetchForLookup(partition, i);
  for (; i < partition.blocks; ++i) {
    Frame* frame = ResidentTable::HitBlock(partition, i);
    if (frame == nullptr) [[unlikely]] {
      FIRN_ASSIGN_OR_RETURN(frame, table.ReadBlock(partition, i));
      frame = table.PublishBlock(partition, i, frame);
    }
    const BlockView block(frame->data());
    const std::size_t entry = block.Find(key.key, key.hash, at);
    if (entry < block.count()) {
      *lookup = {.kind = block.kind(entry),
                 .sequence = block.sequence(entry),
                 .value = block.value(entry),
                 .frame = frame};
      return true;
    }
    if (!partition.fences.Equals(i, key.key)) return false;
  }
  return false;
}

void TableFileReader::Prefetch(const LookupKey& key) const {
  const ResidentTable* table = resident_.load(std::memory_order_acquire);
  if (table == nullptr) return;
  const std::size_t i = table->top().fences.LowerBound(key.key);
  if (i == table->partitions()) return;
  const Frame* frame = table->HitPartition(i);
  if (frame != nullptr) ResidentTable::ViewOf(*frame).filter.Prefetch(key.hash);
}

Result<const FragmentedTombstones*> TableFileReader::Tombstones() const {
  static const FragmentedTombstones kNone;
  if (metadata_.range_tombstones == 0) return &kNone;
  const FragmentedTombstones* loaded = tombstones_.load(std::memory_order_acquire);
  if (loaded != nullptr) return loaded;

  FIRN_ASSIGN_OR_RETURN(const ResidentTable* const table, Resident());
  const BlockHandle handle = table->footer().tombstones;
  if (!handle.exists()) {
    return file_.Corrupt(file_.bytes() - kFooterBytes, "footer lacks the range tombstones");
  }
  FIRN_ASSIGN_OR_RETURN(const OwnedBlock block, file_.ReadOwned(handle, BlockType::kTombstones));
  std::vector<RangeTombstone> tombstones;
  const char* wrong = ParseTombstones(block.raw(), &tombstones);
  if (wrong == nullptr && tombstones.size() != metadata_.range_tombstones) {
    wrong = "table with another number of range tombstones than the manifest says";
  }
  if (wrong != nullptr) return file_.Corrupt(handle.offset, wrong);
  auto built = std::make_unique<FragmentedTombstones>(FragmentedTombstones::Build(tombstones));
  const std::size_t memory_bytes = built->memory_bytes();
  ledger_.Add(MemoryClass::kTable, memory_bytes);
  const FragmentedTombstones* mine = built.get();
  const FragmentedTombstones* published = PublishOnce(tombstones_, std::move(built));
  if (published != mine) ledger_.Remove(MemoryClass::kTable, memory_bytes);
  return published;
}

std::unique_ptr<EntryCursor> TableFileReader::NewCursor(CursorUse use) const {
  if (use == CursorUse::kJob) return std::make_unique<TableCursor<StreamSource>>(*this);
  return std::make_unique<TableCursor<FrameSource>>(*this);
}

Status TableFileReader::Verify(const std::function<void(std::uint64_t)>& progress,
                               const FindingSink& found) const {
  return VerifyTable(*this, progress, found);
}

}  // namespace firn
