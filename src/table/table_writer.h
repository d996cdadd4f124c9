// Writes one table file, front to back (docs/format.md, "Table").
//
// The file exists under its final name from the start (rule D1) and counts for nothing until a
// version edit names it. Threads: one. After an error the writer is dead: destroy it and remove the
// file.
#pragma once

#include <memory>

#include "base/entry.h"
#include "cache/memory_ledger.h"
#include "env/file_system.h"
#include "format/table_metadata.h"
#include "table/table_settings.h"

namespace firn {

class TableWriter {
 public:
  static Result<std::unique_ptr<TableWriter>> Create(FileSystem& file_system, MemoryLedger& ledger,
                                                     const std::string& directory,
                                                     DatabaseId database, FileNumber number,
                                                     const TableSettings& settings);
  virtual ~TableWriter() = default;

  // Adds entries [begin, end) of `batch`, which follow everything added before in order E1.
  virtual Status Add(const EntryBatch& batch, std::size_t begin, std::size_t end) = 0;
  // At any time before Finish, in order of begin (see FragmentedTombstones::AppendTo).
  virtual Status AddRangeTombstone(const RangeTombstone& tombstone) = 0;
  // At any time before Finish: what the table says of itself besides its contents.
  virtual void SetOrigin(TableOrigin origin) = 0;
  // Bytes the file would have if finished now, within a block or two.
  [[nodiscard]] virtual std::uint64_t file_bytes() const = 0;
  [[nodiscard]] virtual std::uint64_t entries() const = 0;
  // Writes the rest, syncs the data, closes, reopens and checks footer and size (rule D1). The
  // caller still has to sync the directory. Requires: at least one entry or range tombstone.
  virtual Result<TableMetadata> Finish() = 0;
};

}  // namespace firn
