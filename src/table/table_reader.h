// Reads one table. Opens its file on first use; memory is the top fences plus frames, which the
// frame pool may take back at any time.
//
// Every block is verified (salted checksum, structure) when it becomes resident, so later reads
// trust it. Damage is kCorruption with file name and offset.
// Threads: all const members concurrently. Get needs an epoch guard of the caller around it.
#pragma once

#include <functional>
#include <memory>

#include "base/entry.h"
#include "cache/frame_pool.h"
#include "env/file_system.h"
#include "format/range_tombstones.h"
#include "format/table_metadata.h"

namespace firn {

// Where an entry was found. Views are valid while the caller's epoch guard lives, or while `frame`
// is pinned.
struct TableLookup {
  EntryKind kind = EntryKind::kPut;
  SequenceNumber sequence = 0;
  Slice value;
  Frame* frame = nullptr;
};

// A key prepared once for all tables it is looked up in.
struct LookupKey {
  explicit LookupKey(Slice user_key);
  Slice key;
  std::uint64_t head;
  std::uint64_t hash;
};

class Executor;   // env/runtime.h
class OpenFiles;  // table/open_files.h: bounds the descriptors held by all tables of a store

// Shared by all tables of a store; outlives them.
struct TableContext {
  FileSystem* file_system = nullptr;
  FramePool* frames = nullptr;
  MemoryLedger* ledger = nullptr;
  OpenFiles* files = nullptr;
  Executor* executor = nullptr;  // null: walks do not read ahead beside themselves
  std::string directory;
  DatabaseId database;
};

class TableReader {
 public:
  // Touches no file.
  static std::shared_ptr<const TableReader> Make(const TableContext& context,
                                                 TableMetadata metadata);
  virtual ~TableReader() = default;

  [[nodiscard]] virtual const TableMetadata& metadata() const = 0;
  // The newest entry of the key with a sequence <= `at`, or false. Range tombstones not considered.
  [[nodiscard]] virtual Result<bool> Get(const LookupKey& key, SequenceNumber at,
                                         TableLookup* lookup) const = 0;
  // The table's range tombstones, loaded on first use; never null. Without any in metadata() no
  // file is touched.
  [[nodiscard]] virtual Result<const FragmentedTombstones*> Tombstones() const = 0;
  // Hints that a Get with this key follows: prefetches its filter line if resident.
  virtual void Prefetch(const LookupKey& key) const = 0;

  enum class CursorUse : std::uint8_t {
    kRead,  // fills and uses frames
    kJob,   // reads ahead in large pieces, bypasses the frames, verifies every block
  };
  // The cursor keeps what it needs pinned and holds no guard between calls. The reader must outlive
  // it.
  [[nodiscard]] virtual std::unique_ptr<EntryCursor> NewCursor(CursorUse use) const = 0;

  struct Finding {
    std::uint64_t offset = 0;
    Status status;  // kCorruption or kIo; the message names the file and the offset
  };
  using FindingSink = std::function<void(const Finding&)>;
  // Reads the whole file and checks everything there is to check: all checksums, order, ranges and
  // counts against metadata(). Answers the first finding; `found`, if set, gets all of them.
  // `progress`, if set, gets bytes done.
  [[nodiscard]] virtual Status Verify(const std::function<void(std::uint64_t)>& progress,
                                      const FindingSink& found) const = 0;

  // Runs when the last owner lets the reader go (removing an obsolete file, say). Set at most once,
  // before that.
  virtual void OnLastRelease(std::function<void()> action) const = 0;
};

}  // namespace firn
