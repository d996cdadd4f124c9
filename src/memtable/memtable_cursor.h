// A cursor over every version in a memtable, beside its writer.
//
// It works on a copy of one leaf at a time, so a batch is filled without looking at shared memory
// more than once, and a split under the cursor cannot disturb it.
// Threads: one at a time. Lifetime: the memtable must outlive it; entries outlive the cursor.
#pragma once

#include "base/entry.h"
#include "memtable/memtable_tree.h"

namespace firn {

class MemtableCursor final : public EntryCursor {
 public:
  explicit MemtableCursor(const MemtableTree& tree) : tree_(tree) {}

  Status SeekToFirst() override;
  Status SeekToLast() override;
  Status Seek(Slice target) override;
  Status SeekForPrev(Slice target) override;
  // Never fail: there is no I/O below a memtable.
  Status Next(EntryBatch& batch, std::size_t limit) override;
  Status Prev(EntryBatch& batch, std::size_t limit) override;

 private:
  void SeekTo(const Target& target);
  [[nodiscard]] bool GoToNextLeaf();
  [[nodiscard]] bool GoToPreviousLeaf();

  const MemtableTree& tree_;
  MemtableTree::LeafCopy copy_;
  unsigned position_ = 0;  // records of copy_ before the cursor
};

}  // namespace firn
