// Replays log records into memtables and writes them out as tables whenever they fill up.
#pragma once

#include <map>
#include <memory>

#include "db/store_context.h"
#include "format/batch.h"
#include "memtable/memtable.h"
#include "version/manifest.h"
#include "wal/log_reader.h"

namespace firn {

class LogReplay {
 public:
  // `base`: what the manifest said. Both outlive this object.
  LogReplay(StoreContext& context, const ManifestState& base);
  // Sink of ReplayLog. kCorruption for a record that contradicts the manifest or itself.
  Status Apply(const ReplayedRecord& record);
  // Writes what is left. Afterwards edit() holds every table written, all in one edit: no table of
  // a half-done recovery is ever installed.
  Status Finish();
  [[nodiscard]] VersionEdit& edit() { return edit_; }

 private:
  Status ApplyOperation(const BatchOperation& operation, SequenceNumber sequence);
  Status FlushAll();

  StoreContext& context_;
  const ManifestState& base_;
  VersionEdit edit_;
  std::uint64_t next_run_id_;
  SequenceNumber last_sequence_ = 0;
  std::map<KeyspaceId, std::shared_ptr<Memtable>> memtables_;
};

}  // namespace firn
