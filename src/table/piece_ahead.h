// The piece that a walk comes to next, read while the walk is busy with the one it has: the device
// and the walk work at once instead of in turn.
//
// A background task reads it. If none has begun when the walk is there (all workers are busy, or
// there is none), the walk reads the piece itself, so it never waits for a queue.
//
// A1  While a task reads, nobody else touches the piece; whoever ends its use waits for the task.
// A2  A task that comes too late touches only what it shares with this object, not this object.
// Threads: one, beside the task. Lifetime: `file` and `ledger` outlive it.
#pragma once

#include <memory>

#include "env/runtime.h"
#include "table/file_piece.h"

namespace firn {

class PieceAhead {
 public:
  // `executor` null: never reads ahead.
  PieceAhead(const TableFile& file, MemoryLedger& ledger, MemoryClass kind, Executor* executor)
      : executor_(executor), piece_(file, ledger, kind) {}
  ~PieceAhead() { Drop(); }
  PieceAhead(const PieceAhead&) = delete;
  PieceAhead& operator=(const PieceAhead&) = delete;

  [[nodiscard]] bool possible() const { return executor_ != nullptr; }
  [[nodiscard]] bool begun() const { return order_ != nullptr; }
  // What was begun last.
  [[nodiscard]] std::uint64_t begin() const { return begin_; }
  [[nodiscard]] std::uint64_t end() const { return end_; }
  // Has the file's bytes [begin, end) read soon. Requires: possible(), not begun(), begin < end <=
  // the file's size.
  void Begin(std::uint64_t begin, std::uint64_t end);
  // Whether the block lies in what was begun.
  [[nodiscard]] bool Covers(const BlockHandle& handle) const {
    return begun() && begin_ <= handle.offset && handle.end() <= end_;
  }
  // Gives `piece` what was begun, and takes the memory of the former one for the next. After an
  // error `piece` is empty. Requires: begun().
  Status TakeInto(FilePiece& piece);
  // Forgets what was begun and gives the memory back.
  void Drop();

 private:
  struct Order;

  // Returns once no task touches the piece, now or later. True: one has read it.
  bool EndOrder();

  Executor* const executor_;
  FilePiece piece_;
  std::shared_ptr<Order> order_;  // null: nothing was begun
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace firn
