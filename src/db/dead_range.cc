#include "db/dead_range.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/seeded_bug.h"
#include "cache/epoch.h"

namespace firn {
namespace {

// Whether `key` lies in front of an end that may be unbounded.
bool Precedes(Slice key, const std::optional<std::string>& end) { return !end || key < *end; }

std::optional<std::string> Later(const std::optional<std::string>& a,
                                 const std::optional<std::string>& b) {
  return a && b ? std::max(a, b) : std::nullopt;
}

// Neither leaves a gap to the other; an empty range touches what it stands in or beside.
bool Touch(const DeadRange::Bounds& a, const DeadRange::Bounds& b) {
  return (!a.end || b.begin <= *a.end) && (!b.end || a.begin <= *b.end);
}

}  // namespace

DeadRange::~DeadRange() { Publish(std::nullopt); }

std::optional<DeadRange::Bounds> DeadRange::Around(Slice key, SequenceNumber at) const {
  const Known* const known = current_.load(std::memory_order_acquire);
  if (known == nullptr || key < known->bounds.begin || !Precedes(key, known->bounds.end) ||
      (known->at > at && !BugIsOn(SeededBug::kDeadRangeIgnoresSnapshot))) {
    return std::nullopt;
  }
  return known->bounds;
}

void DeadRange::Cut(Slice key) {
  const Known& known = *current_.load(std::memory_order_relaxed);
  // The part in front of the key stays, if there is one: queues and days die from their front.
  const bool keeps_rear = key == known.bounds.begin && Precedes(key, known.bounds.end);
  if (key < known.bounds.begin || keeps_rear) {
    if (!put_below_ || *put_below_ < key) put_below_ = std::string(key);
  } else if (!put_above_ || key < *put_above_) {
    put_above_ = std::string(key);
  }
  if (key < known.bounds.begin || !Precedes(key, known.bounds.end)) return;
  Known rest = known;
  if (keeps_rear) {
    rest.bounds.begin += '\0';
  } else {
    rest.bounds.end = std::string(key);
  }
  Publish(std::move(rest));
}

void DeadRange::Learn(const Bounds& seen, SequenceNumber at, SequenceNumber last) {
  const Known* const known = current_.load(std::memory_order_relaxed);
  // An older read displaces nothing.
  if (known != nullptr && at < known->made && at != last) return;
  const bool touches = known != nullptr && Touch(known->bounds, seen);
  Known fresh{.bounds = seen, .at = at, .made = last};
  if (at != last && !touches) {
    // Nothing is certain; an empty range watches the puts from now on, for the next seek.
    fresh.at = last;
    fresh.bounds.end = fresh.bounds.begin;
  }
  if (touches) {
    // Puts before `at` were seen and were not visible: only those after it narrow what was seen.
    if (at != last && put_below_) {
      fresh.bounds.begin = std::max(fresh.bounds.begin, *put_below_ + '\0');
    }
    if (at != last && put_above_ && Precedes(*put_above_, fresh.bounds.end)) {
      fresh.bounds.end = *put_above_;
    }
    fresh.bounds.begin = std::min(fresh.bounds.begin, known->bounds.begin);
    fresh.bounds.end = Later(fresh.bounds.end, known->bounds.end);
  }
  put_below_.reset();
  put_above_.reset();
  Publish(std::move(fresh));
}

void DeadRange::Publish(std::optional<Known> known) {
  auto fresh = known ? std::make_unique<Known>(*std::move(known)) : nullptr;
  // Release: who loads it sees what it says. The commit's release of its sequence comes after (R1).
  Known* const old = current_.exchange(fresh.release(), std::memory_order_acq_rel);
  if (old == nullptr) return;
  EpochDomain::Process().Retire(
      old, [](void* object) { std::unique_ptr<Known>(static_cast<Known*>(object)).reset(); });
}

}  // namespace firn
