#include "memtable/memtable_cursor.h"

#include "base/check.h"
#include "base/prefetch.h"

namespace firn {
namespace {

constexpr std::size_t kRecordPrefetchBytes = 128;  // header, key and the start of the value

// How many records of the copy lie before `target`.
unsigned CountBefore(const MemtableTree::LeafCopy& copy, const Target& target) {
  unsigned count = 0;
  while (count < copy.count && target.IsAfter(copy.heads[count], copy.records[count])) ++count;
  return count;
}

void Emit(EntryBatch& batch, const MemtableTree::LeafCopy& copy, unsigned index) {
  batch.heads[batch.count] = copy.heads[index];
  batch.entries[batch.count] = Record(copy.records[index]).entry();
  ++batch.count;
}

// Records lie anywhere: fetch a leaf's worth of them at once instead of one after the other.
void PrefetchRecords(const MemtableTree::LeafCopy& copy) {
  for (unsigned i = 0; i < copy.count; ++i) __builtin_prefetch(copy.records[i]);
}

}  // namespace

Status MemtableCursor::SeekToFirst() {
  MemtableTree::CopyLeaf(tree_.first_leaf(), copy_);
  position_ = 0;
  return Status();
}

Status MemtableCursor::SeekToLast() {
  MemtableTree::CopyLeaf(tree_.last_leaf(), copy_);
  while (copy_.next != nullptr) MemtableTree::CopyLeaf(copy_.next, copy_);
  position_ = copy_.count;
  return Status();
}

Status MemtableCursor::Seek(Slice target) {
  SeekTo(Target(target, Target::kBeforeAll));
  return Status();
}

Status MemtableCursor::SeekForPrev(Slice target) {
  SeekTo(Target(target, Target::kAfterAll));
  return Status();
}

void MemtableCursor::SeekTo(const Target& target) {
  tree_.CopyLeafOf(target, copy_);
  position_ = CountBefore(copy_, target);
  // What is read first, whichever way.
  if (position_ < copy_.count) PrefetchLines(copy_.records[position_], kRecordPrefetchBytes);
  if (position_ > 0) PrefetchLines(copy_.records[position_ - 1], kRecordPrefetchBytes);
}

Status MemtableCursor::Next(EntryBatch& batch, std::size_t limit) {
  FIRN_DCHECK(limit >= 1 && limit <= EntryBatch::kCapacity);
  batch.count = 0;
  do {
    while (position_ < copy_.count && batch.count < limit) Emit(batch, copy_, position_++);
  } while (batch.count < limit && GoToNextLeaf());
  return Status();
}

Status MemtableCursor::Prev(EntryBatch& batch, std::size_t limit) {
  FIRN_DCHECK(limit >= 1 && limit <= EntryBatch::kCapacity);
  batch.count = 0;
  do {
    while (position_ > 0 && batch.count < limit) Emit(batch, copy_, --position_);
  } while (batch.count < limit && GoToPreviousLeaf());
  return Status();
}

// Requires: the cursor is behind the copy. Moves in front of the next record, or stays.
bool MemtableCursor::GoToNextLeaf() {
  if (copy_.count == 0) return false;
  const Target last{Record(copy_.records[copy_.count - 1])};
  MemtableTree::LeafCopy next;
  for (const Leaf* leaf = copy_.next; leaf != nullptr; leaf = next.next) {
    MemtableTree::CopyLeaf(leaf, next);
    // A copy taken during a split may hold records that the leaf on its right holds too.
    unsigned position = CountBefore(next, last);
    if (position < next.count && next.records[position] == copy_.records[copy_.count - 1]) {
      ++position;
    }
    if (position == next.count) continue;
    copy_ = next;
    position_ = position;
    PrefetchRecords(copy_);
    return true;
  }
  return false;
}

// Requires: the cursor is in front of the copy. Moves behind the last record before it, or stays.
bool MemtableCursor::GoToPreviousLeaf() {
  const Leaf* const leaf = copy_.leaf;
  const Leaf* const previous = leaf->previous.load(std::memory_order_acquire);
  if (previous == nullptr) return false;
  const Target first{Record(copy_.records[0])};
  // Leaves split to the right: the neighbour is `previous` or was split off it (N2). Where `leaf`
  // itself is being split off, `previous` still leads past it, and holds what lies before it.
  MemtableTree::CopyLeaf(previous, copy_);
  while (copy_.next != leaf && copy_.next != nullptr) {
    MemtableTree::LeafCopy next;
    MemtableTree::CopyLeaf(copy_.next, next);
    if (CountBefore(next, first) == 0) break;
    copy_ = next;
  }
  position_ = CountBefore(copy_, first);
  PrefetchRecords(copy_);
  return true;
}

}  // namespace firn
