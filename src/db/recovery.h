// Opens a store: finds the newest version, replays the log, and leaves behind only what it has
// written itself (rule W7: recovery rewrites, it never appends to or truncates what it found).
//
// Steps, each safe to crash after (docs/recovery.md, "Open"):
//  1 create the directory if asked, lock it
//  2 read CURRENT and the manifest, or start an empty state
//  3 replay the log into tables of level 0
//  4 create the new log, whose positions follow everything found
//  5 write a new manifest that holds all of it and switch CURRENT to it
//  6 only now old logs, old manifests, orphan tables and leftover temporaries may go: the store
//    removes them while it is in use
#pragma once

#include <memory>
#include <vector>

#include "db/obsolete_files.h"
#include "db/store_context.h"
#include "db/version_store.h"
#include "wal/log_reader.h"
#include "wal/log_writer.h"

namespace firn {

struct RecoveredStore {
  ManifestState state;                      // as the new manifest has it
  std::unique_ptr<ManifestWriter> manifest;
  std::unique_ptr<LogWriter> log;
  SequenceNumber last_sequence = 0;
  LogReplayResult replay;
  std::vector<ObsoleteFile> obsolete;  // of what was found; nothing needs them any more
};

// `context` gets its lock, directory handle and database id.
[[nodiscard]] Result<RecoveredStore> RecoverStore(StoreContext& context);

// True when the directory holds a store: a CURRENT file. Errors other than a missing file are
// returned.
[[nodiscard]] Result<bool> StoreExists(FileSystem& file_system, const std::string& directory);

// kNotSupported, with what to do, when `options` ask for reads past the page cache and the file
// system has none. `file` is any file of the store.
[[nodiscard]] Status CheckDirectReads(FileSystem& file_system, const Options& options,
                                      const std::string& file);

[[nodiscard]] std::string ParentDirectory(const std::string& directory);

}  // namespace firn
