#include "table/piece_ahead.h"

#include <utility>

#include "base/check.h"
#include "base/mutex.h"

namespace firn {

struct PieceAhead::Order {
  enum class State : std::uint8_t { kOpen, kReading, kDone, kWithdrawn };

  Mutex mutex;
  CondVar changed;
  State state FIRN_GUARDED_BY(mutex) = State::kOpen;
  Status status FIRN_GUARDED_BY(mutex);

  // What the task does.
  void Carry(FilePiece& piece, std::uint64_t begin, std::uint64_t end) FIRN_EXCLUDES(mutex) {
    {
      MutexLock lock(mutex);
      if (state != State::kOpen) return;
      state = State::kReading;
    }
    Status read = piece.Read(begin, end);
    MutexLock lock(mutex);
    status = std::move(read);
    state = State::kDone;
    changed.NotifyAll();
  }
};

void PieceAhead::Begin(std::uint64_t begin, std::uint64_t end) {
  FIRN_CHECK(possible() && !begun());
  begin_ = begin;
  end_ = end;
  piece_.Reserve(begin, end);  // here, so that the books know of it before the next one asks them
  order_ = std::make_shared<Order>();
  // Low: a flush or a sync that waits for a worker comes first, and a merge loses a moment.
  executor_->Schedule(Priority::kLow, [order = order_, piece = &piece_, begin, end] {
    order->Carry(*piece, begin, end);
  });
}

bool PieceAhead::EndOrder() {
  if (!begun()) return false;
  const std::shared_ptr<Order> order = std::exchange(order_, nullptr);
  MutexLock lock(order->mutex);
  if (order->state == Order::State::kOpen) order->state = Order::State::kWithdrawn;
  while (order->state == Order::State::kReading) order->changed.Wait(order->mutex);
  return order->state == Order::State::kDone && order->status.ok();
}

Status PieceAhead::TakeInto(FilePiece& piece) {
  FIRN_CHECK(begun());
  // What the task could not read is tried once more here, where the error has a reader.
  Status read;
  if (!EndOrder()) read = piece_.Read(begin_, end_);
  piece.Swap(piece_);
  return read;
}

void PieceAhead::Drop() {
  (void)EndOrder();
  piece_.Drop();
}

}  // namespace firn
