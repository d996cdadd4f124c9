// Deals range tombstones out to the tables of one output: each table gets the part of each
// tombstone that lies in its interval, so that tables stay disjoint (rule C6).
//
// Threads: one. Lifetime: the tombstones' views outlive the cutter; parts are valid until the next
// call.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/entry.h"
#include "base/seeded_bug.h"

namespace firn {

class TombstoneCutter {
 public:
  // Requires: fragments as Retention::KeptTombstones gives them: by begin, equal or disjoint
  // ranges.
  explicit TombstoneCutter(std::vector<RangeTombstone> fragments)
      : fragments_(std::move(fragments)) {}

  // Whether everything was dealt out.
  [[nodiscard]] bool empty() const { return next_ == fragments_.size(); }

  // What no table has got yet, up to `end` (exclusive); all of it when unset.
  // Requires: ends ascend from call to call.
  std::span<const RangeTombstone> TakeBefore(std::optional<Slice> end) {
    begin_.swap(end_);
    if (end) end_.assign(*end);
    FIRN_DCHECK(!end || begin_ <= end_);
    parts_.clear();
    for (std::size_t i = next_; i < fragments_.size(); ++i) {
      RangeTombstone part = fragments_[i];
      part.begin = std::max(part.begin, Slice(begin_));
      if (end && part.begin >= end_) break;
      if (end && part.end > end_) {
        if (BugIsOn(SeededBug::kRangeTombstoneEndsWithTable)) next_ = i + 1;
        part.end = end_;  // the rest is for the next table, and so is that of its equals
      } else {
        next_ = i + 1;
      }
      parts_.push_back(part);
    }
    return parts_;
  }

 private:
  std::vector<RangeTombstone> fragments_;
  std::size_t next_ = 0;  // the first not dealt out to its end
  // The interval of the last call; copies, because keys come from batches that are gone by the
  // next.
  std::string begin_;
  std::string end_;
  std::vector<RangeTombstone> parts_;
};

}  // namespace firn
