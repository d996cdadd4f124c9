// What a damaged store holds: its id, its keyspaces, their tables, and which log counts.
//
// Not here: reading the log (repair_log.h), writing the new store (repair_merge.h).
// Threads: one. Lifetime: the context outlives it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "db/file_names.h"
#include "db/store_context.h"
#include "firn/repair.h"
#include "table/table_salvage.h"
#include "version/manifest.h"

namespace firn {

// Keys from `begin` to before `end`; unset: no bound. `open`: `begin` itself is not in it.
struct KeySpan {
  std::optional<std::string> begin;
  std::optional<std::string> end;
  bool open = false;

  [[nodiscard]] bool Contains(Slice key) const {
    if (end && key >= *end) return false;
    return !begin || (open ? key > *begin : key >= *begin);
  }
};

struct SurveyedTable {
  std::unique_ptr<SalvagedTable> salvaged;
  std::shared_ptr<const TableReader> whole;  // when nothing of it is lost
  std::vector<KeySpan> hidden;               // where newer tables have taken its place
  std::size_t chain = 0;                     // tables of one chain are disjoint, in key order
};

struct SurveyedKeyspace {
  std::string name;
  std::vector<SurveyedTable> tables;  // newest first when no manifest orders them
  SequenceNumber flushed = 0;         // log entries up to here are in tables
};

struct StoreSurvey {
  DatabaseId database;
  bool has_manifest = false;
  std::uint32_t incarnation = 0;  // of the log that counts; 0: the newest that holds anything
  std::uint64_t log_durable = 0;
  std::uint64_t replay_from = 0;
  KeyspaceId next_keyspace_id = 1;
  SequenceNumber last_sequence = 0;
  std::map<KeyspaceId, SurveyedKeyspace> keyspaces;
  std::map<KeyspaceId, std::string> names;  // as far as anything says them
  std::vector<FileNumber> logs;
  std::uint64_t table_bytes = 0;
};

// Reads all of the store in context.directory. `context` gets its database id. `read` hears of
// the bytes of every table that was read.
[[nodiscard]] Result<StoreSurvey> SurveyStore(StoreContext& context, RepairReport& report,
                                              const std::function<void(std::uint64_t)>& read);

}  // namespace firn
