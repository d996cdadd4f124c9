#include "base/seeded_bug.h"

#ifdef FIRN_SEEDED_BUGS

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace firn {
namespace {

using enum SeededBug;

constexpr std::array<SeededBugDescription, kSeededBugCount> kBugs = {{
    {kManifestNotSynced, 'A', "manifest_not_synced", "leveldb#189",
     "crash", "CURRENT names a manifest whose bytes are not durable"},
    {kManifestNameNotSynced, 'A', "manifest_name_not_synced", "pebble@077bb4f92",
     "crash", "CURRENT names a manifest whose name is not durable"},
    {kCurrentNotSynced, 'A', "current_not_synced", "pebble@4e1e327d1",
     "crash", "CURRENT is renamed into place before its content is durable"},
    {kCurrentRenameNotSynced, 'A', "current_rename_not_synced", "leveldb#195",
     "crash", "the old manifest goes before the rename of CURRENT is durable"},
    {kTableNotSynced, 'A', "table_not_synced", "badger#1625",
     "crash", "the manifest names a table whose bytes are not durable"},
    {kTableNameNotSynced, 'A', "table_name_not_synced", "rocksdb#10460",
     "crash", "the manifest names a table whose name is not durable"},
    {kSegmentNameNotSynced, 'A', "segment_name_not_synced", "leveldb#196",
     "crash", "durable records stand in a segment whose name is not durable"},
    {kStoreNameNotSynced, 'A', "store_name_not_synced", "etcd#6368",
     "crash db", "a new store's directory is not durable in its parent"},
    {kCheckpointNameNotSynced, 'A', "checkpoint_name_not_synced", "WT-2760",
     "db", "a finished checkpoint's directory is not durable in its parent"},
    {kOldSegmentNotSynced, 'B', "old_segment_not_synced", "leveldb#193",
     "sim crash wal", "a sync covers the current segment only, not the sealed one before it"},
    {kLateBytesCountAsSynced, 'B', "late_bytes_count_as_synced", "rocksdb#10560",
     "sim wal", "what is appended during a sync counts as synced"},
    {kReplayPointSkipsActive, 'B', "replay_point_skips_active", "fjall#112",
     "sim crash", "a flush moves the replay point past what other keyspaces hold in memory"},
    {kFlushedBeyondMemtable, 'B', "flushed_beyond_memtable", "slatedb#1857",
     "sim crash", "a flush notes the newest sequence, not the memtable's last, as flushed"},
    {kLogReleasedBeforeEdit, 'B', "log_released_before_edit", "rocksdb 7.3 HISTORY",
     "errors db", "a flush releases the log before its edit is durable"},
    {kFlushDoesNotSyncLog, 'B', "flush_does_not_sync_log", "badger#1847",
     "crash sim", "a flushed table may hold what the log in front of it lost"},
    {kOldFilesRemovedBeforeManifest, 'B', "old_files_removed_before_manifest", "pebble@77b1bbf50",
     "crash", "recovery removes the old log before the new manifest is there"},
    {kRangeDeleteNotReplayed, 'B', "range_delete_not_replayed", "fjall#241",
     "crash", "replay leaves range deletes out"},
    {kCheckpointWithoutMemtables, 'B', "checkpoint_without_memtables", "rocksdb#12731",
     "model", "a checkpoint has only what was flushed before"},
    {kReplayGoesOnBehindTornSegment, 'B', "replay_goes_on_behind_torn_segment", "rocksdb#7701",
     "corruption", "replay goes on in the next segment although the one before is torn"},
    {kRecordSaltWithoutFile, 'C', "record_salt_without_file", "rocksdb#12591",
     "sim crash wal", "records of a recycled segment's former life validate"},
    {kDurableMarksNotWritten, 'C', "durable_marks_not_written", "pebble@d40d24140",
     "wal", "records do not say what is durable, so damage passes for a torn tail"},
    {kManifestMarkIgnored, 'C', "manifest_mark_ignored", "badger#434",
     "corruption", "a log that ends before what the manifest calls durable is cut, not refused"},
    {kEvidenceEndsAtDamage, 'C', "evidence_ends_at_damage", "pebble@f3bd33448",
     "corruption", "the search for proof behind damage ends at the first damaged record"},
    {kRecycledHeaderNotSynced, 'C', "recycled_header_not_synced", "pebble@49d983266",
     "crash", "a recycled segment is used before its new header is durable"},
    {kSalvageTakesDamagedRecords, 'C', "salvage_takes_damaged_records", "leveldb#251",
     "wal db", "repair takes records whose checksum does not match"},
    {kManifestAppendsAfterFailure, 'D', "manifest_appends_after_failure", "rocksdb#6316",
     "errors sim db", "edits go behind one that failed and may be half there"},
    {kOutputsRemovedAfterFailedEdit, 'D', "outputs_removed_after_failed_edit", "rocksdb#4990",
     "db errors sim", "an edit fails but is on disk, and its new tables are removed"},
    {kOldManifestRemovedAfterFailure, 'D', "old_manifest_removed_after_failure", "rocksdb#12865",
     "errors sim db", "the good manifest goes although the new one could not be written"},
    {kFileNumberReused, 'D', "file_number_reused", "rocksdb 6.8 HISTORY",
     "crash", "open takes the next file number from the manifest alone"},
    {kSnapshotEditLacksReplayPoint, 'D', "snapshot_edit_lacks_replay_point", "pebble@1446128a7",
     "crash", "a new manifest does not say where replay begins"},
    {kStateUpdatedBeforeEdit, 'D', "state_updated_before_edit", "pebble@1f4dfe6f2",
     "errors sim db", "the state in memory has an edit that failed"},
    {kDurableEditTakenForTorn, 'D', "durable_edit_taken_for_torn", "badger#1126",
     "corruption", "a damaged edit with others behind it passes for a torn tail"},
    {kKeySplitAcrossTables, 'E', "key_split_across_tables", "leveldb#320",
     "model", "versions of one key end up in two tables of a run"},
    {kBoundaryTableMissed, 'E', "boundary_table_missed", "leveldb#887",
     "model sim", "a table that begins with the key another ends with is left out of a merge"},
    {kDeleteDroppedBesideOlder, 'E', "delete_dropped_beside_older", "rocksdb@acf935e40",
     "compaction model", "a merge between upper levels drops deletes that still hide something"},
    {kFlushDropsDeletes, 'E', "flush_drops_deletes", "pebble@4cd6b7883",
     "model", "a flush drops deletes"},
    {kInputsNotMarkedBusy, 'E', "inputs_not_marked_busy", "rocksdb#6799",
     "sim", "two jobs may take the same table"},
    {kSnapshotTakenBeforeLock, 'E', "snapshot_taken_before_lock", "rocksdb#9648",
     "db sim", "a snapshot gets its sequence before it is registered"},
    {kSnapshotBoundaryOffByOne, 'E', "snapshot_boundary_off_by_one", "rocksdb#13155",
     "model", "a snapshot's own newest entry counts as newer than it"},
    {kDeleteDroppedOverSnapshot, 'E', "delete_dropped_over_snapshot", "rocksdb#8608",
     "model", "a delete goes although a snapshot keeps what it hides"},
    {kReadErrorEndsMerge, 'E', "read_error_ends_merge", "rocksdb#11782",
     "sim", "a merge takes an error of its input for the input's end"},
    {kRangeTombstoneEndsWithTable, 'E', "range_tombstone_ends_with_table", "rocksdb#5406",
     "model", "a range tombstone is not continued in the next table"},
    {kTombstonesOutsideTableBounds, 'E', "tombstones_outside_table_bounds", "pebble@96254cc00",
     "model", "a table's bounds leave out its range tombstones"},
    {kTombstoneCoversAcrossSnapshots, 'E', "tombstone_covers_across_snapshots", "pebble@bdc28bc8d",
     "model", "a range tombstone drops entries that an older snapshot sees"},
    {kMergeIntoDroppedKeyspace, 'E', "merge_into_dropped_keyspace", "fjall#287",
     "sim", "a merge is installed in a keyspace that was dropped meanwhile"},
    {kDeadRangeIgnoresSnapshot, 'E', "dead_range_ignores_snapshot", "pebble@eb0a85158",
     "model", "scans of an old snapshot skip what died after it"},
    {kTableSyncErrorIgnored, 'F', "table_sync_error_ignored", "rocksdb@d757355cb",
     "sim db", "the failed sync of a table is not noticed"},
    {kLogWriteErrorIgnored, 'F', "log_write_error_ignored", "fjall#304",
     "sim", "a record that could not be written counts as appended"},
    {kSyncRetriedAfterFailure, 'F', "sync_retried_after_failure", "WT-4045",
     "sim db", "a log goes on after a failed sync, and the next one says all is well"},
    {kFollowersNotToldOfFailure, 'F', "followers_not_told_of_failure", "rocksdb@f759122ba",
     "sim wal", "who waited for another's sync is told it worked when it failed"},
    {kVisibleOutOfOrder, 'F', "visible_out_of_order", "rocksdb 11.0 HISTORY",
     "sim", "a commit overtakes a durable one in front that waits for its sync"},
    {kVisibleBeforeDurable, 'F', "visible_before_durable", "etcd#14370",
     "sim", "a sync makes later durable commits visible that it does not cover"},
    {kNoSpaceLatched, 'F', "no_space_latched", "rocksdb#919",
     "db", "a full disk stops the store for good"},
    {kNoSpaceNotRetried, 'F', "no_space_not_retried", "rocksdb#9762",
     "db", "nobody tries again after a full disk"},
    {kFilesLeftAfterFailedJob, 'F', "files_left_after_failed_job", "rocksdb 9.9 HISTORY",
     "compaction db", "a failed job leaves its files"},
    {kReplayErrorSwallowed, 'F', "replay_error_swallowed", "fjall@f09f58e",
     "db", "a table that recovery could not write is forgotten"},
    {kFollowersNotWoken, 'G', "followers_not_woken", "rocksdb#11764",
     "sim", "nobody wakes who waits for another's sync"},
    {kSupplyDoesNotWake, 'G', "supply_does_not_wake", "rocksdb#14069",
     "sim", "nobody wakes who waits for a segment"},
    {kCloseDoesNotWaitForJobs, 'G', "close_does_not_wait_for_jobs", "pebble@48f55301c",
     "sim", "close goes on while jobs run"},
    {kCallbackUnderLock, 'G', "callback_under_lock", "badger#1744",
     "sim", "an idle flush is scheduled with the state's lock held"},
    {kLeafLinkedBeforeAnnounced, 'G', "leaf_linked_before_announced", "WT-10461",
     "memtable sim", "a memtable's split links the new leaf before readers can notice"},
    {kSplitEndNotAnnounced, 'G', "split_end_not_announced", "fjall#230",
     "memtable sim", "freed slots of a split leaf are filled without a word to readers"},
    {kOrderBeforeRecord, 'G', "order_before_record", "WT-10461",
     "sim memtable", "an insert publishes a slot before it is filled"},
    {kReclaimedAnEpochEarly, 'G', "reclaimed_an_epoch_early", "pebble@358f750be",
     "cache", "retired objects are reclaimed while a reader may hold them"},
    {kTableRemovedWhileRead, 'G', "table_removed_while_read", "pebble@d9471fcf1",
     "sim model", "a merged table's file goes while iterators read it"},
    {kTableSaltWithoutFile, 'H', "table_salt_without_file", "WT-8314",
     "corruption table", "a block of another table passes for one's own"},
    {kLockShared, 'H', "lock_shared", "pebble@837c19b81",
     "env", "two processes get the lock of one store"},
    {kKeyspaceIdReused, 'H', "keyspace_id_reused", "rocksdb#9126",
     "sim model", "a new manifest forgets which keyspace ids were used"},
    {kGatherTrustsClock, 'H', "gather_trusts_clock", "slatedb#432",
     "wal", "a sync's leader waits as long as a clock that jumped says"},
    {kValueLengthInSixteenBits, 'I', "value_length_in_sixteen_bits", "fjall#68",
     "format", "the log has 16 bits for a value's length"},
    {kNarrowOffsetsOneTooFar, 'I', "narrow_offsets_one_too_far", "pebble@816fda561",
     "table", "a block one byte too long for 16-bit offsets gets them"},
    {kFilterMissesContinuedKey, 'I', "filter_misses_continued_key", "rocksdb#13026",
     "model", "a filter lacks a key whose versions began in the partition before"},
    {kReplayRefusesLongestKey, 'I', "replay_refuses_longest_key", "fjall#68",
     "format db", "the longest key the interface takes cannot be read back from the log"},
    {kBlockChecksumIgnored, 'I', "block_checksum_ignored", "pebblesdb#28",
     "corruption", "a block's checksum is not compared"},
    {kFrameHeaderNotCounted, 'I', "frame_header_not_counted", "slatedb#1939",
     "cache sim", "frames are booked without their headers"},
    {kIteratorMemoryKept, 'I', "iterator_memory_kept", "pebble@534e28046",
     "sim", "what an iterator used stays in the books"},
}};

constexpr bool RowsStandInOrder() {
  for (std::size_t i = 0; i < kBugs.size(); ++i) {
    if (kBugs[i].bug != static_cast<SeededBug>(i)) return false;
  }
  return true;
}
static_assert(RowsStandInOrder());

// kBugs.end() when none is on.
const SeededBugDescription* FindNamed(const char* name) {
  if (name == nullptr || *name == '\0') return kBugs.end();
  const auto* const found = std::find_if(kBugs.begin(), kBugs.end(), [name](const auto& each) {
    return std::strcmp(each.name, name) == 0;
  });
  if (found == kBugs.end()) {
    std::fprintf(stderr, "FIRN_SEEDED_BUG: there is no bug '%s'; see src/base/seeded_bug.cc\n",
                 name);
    std::abort();
  }
  return found;
}

}  // namespace

std::span<const SeededBugDescription> SeededBugs() { return kBugs; }

bool BugIsOn(SeededBug bug) {
  static const SeededBugDescription* const on = FindNamed(std::getenv("FIRN_SEEDED_BUG"));
  return on != kBugs.end() && on->bug == bug;
}

}  // namespace firn

#endif
