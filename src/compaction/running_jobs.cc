#include "compaction/running_jobs.h"

#include <algorithm>

#include "base/check.h"
#include "base/seeded_bug.h"
#include "compaction/picker.h"

namespace firn {

RunningJobs::Interval RunningJobs::IntervalOf(const CompactionChoice& choice) {
  const TableMetadata& first = choice.inputs.front().table->metadata();
  Interval interval{first.lower, first.upper};
  for (const CompactionInput& input : choice.inputs) {
    interval.lower = std::min(interval.lower, input.table->metadata().lower);
    interval.upper = std::max(interval.upper, input.table->metadata().upper);
  }
  return interval;
}

bool RunningJobs::Fills(const CompactionChoice& choice) {
  return choice.output_level == kLastLevel && !choice.trivial_move;
}

void RunningJobs::Begin(const CompactionChoice& choice) {
  for (const CompactionInput& input : choice.inputs) {
    const bool fresh = tables_.insert(input.table->metadata().number).second;
    FIRN_CHECK(fresh);
  }
  if (Fills(choice)) filled_.push_back(IntervalOf(choice));
}

void RunningJobs::End(const CompactionChoice& choice) {
  for (const CompactionInput& input : choice.inputs) {
    const std::size_t there = tables_.erase(input.table->metadata().number);
    FIRN_CHECK(there == 1);
  }
  if (!Fills(choice)) return;
  const auto mine = std::find(filled_.begin(), filled_.end(), IntervalOf(choice));
  FIRN_CHECK(mine != filled_.end());
  filled_.erase(mine);
}

bool RunningJobs::Reads(FileNumber table) const {
  return tables_.contains(table) && !BugIsOn(SeededBug::kInputsNotMarkedBusy);
}

bool RunningJobs::MayFill(Slice lower, Slice upper) const {
  return std::any_of(filled_.begin(), filled_.end(), [&](const Interval& interval) {
    return Slice(interval.lower) <= upper && lower <= Slice(interval.upper);
  });
}

}  // namespace firn
