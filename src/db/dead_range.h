// A stretch of keys known to hold nothing visible, so that seeks need not walk its tombstones one
// by one: the front of a queue, a deleted tenant, an expired day. One a keyspace; learned by seeks
// that walked far, forgotten where something is put.
//
// The range [from, to) is dead at every sequence >= at, from then on until a put into it:
// R1  A put cuts the range before it becomes visible. So a reader that loads its sequence first and
//     the range second never skips what it should see.
// R2  A seek at sequence s saw nothing visible in [begin, end). That still holds when no put went
//     there after s: either nothing was committed after s, or s is not older than the range at
//     hand, which has watched the puts nearest to it on both sides ever since it was made.
//
// Threads: Around by anyone under an epoch guard; NotePut and Learn under the commit lock.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "base/types.h"
#include "firn/slice.h"

namespace firn {

class DeadRange {
 public:
  // `end` unset: to the end of the keyspace.
  struct Bounds {
    std::string begin;
    std::optional<std::string> end;
  };

  DeadRange() = default;
  ~DeadRange();
  DeadRange(const DeadRange&) = delete;
  DeadRange& operator=(const DeadRange&) = delete;

  // Nothing to look for. A false answer may be outdated at once.
  [[nodiscard]] bool unknown() const { return current_.load(std::memory_order_acquire) == nullptr; }
  // The range when it contains `key` and is dead at sequence `at`: nothing visible lies between its
  // bounds. Requires: an epoch guard, and that `at` was read before the call.
  [[nodiscard]] std::optional<Bounds> Around(Slice key, SequenceNumber at) const;

  // `key` is about to be put.
  void NotePut(Slice key) {
    if (current_.load(std::memory_order_relaxed) != nullptr) [[unlikely]] Cut(key);
  }

  // A read at sequence `at` found nothing visible in `seen`; `last` is the newest sequence given to
  // a commit. Learns of it what is certain (R2).
  void Learn(const Bounds& seen, SequenceNumber at, SequenceNumber last);

 private:
  struct Known {
    Bounds bounds;
    SequenceNumber at = 0;    // dead from here on
    SequenceNumber made = 0;  // the newest sequence of a commit when this was made
  };

  void Cut(Slice key);
  void Publish(std::optional<Known> known);

  std::atomic<Known*> current_{nullptr};
  // The puts nearest to the current range on either side since it was made.
  std::optional<std::string> put_below_;
  std::optional<std::string> put_above_;
};

}  // namespace firn
