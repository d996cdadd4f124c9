// A small generator for simulations: the same seed gives the same numbers on every machine, which
// the standard library's distributions do not promise. SplitMix64 (Steele, Lea, Flood 2014).
// Threads: one at a time.
#pragma once

#include <cstdint>

namespace firn::testing {

class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next64() {
    // The increment is 2^64 / golden ratio; the multipliers are the paper's variant 13.
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
  }

  // In [0, bound). Requires: bound > 0. The bias is below bound / 2^64.
  std::uint64_t Below(std::uint64_t bound) { return Next64() % bound; }
  bool Coin() { return (Next64() >> 63) != 0; }

 private:
  std::uint64_t state_;
};

}  // namespace firn::testing
