// What the store should hold, and from that what every operation should have answered.
//
// Kept out of the measured loops: a phase runs first, and is replayed here afterwards with as many
// operations as were done.
// Threads: one.
#pragma once

#include <cstdint>
#include <limits>

#include "entries.h"
#include "operations.h"
#include "own_pages.h"

namespace firn::compare {

// What a phase saw. Equal for every engine, or one of them is wrong.
struct Tally {
  std::uint64_t operations = 0;
  std::uint64_t found = 0;
  std::uint64_t bytes_put = 0;  // keys and values of acknowledged writes
  Checksum checksum;
};

// Indexes in key order, and for each index how many of them come before it.
struct SortedKeys {
  OwnVector<std::uint32_t> order;
  OwnVector<std::uint32_t> rank;
};

class Model {
 public:
  static constexpr std::uint64_t kIndexMax = std::numeric_limits<std::uint32_t>::max();

  Model(const Keys& keys, const Values& values) : keys_(keys), values_(values) {}

  void Put(std::uint64_t index, std::uint64_t generation);
  void Erase(std::uint64_t index);
  // 0 when absent.
  [[nodiscard]] std::uint64_t Generation(std::uint64_t index) const {
    return index < generations_.size() ? generations_[index] : 0;
  }
  // Every index that was ever put is below.
  [[nodiscard]] std::uint64_t size() const { return generations_.size(); }
  [[nodiscard]] std::uint64_t live() const { return live_; }
  [[nodiscard]] std::uint64_t live_bytes() const {
    return live_ * (keys_.bytes() + values_.bytes());
  }
  // The newest generation of any key.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  [[nodiscard]] std::uint64_t memory_bytes() const { return generations_.capacity() * 4; }

  // The live keys, and all indexes in [from, to) as if they were.
  [[nodiscard]] SortedKeys Sorted(std::uint64_t from = 0, std::uint64_t to = 0) const;

  // Applies the next `operations` of `stream` and tells what they should have seen. `sorted` holds
  // every key the stream may see; only scans need it.
  [[nodiscard]] Tally Replay(OperationStream stream, const Recipe& recipe, std::uint64_t operations,
                             const SortedKeys& sorted);

 private:
  void ReplayGet(std::uint64_t index, Tally& tally) const;
  void ReplayScan(const Operation& operation, Direction direction, const SortedKeys& sorted,
                  Tally& tally) const;
  void See(std::uint64_t index, Tally& tally) const;       // of a get
  void SeeEntry(std::uint64_t index, Tally& tally) const;  // of a scan

  const Keys& keys_;
  const Values& values_;
  OwnVector<std::uint32_t> generations_;
  std::uint64_t live_ = 0;
  std::uint64_t generation_ = 0;
};

}  // namespace firn::compare
