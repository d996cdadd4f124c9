// The part of an open store that changes under the state mutex: keyspaces, snapshots, running jobs,
// errors. The mutex is held for a few instructions at a time and never over I/O (rule T2).
//
// Lock order: commit lock, then install mutex, then state mutex (docs/concurrency.md).
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "compaction/picker.h"
#include "db/keyspace_state.h"
#include "db/snapshots.h"

namespace firn {

using KeyspacePointer = std::shared_ptr<internal::KeyspaceState>;

struct StoreCounters {
  std::atomic<std::uint64_t> bytes_put{0};
  std::atomic<std::uint64_t> log_bytes{0};
  std::atomic<std::uint64_t> flush_bytes{0};
  std::atomic<std::uint64_t> compaction_bytes{0};
  std::atomic<std::uint64_t> flushes{0};
  std::atomic<std::uint64_t> compactions{0};
  std::atomic<std::uint64_t> trivial_moves{0};
  std::atomic<std::uint64_t> write_stalls{0};
  std::atomic<std::uint64_t> write_stall_micros{0};
  std::atomic<std::uint64_t> log_syncs{0};
  std::atomic<std::uint64_t> job_failures{0};
  std::atomic<std::uint64_t> manifest_failures{0};
  std::atomic<std::uint64_t> cleanup_failures{0};

  // Of a file that is not needed any more: nobody is told otherwise.
  void NoteCleanup(const Status& status) {
    if (!status.ok()) cleanup_failures.fetch_add(1, std::memory_order_relaxed);
  }
};

struct StoreState {
  const internal::StoreToken token = internal::NewStoreToken();  // in every handle of this store

  mutable Mutex mutex;
  CondVar changed;  // notified when a job ends, an error is set or cleared, the store closes

  std::map<std::string, KeyspacePointer, std::less<>> by_name FIRN_GUARDED_BY(mutex);
  std::unordered_map<KeyspaceId, KeyspacePointer> by_id FIRN_GUARDED_BY(mutex);
  SnapshotRegistry snapshots FIRN_GUARDED_BY(mutex);
  std::size_t flushes_running FIRN_GUARDED_BY(mutex) = 0;
  std::size_t compactions_running FIRN_GUARDED_BY(mutex) = 0;
  // Tasks scheduled and not yet gone for good: a job stops running before it wakes its successors.
  // Removing what an open found obsolete is one.
  std::size_t jobs_in_flight FIRN_GUARDED_BY(mutex) = 0;

  // Why background work cannot make progress. kNoSpace heals by itself; anything else stops writes
  // until the store is reopened (rule E6).
  Status background_error FIRN_GUARDED_BY(mutex);
  // Set together with background_error, so that a write checks one flag.
  std::atomic<bool> background_failed{false};

  std::atomic<bool> closing{false};
  // True while a frozen memtable may wait for a flush to be scheduled; spares the commit path a
  // lock.
  std::atomic<bool> flush_due{false};
  // A snapshot went since compaction last looked: tombstones it held may be droppable now.
  std::atomic<bool> snapshot_released{false};
  StoreCounters counters;

  // The newest sequence readers may see. Stored by the commit pipeline (release), loaded by readers
  // (acquire): everything up to it is in some memtable or table.
  std::atomic<SequenceNumber> visible{0};

  void SetBackgroundError(const Status& error) FIRN_EXCLUDES(mutex) {
    MutexLock lock(mutex);
    if (background_error.ok() || background_error.code() == StatusCode::kNoSpace) {
      background_error = error;
    }
    background_failed.store(!background_error.ok(), std::memory_order_release);
    changed.NotifyAll();
  }
  void ClearNoSpace() FIRN_EXCLUDES(mutex) {
    MutexLock lock(mutex);
    if (background_error.code() != StatusCode::kNoSpace) return;
    background_error = Status();
    background_failed.store(false, std::memory_order_release);
    changed.NotifyAll();
  }
};

}  // namespace firn
