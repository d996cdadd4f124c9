// The one implementation of TableReader; the parts of the table layer see it as this class.
//
// Threads and lifetime: as TableReader.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "table/resident_table.h"
#include "table/table_file.h"
#include "table/table_reader.h"

namespace firn {

class TableFileReader final : public TableReader {
 public:
  TableFileReader(const TableContext& context, TableMetadata metadata);
  ~TableFileReader() override;

  [[nodiscard]] const TableMetadata& metadata() const override { return metadata_; }
  [[nodiscard]] Result<bool> Get(const LookupKey& key, SequenceNumber at,
                                 TableLookup* lookup) const override;
  [[nodiscard]] Result<const FragmentedTombstones*> Tombstones() const override;
  void Prefetch(const LookupKey& key) const override;
  [[nodiscard]] std::unique_ptr<EntryCursor> NewCursor(CursorUse use) const override;
  [[nodiscard]] Status Verify(const std::function<void(std::uint64_t)>& progress,
                              const FindingSink& found) const override;
  void OnLastRelease(std::function<void()> action) const override;

  // The table's resident part, read at the first call that succeeds.
  [[nodiscard]] Result<const ResidentTable*> Resident() const {
    const ResidentTable* resident = resident_.load(std::memory_order_acquire);
    if (resident == nullptr) [[unlikely]]
      return OpenResident();
    return resident;
  }
  [[nodiscard]] const TableFile& file() const { return file_; }
  [[nodiscard]] FramePool& frames() const { return frames_; }
  [[nodiscard]] MemoryLedger& ledger() const { return ledger_; }
  [[nodiscard]] Executor* executor() const { return executor_; }

 private:
  [[nodiscard]] Result<const ResidentTable*> OpenResident() const;
  [[nodiscard]] Result<Frame*> PartitionFrame(const ResidentTable& table,
                                              std::size_t partition) const;
  [[nodiscard]] Result<bool> GetInPartition(const ResidentTable& table,
                                            const PartitionView& partition, const LookupKey& key,
                                            SequenceNumber at, TableLookup* lookup) const;

  const TableMetadata metadata_;
  FramePool& frames_;
  MemoryLedger& ledger_;
  Executor* const executor_;
  const TableFile file_;
  // Owned; set once, by whoever is first (compare_exchange, release; loads acquire).
  mutable std::atomic<ResidentTable*> resident_{nullptr};
  mutable std::atomic<FragmentedTombstones*> tombstones_{nullptr};
  mutable std::function<void()> on_last_release_;
};

}  // namespace firn
