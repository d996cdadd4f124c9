// What one read consults: memtables and tables of a keyspace, newest first, immutable as a set.
//
// A keyspace publishes its current view in an atomic pointer. A point read uses it under an epoch
// guard and counts nothing; whatever holds a view longer (iterators, pinned values) counts a
// reference.
// Threads: all members concurrently. The publisher's own reference is dropped through the epoch, so
// a reader inside a guard may always add one.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "memtable/memtable.h"
#include "version/version.h"

namespace firn {

class ReadView {
 public:
  // A view with one reference, the publisher's. `active` may be null.
  static ReadView* Make(std::shared_ptr<Memtable> active,
                        std::vector<std::shared_ptr<const Memtable>> frozen,
                        std::shared_ptr<const Tree> tree);
  ReadView(const ReadView&) = delete;
  ReadView& operator=(const ReadView&) = delete;

  // Newest first; empty memtables included only as the active one.
  [[nodiscard]] const std::vector<const Memtable*>& memtables() const { return memtables_; }
  // In the order a read consults them.
  [[nodiscard]] const std::vector<const Run*>& runs() const { return runs_; }
  [[nodiscard]] const Tree& tree() const { return *tree_; }

  void Reference() { references_.fetch_add(1, std::memory_order_relaxed); }
  void Unreference();
  // Drops the publisher's reference once every epoch guard that may have seen the view has ended.
  static void Retire(ReadView* view);

 private:
  ReadView(std::shared_ptr<Memtable> active, std::vector<std::shared_ptr<const Memtable>> frozen,
           std::shared_ptr<const Tree> tree);
  ~ReadView() = default;

  const std::shared_ptr<Memtable> active_;  // null until the first write
  const std::vector<std::shared_ptr<const Memtable>> frozen_;
  const std::shared_ptr<const Tree> tree_;
  std::vector<const Memtable*> memtables_;
  std::vector<const Run*> runs_;
  std::atomic<std::uint32_t> references_{1};
};

// One counted reference to a view.
class ReadViewReference {
 public:
  ReadViewReference() = default;
  // Requires: an epoch guard, or another reference, keeps `view` alive during the call.
  explicit ReadViewReference(ReadView* view) : view_(view) { view_->Reference(); }
  ReadViewReference(ReadViewReference&& other) noexcept : view_(other.view_) {
    other.view_ = nullptr;
  }
  ReadViewReference& operator=(ReadViewReference&& other) noexcept {
    std::swap(view_, other.view_);
    return *this;
  }
  ~ReadViewReference() {
    if (view_ != nullptr) view_->Unreference();
  }
  [[nodiscard]] ReadView* get() const { return view_; }
  // Gives the reference up to the caller, who must Unreference.
  [[nodiscard]] ReadView* Detach() { return std::exchange(view_, nullptr); }

 private:
  ReadView* view_ = nullptr;
};

}  // namespace firn
