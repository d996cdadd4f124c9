// Reads what a table holds in spite of damage.
//
// A survey finds the blocks that can be read: through footer, top and partitions where those are
// intact; where not, by looking for blocks themselves, which a salted checksum behind each of them
// tells from everything else. A compressed block has no visible beginning: it is found through its
// partition, or right behind the block before it.
//
// While it looks for blocks it holds the stretch without an index in memory, at most the table.
//
// Not here: what follows from a loss (firn/repair.h).
// Threads: one at a time. Lifetime: the context outlives it; the file does not change meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "table/partition.h"
#include "table/table_file.h"
#include "table/table_properties.h"

namespace firn {

// Bytes of a table that cannot be read.
struct TableLoss {
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  std::optional<std::uint64_t> entries;  // that were in them, where that is known
  // The readable keys next to them; unset: there is none on that side.
  std::optional<std::string> after;
  std::optional<std::string> before;
  bool tombstones = false;  // they held range tombstones; the keys around say nothing then
};

class SalvagedTable {
 public:
  // Never fails: what cannot be opened is lost as a whole. `known`, if any, is what the manifest
  // says of the table; else its properties count what is missing.
  [[nodiscard]] static std::unique_ptr<SalvagedTable> Survey(const TableContext& context,
                                                             FileNumber number,
                                                             const TableMetadata* known);
  // For Survey.
  SalvagedTable(const TableContext& context, FileNumber number, std::uint64_t file_bytes);

  [[nodiscard]] FileNumber number() const { return number_; }
  [[nodiscard]] std::uint64_t file_bytes() const { return file_.bytes(); }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }  // readable ones
  // By offset, not touching each other. Empty: the table is whole.
  [[nodiscard]] const std::vector<TableLoss>& losses() const { return losses_; }
  [[nodiscard]] const std::optional<TableProperties>& properties() const { return properties_; }
  // What is wrong with the way to the data, also when all of it could be read.
  [[nodiscard]] const Status& index_status() const { return index_status_; }
  [[nodiscard]] bool empty() const { return entries_ == 0 && tombstones_.empty(); }
  // The first and last of what can be read. Requires: entries() > 0.
  [[nodiscard]] const std::string& first_key() const { return first_key_; }
  [[nodiscard]] const std::string& last_key() const { return last_key_; }
  // Views live as long as this object.
  [[nodiscard]] std::span<const RangeTombstone> tombstones() const { return tombstones_; }

  // All readable entries in order E1, from the first one on: SeekToFirst and Next only.
  [[nodiscard]] std::unique_ptr<EntryCursor> NewCursor() const;
  // Gives back the list of blocks, when the table is read in another way. No NewCursor after.
  void ForgetBlocks() { std::vector<Candidate>().swap(candidates_); }

 private:
  class Cursor;
  // A block that should be there.
  struct Candidate {
    BlockHandle handle;
    std::optional<std::size_t> entries;
  };
  struct Stretch {
    std::uint64_t offset;
    std::uint64_t end;
  };

  void SurveyIndex(const TableContext& context);
  void SurveyPartition(const PartitionView& partition);
  void ScanStretch(Stretch stretch);
  void AddFound(const BlockHandle& handle, BlockType type);
  void AddPartition(const BlockHandle& handle);
  void ReadTombstones(const BlockHandle& handle);
  void ReadProperties(const BlockHandle& handle);
  void CheckBlocks();
  // Null, or what is wrong with the block at this place.
  const char* CheckBlock(const Candidate& candidate);
  void LoseGap(std::uint64_t upto);
  void Lose(std::uint64_t offset, std::uint64_t end, std::optional<std::uint64_t> entries);
  void CountLost();

  const FileNumber number_;
  TableFile file_;
  std::optional<TableProperties> properties_;
  std::optional<TableMetadata> described_;  // by the manifest, or by the properties
  Status index_status_;
  OwnedBlock tombstone_block_;
  std::vector<RangeTombstone> tombstones_;

  std::vector<Candidate> candidates_;  // by offset; after the survey those that can be read
  std::vector<Stretch> index_parts_;   // bytes that hold no data blocks
  std::vector<TableLoss> losses_;
  std::uint64_t entries_ = 0;
  std::string first_key_;
  std::string last_key_;
  SequenceNumber last_sequence_ = 0;
  std::uint64_t checked_to_ = 0;  // bytes before it are accounted for
  OwnedBlock block_;
};

}  // namespace firn
