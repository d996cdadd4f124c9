// Mistakes that other engines made, put into this one on purpose, one at a time, so that the suites
// can show that they would notice (docs/testing.md, "Seeded bugs").
//
// Only a build with FIRN_SEEDED_BUGS has them: there the environment variable FIRN_SEEDED_BUG names
// the one that is on, if any. In every other build BugIsOn is a constant false, and what stands
// behind it is no code.
// Threads: everything concurrently. What is on never changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace firn {

// What each does wrong stands in the table of seeded_bug.cc, in the same order.
enum class SeededBug : std::uint8_t {
  // A: directory entry or rename not durable
  kManifestNotSynced,
  kManifestNameNotSynced,
  kCurrentNotSynced,
  kCurrentRenameNotSynced,
  kTableNotSynced,
  kTableNameNotSynced,
  kSegmentNameNotSynced,
  kStoreNameNotSynced,
  kCheckpointNameNotSynced,
  // B: holes in the log, rotation, the replay boundary
  kOldSegmentNotSynced,
  kLateBytesCountAsSynced,
  kReplayPointSkipsActive,
  kFlushedBeyondMemtable,
  kLogReleasedBeforeEdit,
  kFlushDoesNotSyncLog,
  kOldFilesRemovedBeforeManifest,
  kRangeDeleteNotReplayed,
  kCheckpointWithoutMemtables,
  kReplayGoesOnBehindTornSegment,
  // C: torn tail or corruption, recycled logs
  kRecordSaltWithoutFile,
  kDurableMarksNotWritten,
  kManifestMarkIgnored,
  kEvidenceEndsAtDamage,
  kRecycledHeaderNotSynced,
  kSalvageTakesDamagedRecords,
  // D: manifest, root switch
  kManifestAppendsAfterFailure,
  kOutputsRemovedAfterFailedEdit,
  kOldManifestRemovedAfterFailure,
  kFileNumberReused,
  kSnapshotEditLacksReplayPoint,
  kStateUpdatedBeforeEdit,
  kDurableEditTakenForTorn,
  // E: merges, tombstones, snapshots
  kKeySplitAcrossTables,
  kBoundaryTableMissed,
  kDeleteDroppedBesideOlder,
  kFlushDropsDeletes,
  kInputsNotMarkedBusy,
  kSnapshotTakenBeforeLock,
  kSnapshotBoundaryOffByOne,
  kDeleteDroppedOverSnapshot,
  kReadErrorEndsMerge,
  kRangeTombstoneEndsWithTable,
  kTombstonesOutsideTableBounds,
  kTombstoneCoversAcrossSnapshots,
  kMergeIntoDroppedKeyspace,
  kDeadRangeIgnoresSnapshot,
  // F: errors swallowed, retried or stuck
  kTableSyncErrorIgnored,
  kLogWriteErrorIgnored,
  kSyncRetriedAfterFailure,
  kFollowersNotToldOfFailure,
  kVisibleOutOfOrder,
  kVisibleBeforeDurable,
  kNoSpaceLatched,
  kNoSpaceNotRetried,
  kFilesLeftAfterFailedJob,
  kReplayErrorSwallowed,
  // G: close, lifetime, hangs, memory order
  kFollowersNotWoken,
  kSupplyDoesNotWake,
  kCloseDoesNotWaitForJobs,
  kCallbackUnderLock,
  kLeafLinkedBeforeAnnounced,
  kSplitEndNotAnnounced,
  kOrderBeforeRecord,
  kReclaimedAnEpochEarly,
  kTableRemovedWhileRead,
  // H: identity and time
  kTableSaltWithoutFile,
  kLockShared,
  kKeyspaceIdReused,
  kGatherTrustsClock,
  // I: widths, parsing, filters, memory
  kValueLengthInSixteenBits,
  kNarrowOffsetsOneTooFar,
  kFilterMissesContinuedKey,
  kReplayRefusesLongestKey,
  kBlockChecksumIgnored,
  kFrameHeaderNotCounted,
  kIteratorMemoryKept,
};
inline constexpr std::size_t kSeededBugCount =
    static_cast<std::size_t>(SeededBug::kIteratorMemoryKept) + 1;

#ifdef FIRN_SEEDED_BUGS
struct SeededBugDescription {
  SeededBug bug;
  char bug_class;            // 'A' to 'I', the sections of the enumeration
  const char* name;          // as FIRN_SEEDED_BUG has it
  const char* modelled_on;   // the real one: repository#thread, repository@commit
  const char* suites;        // which notice it, most general first (tests/seeded_bugs/run.py)
  const char* what;          // what the engine does wrong
};
[[nodiscard]] std::span<const SeededBugDescription> SeededBugs();

// A name that is in no row ends the process with a message.
[[nodiscard]] bool BugIsOn(SeededBug bug);
#else
[[nodiscard]] constexpr bool BugIsOn(SeededBug /*bug*/) { return false; }
#endif

}  // namespace firn
