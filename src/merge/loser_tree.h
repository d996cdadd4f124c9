// A tournament among sorted sources that remembers each match's loser, so that after the winner
// moved on only the matches on its path are played again: log2(sources) comparisons of two
// integers.
//
// A source takes part with the rank of its current entry: a number whose order is the entries'
// order wherever two ranks differ. Equal ranks are settled by the caller's `precedes(a, b)`, which
// says whether source a's entry comes first and must be a strict order over the sources.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"

namespace firn {

class LoserTree {
 public:
  // Plays all matches. Requires: at least one source.
  template <typename Precedes>
  void Build(std::span<const std::uint64_t> ranks, Precedes precedes) {
    FIRN_CHECK(!ranks.empty());
    count_ = ranks.size();
    losers_.resize(count_);
    winner_ = Play(1, ranks, precedes);
  }

  [[nodiscard]] std::size_t winner() const { return winner_.source; }

  // The winner's entry changed to one of rank `rank`.
  template <typename Precedes>
  void ReplayWinner(std::uint64_t rank, Precedes precedes) {
    Contender rising{rank, winner_.source};
    for (std::size_t node = (rising.source + count_) / 2; node >= 1; node /= 2) {
      const Contender waiting = losers_[node];
      bool waiting_wins = waiting.rank < rising.rank;
      if (waiting.rank == rising.rank) [[unlikely]] {
        waiting_wins = precedes(waiting.source, rising.source);
      }
      // Selects, not branches: which of two sources is next is a coin toss to the predictor.
      losers_[node].rank = waiting_wins ? rising.rank : waiting.rank;
      losers_[node].source = waiting_wins ? rising.source : waiting.source;
      rising.rank = waiting_wins ? waiting.rank : rising.rank;
      rising.source = waiting_wins ? waiting.source : rising.source;
    }
    winner_ = rising;
  }

  // The least rank among all other sources: what the winner can copy up to without a match. The
  // second best lost to the winner itself, so it waits on the winner's path.
  [[nodiscard]] std::uint64_t SecondRank() const {
    std::uint64_t second = UINT64_MAX;
    for (std::size_t node = (winner_.source + count_) / 2; node >= 1; node /= 2) {
      second = losers_[node].rank < second ? losers_[node].rank : second;
    }
    return second;
  }

 private:
  struct Contender {
    std::uint64_t rank = 0;
    std::size_t source = 0;
  };

  // The winner below `node`; nodes 1 .. count-1 are matches, count .. 2 count-1 the sources.
  template <typename Precedes>
  Contender Play(std::size_t node, std::span<const std::uint64_t> ranks, Precedes precedes) {
    if (node >= count_) return {ranks[node - count_], node - count_};
    Contender left = Play(2 * node, ranks, precedes);
    Contender right = Play(2 * node + 1, ranks, precedes);
    const bool left_wins = left.rank != right.rank ? left.rank < right.rank
                                                   : precedes(left.source, right.source);
    losers_[node] = left_wins ? right : left;
    return left_wins ? left : right;
  }

  std::size_t count_ = 0;
  Contender winner_;
  std::vector<Contender> losers_;  // [0] unused
};

}  // namespace firn
