// Who shares the next sync. Threads that commit in a loop come back soon after a sync let them go;
// a leader that starts at once syncs for the few that are already there, and the rest waits twice.
// So a leader waits a moment while fewer are there than took part lately, and stops trying for a
// while when that brought nobody.
//
// Threads: one at a time (the owner's lock).
#pragma once

#include <algorithm>
#include <cstdint>

namespace firn {

class SyncGroup {
 public:
  // A caller begins to wait for a sync.
  void Join() { ++waiting_; }
  // Whether a leader should wait for more to join.
  [[nodiscard]] bool incomplete() const { return pause_ == 0 && waiting_ < expected_; }
  // A leader's waiting came to an end, or it was not asked to wait.
  void Closed() {
    if (waiting_ >= expected_) {
      patience_ = 0;
      pause_ = 0;
    } else if (pause_ > 0) {
      --pause_;
    } else {
      patience_ = std::min(2 * patience_ + 1, kPauseMax);
      pause_ = patience_;
    }
  }
  // A sync starts that covers everyone who joined.
  void SyncBegins() { covered_ = waiting_; }
  // It ended; those it covered leave, the others were in time for the next.
  void SyncEnds() {
    expected_ = waiting_;
    waiting_ -= covered_;
    covered_ = 0;
  }

 private:
  // Rounds without a try after the last of many vain ones: the price stays below a percent or two.
  static constexpr std::uint32_t kPauseMax = 63;

  std::uint32_t waiting_ = 0;
  std::uint32_t covered_ = 0;   // of those, by the sync under way
  std::uint32_t expected_ = 0;  // how many took part around the last sync
  std::uint32_t pause_ = 0;     // syncs to go before the next try
  std::uint32_t patience_ = 0;  // the length of the last pause
};

}  // namespace firn
