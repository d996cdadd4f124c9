// Why no reader can hold what is reclaimed. A reader that found object X announced itself (A)
// before it loaded the pointer, and the load did not see the unlinking (U). Retire(X) follows U and
// notes epoch r under the mutex; both advances, r to r+1 and r+1 to r+2, visit the reader's slot
// after that with a read-modify-write (V). A and V are both read-modify-writes of one location, so
// one of them reads the other: had V come first, A would have synchronised with it, U would have
// happened before the reader's load, and the load would have seen it. So both visits see A, and one
// announced epoch cannot equal both r and r+1: the reader left in between, which the visit's
// acquire turns into "its reads happened before the reclaim".
#include "cache/epoch.h"

#include <algorithm>
#include <array>
#include <new>

#include "base/check.h"
#include "base/seeded_bug.h"

namespace firn {

// Gives the slot back when its thread ends.
struct EpochDomain::ThreadExit {
  EpochDomain* domain = nullptr;
  ~ThreadExit() {
    if (domain == nullptr || thread_slot_ == nullptr) return;
    Slot* const slot = thread_slot_;
    thread_slot_ = nullptr;
    domain->Unregister(slot);
  }
};

EpochDomain& EpochDomain::Process() {
  // Never destroyed: threads may end after the static objects of the process.
  alignas(EpochDomain) static std::array<std::byte, sizeof(EpochDomain)> storage;
  static EpochDomain* const domain = new (storage.data()) EpochDomain;
  return *domain;
}

EpochDomain::Slot* EpochDomain::Register() {
  Slot* const slot = TakeSlot();
  if (Cooperation* const tasks = Cooperation::Current()) {
    tasks->Local(&EndOfTask) = slot;
    return slot;
  }
  static thread_local ThreadExit exit;
  exit.domain = this;
  thread_slot_ = slot;
  return slot;
}

EpochDomain::Slot* EpochDomain::TakeSlot() {
  MutexLock lock(mutex_);
  auto slot = std::find_if(slots_.begin(), slots_.end(), [](const Slot& s) { return !s.taken; });
  Slot& free = slot != slots_.end() ? *slot : slots_.emplace_back();
  free.taken = true;
  return &free;
}

void EpochDomain::Unregister(Slot* slot) {
  FIRN_CHECK(slot->depth == 0);
  MutexLock lock(mutex_);
  slot->taken = false;
}

bool EpochDomain::AdvanceLocked() {
  const std::uint64_t epoch = epoch_.load(std::memory_order_relaxed);
  for (Slot& slot : slots_) {
    const std::uint64_t announced = slot.announced.fetch_or(0, std::memory_order_acq_rel);
    if (announced != 0 && announced != epoch) return false;
  }
  epoch_.store(epoch + 1, std::memory_order_relaxed);
  return true;
}

void EpochDomain::Retire(void* object, void (*reclaim)(void*)) {
  {
    MutexLock lock(mutex_);
    limbo_.push_back({object, reclaim, epoch_.load(std::memory_order_relaxed)});
    ++retired_;
    pending_.fetch_add(1, std::memory_order_relaxed);
  }
  Collect();
}

void EpochDomain::Collect() {
  if (pending() == 0) return;
  std::vector<Retired> ready;
  std::uint64_t first = 0;
  {
    MutexLock lock(mutex_);
    if (limbo_.empty()) return;
    if (AdvanceLocked()) AdvanceLocked();
    const std::uint64_t epoch = epoch_.load(std::memory_order_relaxed);
    first = retired_ - limbo_.size() + 1;
    const std::uint64_t apart = BugIsOn(SeededBug::kReclaimedAnEpochEarly) ? 1 : 2;
    while (!limbo_.empty() && limbo_.front().epoch + apart <= epoch) {
      ready.push_back(limbo_.front());
      limbo_.pop_front();
    }
    if (ready.empty()) return;
    running_.push_back(first);
  }
  for (const Retired& retired : ready) retired.reclaim(retired.object);
  MutexLock lock(mutex_);
  pending_.fetch_sub(ready.size(), std::memory_order_relaxed);
  running_.erase(std::find(running_.begin(), running_.end(), first));
}

bool EpochDomain::ReclaimedLocked(std::uint64_t serial) const {
  if (!limbo_.empty() && retired_ - limbo_.size() + 1 <= serial) return false;
  return std::all_of(running_.begin(), running_.end(),
                     [serial](std::uint64_t first) { return first > serial; });
}

void EpochDomain::Drain() {
  const Slot* const mine = MySlot();
  FIRN_CHECK(mine == nullptr || mine->depth == 0);
  std::uint64_t target = 0;
  {
    MutexLock lock(mutex_);
    target = retired_;
  }
  while (true) {
    Collect();
    {
      MutexLock lock(mutex_);
      if (ReclaimedLocked(target)) return;
    }
    YieldThread();
  }
}

std::size_t EpochDomain::slots() const {
  MutexLock lock(mutex_);
  return slots_.size();
}

}  // namespace firn
