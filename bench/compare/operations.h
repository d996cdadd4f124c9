// Which operations a workload does, as a stream that gives the same ones every time: run once
// against an engine, and once more against the model to know what the engine should have said.
// Threads: a stream belongs to one thread; what it points to is immutable.
#pragma once

#include <cstdint>
#include <span>

#include "entries.h"
#include "own_pages.h"

namespace firn::compare {

enum class Action : std::uint8_t {
  kPut,
  kInsert,  // a put of a key that was never there
  kDelete,
  kGet,
  kGetMissing,
  kGetNearMissing,
  kModify,  // get, then put
  kScan,    // seek, then steps
  kWalk,    // one step of a walk over all of the thread's entries, which begins anew at its end
};

// How an operation's entry is chosen among those of the thread.
enum class Choice : std::uint8_t {
  // Every one, over and over:
  kUnordered,  // neighbours' keys far apart, in the cheapest such order
  kShuffled,   // the same, in an order of the phase's own
  kSorted,     // by key, in the recipe's direction
  // Drawn:
  kUniform,
  kZipf,    // theta 0.99, popular ones anywhere
  kLatest,  // theta 0.99, the last inserted ones popular
};

enum class Direction : std::uint8_t { kForward, kBackward };

struct Recipe {
  Action action = Action::kGet;
  Choice choice = Choice::kUniform;
  // Of each hundred operations, on average, this many do `other` instead.
  std::uint32_t other_percent = 0;
  Action other = Action::kGet;
  std::uint32_t range_percent = 100;  // kUniform draws from the first of the thread's entries
  std::uint32_t batch = 1;            // operations a call: kPut, kGet and kWalk only
  // Entries a scan shows: uniform between the two.
  std::uint32_t steps_min = 0;
  std::uint32_t steps_max = 0;
  Direction direction = Direction::kForward;
  bool fresh_cursor = true;  // a new one for each scan

  [[nodiscard]] bool Does(Action what) const {
    return action == what || (other_percent > 0 && other == what);
  }
  [[nodiscard]] bool Writes() const;
  [[nodiscard]] bool Reads() const;
};

struct Operation {
  Action action;
  std::uint32_t steps;
  std::uint64_t index;
  std::uint64_t generation;  // of what a put stores
};

// A permutation of [0, size), computed: a Feistel network, walked until inside.
class Permutation {
 public:
  Permutation() = default;
  Permutation(std::uint64_t size, std::uint64_t seed);
  [[nodiscard]] std::uint64_t operator()(std::uint64_t i) const;

 private:
  std::uint64_t size_ = 1;
  std::uint64_t seed_ = 0;
  unsigned half_bits_ = 1;
};

// `count` draws from [0, size) with Zipf's distribution, rank 0 the most popular.
[[nodiscard]] OwnVector<std::uint32_t> ZipfDraws(std::uint64_t size, std::uint64_t count,
                                                 std::uint64_t seed);

// What the streams of all threads of a phase share.
struct StreamSource {
  const Keys* keys = nullptr;
  std::uint64_t entries = 0;                   // indexes below are chosen from
  std::uint64_t insert_base = 0;               // inserts use indexes from here on
  std::span<const std::uint32_t> sorted = {};  // indexes in key order, for Choice::kSorted
  std::span<const std::uint32_t> zipf = {};    // for kZipf and kLatest
  std::uint64_t seed = 0;
  std::uint64_t generation = 0;  // the last one used
  std::uint32_t threads = 1;
};

class OperationStream {
 public:
  OperationStream(const Recipe& recipe, const StreamSource& source, std::uint32_t thread);
  [[nodiscard]] Operation Next();
  // How many entries are this thread's to choose from.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t size_of_all() const { return source_.entries; }
  // Of Choice::kSorted: the same as Next `count` times, which must not go beyond the last entry.
  // Gives the index `i` steps from the first.
  class Stretch;
  [[nodiscard]] Stretch Take(std::uint64_t count);
  // Whether the first and the last entry there is, in the recipe's direction, are among them.
  [[nodiscard]] bool begins_at_start() const { return Reaches(recipe_.direction, true); }
  [[nodiscard]] bool reaches_end() const { return Reaches(recipe_.direction, false); }

 private:
  [[nodiscard]] std::uint64_t Random() { return Mix(random_++); }
  // Uniform in [0, range) but for a bias of range / 2^32.
  [[nodiscard]] std::uint64_t Draw(std::uint64_t range) { return (Random() >> 32) * range >> 32; }
  [[nodiscard]] bool Reaches(Direction direction, bool start) const {
    return (direction == Direction::kForward) == start ? begin_ == 0
                                                       : begin_ + size_ == source_.entries;
  }
  [[nodiscard]] std::uint64_t Choose();
  [[nodiscard]] std::uint64_t TakeTurn();
  [[nodiscard]] std::uint64_t TakeZipf();
  [[nodiscard]] std::uint64_t InsertIndex(std::uint64_t number) const {
    return source_.insert_base + number * source_.threads + thread_;
  }

  Recipe recipe_;
  StreamSource source_;
  std::uint32_t thread_;
  std::uint64_t begin_;
  std::uint64_t size_;
  std::uint64_t range_;           // the part of it drawn from
  std::uint64_t place_ = 0;       // below size_: the next one of those taken in turn
  std::uint64_t zipf_place_ = 0;  // the next draw
  std::uint64_t generation_;
  std::uint64_t inserted_ = 0;
  std::uint64_t random_;
  Permutation permutation_;
};

// Some of the entries in key order, in the recipe's direction.
class OperationStream::Stretch {
 public:
  Stretch(const std::uint32_t* first, Direction direction)
      : first_(first), step_(direction == Direction::kForward ? 1 : -1) {}
  [[nodiscard]] std::uint32_t operator[](std::uint64_t i) const {
    return first_[static_cast<std::int64_t>(i) * step_];
  }

 private:
  const std::uint32_t* first_;
  std::int64_t step_;
};

}  // namespace firn::compare
