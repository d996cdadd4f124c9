// What the merges of one keyspace that are running now work on, so that no other meets them.
//
// A table is an input of one job at a time. A merge into the last level also owns the keys between
// its inputs: there may be room, where a later flush or merge puts a table that is nobody's input,
// and the job an output. What overlaps them waits for the job (picker.h, P5).
// Threads: externally synchronised; the store keeps it under its state mutex.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "firn/slice.h"
#include "version/version.h"

namespace firn {

struct CompactionChoice;

class RunningJobs {
 public:
  // The inputs of `choice` must be in no running job.
  void Begin(const CompactionChoice& choice);
  // Of a choice that began and has not ended.
  void End(const CompactionChoice& choice);

  [[nodiscard]] bool Reads(FileNumber table) const;
  // Some job may put entries of [lower, upper] into the last level.
  [[nodiscard]] bool MayFill(Slice lower, Slice upper) const;

 private:
  // Both bounds included.
  struct Interval {
    std::string lower;
    std::string upper;
    bool operator==(const Interval&) const = default;
  };
  static Interval IntervalOf(const CompactionChoice& choice);
  // A move puts a table where it was: its table being taken says it all.
  static bool Fills(const CompactionChoice& choice);

  std::set<FileNumber> tables_;
  std::vector<Interval> filled_;
};

}  // namespace firn
