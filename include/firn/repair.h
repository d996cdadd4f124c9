// Salvages a damaged store: everything that can be read goes into a new store, and the report says
// exactly what could not.
//
// The damaged store is only read. It may lack CURRENT, the manifest, tables or log segments; what
// is left of a damaged file is used, block by block and record by record. The new store is settled:
// one sorted run a keyspace, and what the log had above it; snapshots and overwritten values are
// not carried over.
//
// With a readable manifest the result is the state of the damaged store, less what the report
// lists. Without one the tables say themselves what they hold and which tables they replaced, but
// not everything can be known: names of keyspaces may be numbers, a dropped keyspace may be back,
// and of tables that wait for their removal an overwritten or deleted value may be back
// (RepairReport::unordered).
// Whatever was lost may have been a deletion: in the key range of a loss, and in no other place,
// older values may show that had been overwritten or deleted.
// Threads: one call at a time for each of the two directories.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firn/export.h"
#include "firn/options.h"
#include "firn/status.h"
#include "firn/verify.h"

namespace firn {

// Bytes that could not be read, and what is known of what they held.
struct RepairLoss {
  std::string file;  // its name in the damaged store
  std::uint64_t offset = 0;
  std::uint64_t end = 0;  // offset and end equal: the whole file, or none of its bytes
  std::string what;
  std::string keyspace;                  // of a table; empty when not known
  std::optional<std::uint64_t> entries;  // puts and deletes, when their number is known
  // Every lost entry has a key from the first to the second, both included: the readable keys next
  // to it, or the table's bounds. Unset: no bound on that side.
  std::optional<std::string> from;
  std::optional<std::string> to;
};

// A file that was left out on purpose.
struct RepairIgnored {
  std::string file;
  std::string why;
};

// Entries of `file`, with keys from `from` to `to`, that were taken for newer than those of another
// table, as they are unless the file was waiting for its removal.
struct RepairUnordered {
  std::string file;
  std::string keyspace;
  std::string from;
  std::string to;
};

struct RepairReport {
  bool manifest_used = false;
  std::uint64_t keyspaces = 0;
  std::uint64_t tables = 0;       // read, whole or in part
  std::uint64_t log_records = 0;  // applied
  std::uint64_t entries_read = 0;  // of tables and log, versions and duplicates included
  std::vector<RepairLoss> losses;
  std::vector<RepairIgnored> ignored;
  std::vector<RepairUnordered> unordered;
  std::vector<std::string> notes;  // what else the new store's owner should know

  // Whether the new store holds all that the damaged one did, as far as can be known.
  [[nodiscard]] bool complete() const {
    return losses.empty() && unordered.empty() && manifest_used;
  }
};

// Salvages the store in `source` into a new one in `target`, which must not exist; its parent must.
// The result is durable on return. `options` are those of the new store; memory_budget bounds the
// memory used, besides 256 KiB a table when there is no manifest.
// Errors: kNotFound (no file of a store in `source`), kConflict (`target` exists), kBusy (`source`
// is open), kNotSupported (written by a newer firn), kNoSpace, kIo (writing `target`),
// kInvalidArgument. After an error nothing is left of `target`, as far as the file system lets go.
[[nodiscard]] FIRN_EXPORT Result<RepairReport> RepairStore(const std::string& source,
                                                           const std::string& target,
                                                           const Options& options = {},
                                                           const VerifyProgress& progress = {});

}  // namespace firn
