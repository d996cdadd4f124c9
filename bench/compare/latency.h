// Latencies of sampled calls, and the percentiles of all samples.
// Threads: one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "own_pages.h"
#include "process_meter.h"

namespace firn::compare {

class Latencies {
 public:
  void Reserve(std::uint64_t samples) { samples_.reserve(samples); }
  void Add(Nanoseconds duration) {
    samples_.push_back(static_cast<std::uint32_t>(std::min<Nanoseconds>(duration, UINT32_MAX)));
  }
  void Merge(const Latencies& other) {
    samples_.insert(samples_.end(), other.samples_.begin(), other.samples_.end());
  }
  void Sort() { std::sort(samples_.begin(), samples_.end()); }
  [[nodiscard]] std::size_t count() const { return samples_.size(); }
  // Requires Sort, and a sample.
  [[nodiscard]] std::uint32_t Quantile(double fraction) const {
    const auto place = static_cast<std::size_t>(fraction * static_cast<double>(samples_.size()));
    return samples_[std::min(place, samples_.size() - 1)];
  }
  [[nodiscard]] std::uint64_t memory_bytes() const { return samples_.capacity() * 4; }

 private:
  OwnVector<std::uint32_t> samples_;  // nanoseconds; 4 s and more are one
};

}  // namespace firn::compare
