#include "operations.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace firn::compare {

bool Recipe::Writes() const {
  return Does(Action::kPut) || Does(Action::kInsert) || Does(Action::kDelete) ||
         Does(Action::kModify);
}

bool Recipe::Reads() const {
  const auto reads = [](Action what) {
    return what != Action::kPut && what != Action::kInsert && what != Action::kDelete;
  };
  return reads(action) || (other_percent > 0 && reads(other));
}

Permutation::Permutation(std::uint64_t size, std::uint64_t seed)
    : size_(std::max<std::uint64_t>(size, 1)),
      seed_(seed),
      half_bits_((static_cast<unsigned>(std::bit_width((size_ - 1) | 1)) + 1) / 2) {}

std::uint64_t Permutation::operator()(std::uint64_t i) const {
  constexpr int kRounds = 3;
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  do {
    std::uint64_t left = i >> half_bits_;
    std::uint64_t right = i & mask;
    for (int round = 0; round < kRounds; ++round) {
      const std::uint64_t next = left ^ (Mix(right + seed_ + static_cast<unsigned>(round)) & mask);
      left = right;
      right = next;
    }
    i = left << half_bits_ | right;
  } while (i >= size_);
  return i;
}

// Gray and others, Quickly generating billion-record synthetic databases, 1994; with the theta of
// YCSB (Cooper and others, 2010).
OwnVector<std::uint32_t> ZipfDraws(std::uint64_t size, std::uint64_t count, std::uint64_t seed) {
  constexpr double kTheta = 0.99;
  double zeta = 0;
  for (std::uint64_t i = 1; i <= size; ++i) zeta += std::pow(static_cast<double>(i), -kTheta);
  const auto n = static_cast<double>(size);
  const double zeta_of_two = 1 + std::pow(0.5, kTheta);
  const double alpha = 1 / (1 - kTheta);
  const double eta = (1 - std::pow(2 / n, 1 - kTheta)) / (1 - zeta_of_two / zeta);
  OwnVector<std::uint32_t> draws(count);
  for (std::uint32_t& draw : draws) {
    const double u = static_cast<double>(Mix(seed++) >> 11) * 0x1p-53;
    if (u * zeta < 1) {
      draw = 0;
    } else if (u * zeta < zeta_of_two) {
      draw = 1;
    } else {
      draw = static_cast<std::uint32_t>(n * std::pow(eta * u - eta + 1, alpha));
    }
    draw = std::min(draw, static_cast<std::uint32_t>(size - 1));
  }
  return draws;
}

OperationStream::OperationStream(const Recipe& recipe, const StreamSource& source,
                                 std::uint32_t thread)
    : recipe_(recipe),
      source_(source),
      thread_(thread),
      begin_(source.entries * thread / source.threads),
      size_(source.entries * (thread + 1) / source.threads - begin_),
      range_((size_ * recipe.range_percent + 99) / 100),
      generation_(source.generation),
      random_(Mix(source.seed ^ thread)),
      permutation_(size_, Mix(source.seed + thread)) {}

std::uint64_t OperationStream::TakeTurn() {
  const std::uint64_t place = place_;
  if (++place_ == size_) place_ = 0;
  return place;
}

std::uint64_t OperationStream::TakeZipf() {
  const std::uint64_t rank = source_.zipf[zipf_place_];
  if (++zipf_place_ == source_.zipf.size()) zipf_place_ = 0;
  return rank;
}

OperationStream::Stretch OperationStream::Take(std::uint64_t count) {
  const bool forward = recipe_.direction == Direction::kForward;
  const std::uint64_t place = begin_ + (forward ? place_ : size_ - 1 - place_);
  place_ += count;
  if (place_ == size_) place_ = 0;
  generation_ += count;
  return {source_.sorted.data() + place, recipe_.direction};
}

std::uint64_t OperationStream::Choose() {
  switch (recipe_.choice) {
    case Choice::kUnordered: {
      const std::uint64_t place = TakeTurn();
      return begin_ + (source_.keys->scattered() ? place : permutation_(place));
    }
    case Choice::kShuffled:
      return begin_ + permutation_(TakeTurn());
    case Choice::kSorted: {
      const std::uint64_t place = TakeTurn();
      const bool forward = recipe_.direction == Direction::kForward;
      return source_.sorted[begin_ + (forward ? place : size_ - 1 - place)];
    }
    case Choice::kUniform: {
      const std::uint64_t drawn = Draw(range_);
      const bool anywhere = range_ == size_ || source_.keys->scattered();
      return begin_ + (anywhere ? drawn : permutation_(drawn));
    }
    case Choice::kZipf: {
      const std::uint64_t rank = TakeZipf();
      return begin_ + (source_.keys->scattered() ? rank : permutation_(rank));
    }
    case Choice::kLatest: {
      const std::uint64_t place = size_ + inserted_ - 1 - TakeZipf();
      return place < size_ ? begin_ + place : InsertIndex(place - size_);
    }
  }
  return 0;
}

Operation OperationStream::Next() {
  Operation operation{};
  operation.action = recipe_.action;
  if (recipe_.other_percent > 0 && Draw(100) < recipe_.other_percent) {
    operation.action = recipe_.other;
  }
  operation.generation = ++generation_;
  operation.steps = recipe_.steps_min;
  if (recipe_.steps_max > recipe_.steps_min) {
    operation.steps += static_cast<std::uint32_t>(Draw(recipe_.steps_max - recipe_.steps_min + 1));
  }
  operation.index = operation.action == Action::kInsert ? InsertIndex(inserted_++) : Choose();
  return operation;
}

}  // namespace firn::compare
