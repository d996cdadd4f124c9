#include "firn/iterator.h"

#include <utility>

#include "base/check.h"
#include "db/iterator_source.h"

namespace firn {

Iterator::Iterator(std::unique_ptr<Source> source) : source_(std::move(source)) {}
Iterator::~Iterator() = default;

Iterator::Iterator(Iterator&& other) noexcept { *this = std::move(other); }

Iterator& Iterator::operator=(Iterator&& other) noexcept {
  if (this != &other) {
    source_ = std::move(other.source_);
    items_ = std::exchange(other.items_, nullptr);
    position_ = std::exchange(other.position_, 0);
    count_ = std::exchange(other.count_, 0);
    forward_ = other.forward_;
  }
  return *this;
}

const Status& Iterator::status() const { return source_->status(); }

void Iterator::ShowWindow(bool forward) {
  items_ = source_->items();
  count_ = source_->count();
  position_ = 0;
  forward_ = forward;
}

void Iterator::SeekToFirst() {
  source_->SeekToFirst();
  ShowWindow(true);
}

void Iterator::SeekToLast() {
  source_->SeekToLast();
  ShowWindow(false);
}

void Iterator::Seek(Slice target) {
  source_->Seek(target);
  ShowWindow(true);
}

void Iterator::SeekForPrev(Slice target) {
  source_->SeekForPrev(target);
  ShowWindow(false);
}

void Iterator::MoveForward() {
  FIRN_CHECK(Valid());
  if (forward_) {
    source_->NextWindow();
    ShowWindow(true);
    return;
  }
  source_->Turn(true, key());
  ShowWindow(true);
  // The window starts with the item the walk stands on.
  if (Valid()) Next();
}

void Iterator::MoveBackward() {
  FIRN_CHECK(Valid());
  if (!forward_) {
    source_->PrevWindow();
    ShowWindow(false);
    return;
  }
  source_->Turn(false, key());
  ShowWindow(false);
  if (Valid()) Prev();
}

}  // namespace firn
