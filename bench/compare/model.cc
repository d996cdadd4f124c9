#include "model.h"

#include <algorithm>
#include <utility>

namespace firn::compare {

void Model::Put(std::uint64_t index, std::uint64_t generation) {
  if (index >= generations_.size()) generations_.resize(index + 1);
  live_ += generations_[index] == 0;
  generations_[index] = static_cast<std::uint32_t>(generation);
  generation_ = std::max(generation_, generation);
}

void Model::Erase(std::uint64_t index) {
  if (Generation(index) == 0) return;
  generations_[index] = 0;
  --live_;
}

SortedKeys Model::Sorted(std::uint64_t from, std::uint64_t to) const {
  const std::uint64_t size = std::max(generations_.size(), to);
  OwnVector<std::pair<std::uint64_t, std::uint32_t>> all(size);
  for (std::uint64_t i = 0; i < size; ++i) {
    all[i] = {keys_.Order(i), static_cast<std::uint32_t>(i)};
  }
  std::sort(all.begin(), all.end());
  SortedKeys sorted;
  sorted.order.reserve(size);
  sorted.rank.resize(size);
  for (const auto& [order, index] : all) {
    sorted.rank[index] = static_cast<std::uint32_t>(sorted.order.size());
    if (Generation(index) != 0 || (from <= index && index < to)) sorted.order.push_back(index);
  }
  return sorted;
}

void Model::See(std::uint64_t index, Tally& tally) const {
  ++tally.found;
  tally.checksum.Add(values_.WordOf({index, generations_[index]}));
}

void Model::SeeEntry(std::uint64_t index, Tally& tally) const {
  ++tally.found;
  Keys::Buffer key;
  tally.checksum.Add(KeyWord(keys_.Make(index, key)) ^
                     values_.WordOf({index, generations_[index]}));
}

void Model::ReplayGet(std::uint64_t index, Tally& tally) const {
  if (Generation(index) != 0) See(index, tally);
}

void Model::ReplayScan(const Operation& operation, Direction direction, const SortedKeys& sorted,
                       Tally& tally) const {
  const auto count = static_cast<std::int64_t>(sorted.order.size());
  auto place = static_cast<std::int64_t>(sorted.rank[operation.index]);
  const bool forward = direction == Direction::kForward;
  if (!forward &&
      (place == count || sorted.order[static_cast<std::size_t>(place)] != operation.index)) {
    --place;
  }
  for (std::uint32_t seen = 0; seen < operation.steps && place >= 0 && place < count;
       place += forward ? 1 : -1) {
    const std::uint32_t index = sorted.order[static_cast<std::size_t>(place)];
    if (Generation(index) == 0) continue;
    SeeEntry(index, tally);
    ++seen;
  }
}

Tally Model::Replay(OperationStream stream, const Recipe& recipe, std::uint64_t operations,
                    const SortedKeys& sorted) {
  Tally tally;
  tally.operations = operations;
  for (std::uint64_t i = 0; i < operations; ++i) {
    const Operation operation = stream.Next();
    switch (operation.action) {
      case Action::kModify:
        ReplayGet(operation.index, tally);
        [[fallthrough]];
      case Action::kPut:
      case Action::kInsert:
        Put(operation.index, operation.generation);
        tally.bytes_put += keys_.bytes() + values_.bytes();
        break;
      case Action::kDelete:
        Erase(operation.index);
        tally.bytes_put += keys_.bytes();
        break;
      case Action::kGet:
        ReplayGet(operation.index, tally);
        break;
      case Action::kGetMissing:
      case Action::kGetNearMissing:
        break;
      case Action::kScan:
        ReplayScan(operation, recipe.direction, sorted, tally);
        break;
      case Action::kWalk:
        SeeEntry(operation.index, tally);
        break;
    }
  }
  return tally;
}

}  // namespace firn::compare
