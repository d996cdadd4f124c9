// What every part of an open store shares and nobody changes: the world underneath, the sizes, the
// books, the pools.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "cache/frame_pool.h"
#include "cache/memory_ledger.h"
#include "db/tuning.h"
#include "env/runtime.h"
#include "memtable/arena.h"
#include "table/open_files.h"
#include "table/table_reader.h"

namespace firn {

// The books at the very end, when nothing of the store is left that could give anything back.
struct ClosedBooks {
  const MemoryLedger& ledger;
  ~ClosedBooks() { FIRN_DCHECK(ledger.used() == 0); }
};

// Threads: constant after open; the parts guard themselves.
struct StoreContext {
  StoreContext(const Runtime& world, std::string path, const Options& opened_with,
               const Tuning& sizes)
      : runtime(world),
        directory(std::move(path)),
        options(opened_with),
        tuning(sizes),
        ledger(sizes.ledger_bytes),
        // Frozen memtables often die together: what two give back, the next two use, warm.
        arenas(ledger, sizes.arena_chunk_bytes, sizes.memtables_bytes_max - sizes.memtable_bytes),
        frames(ledger),
        files(*world.file_system, sizes.open_files_max, CacheOf(opened_with)) {
    tables.file_system = runtime.file_system;
    tables.frames = &frames;
    tables.ledger = &ledger;
    tables.files = &files;
    tables.executor = runtime.executor;
    tables.directory = directory;
  }

  // Of the store's tables.
  [[nodiscard]] static PageCache CacheOf(const Options& options) {
    return options.direct_reads ? PageCache::kBypass : PageCache::kUse;
  }

  const Runtime runtime;
  const std::string directory;
  const Options options;
  const Tuning tuning;
  MemoryLedger ledger;
  const ClosedBooks books{ledger};  // behind the ledger, before all that it counts
  ArenaPool arenas;
  FramePool frames;
  OpenFiles files;
  TableContext tables;  // its database id is set once, by recovery
  // One counter for every file of the store (rule F1); recovery sets where it starts.
  std::atomic<std::uint64_t> next_file_number{1};
  FileNumber NextFileNumber() {
    return FileNumber{next_file_number.fetch_add(1, std::memory_order_relaxed)};
  }

  // Held from open to close (rules F4, D4).
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<DirectoryHandle> directory_handle;
};

}  // namespace firn
