// Crashes a workload everywhere: at every call of the disk the moment is frozen, its images are
// drawn, and each image that was not seen before is opened, read and judged.
//
// The workload runs once. A frozen moment costs a copy of names and chunk pointers; images are
// looked at between two steps, when the workload's own store holds no lock.
// Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "crash/images.h"
#include "crash/ledger.h"
#include "crash/reading.h"
#include "crash/steps.h"

namespace firn::testing {

struct Tally {
  std::uint64_t workloads = 0;
  std::uint64_t calls = 0;      // of the workloads alone
  std::uint64_t moments = 0;    // at which power was lost
  std::uint64_t images = 0;
  std::uint64_t different = 0;  // opened; the others equal one of them byte for byte
  std::uint64_t deepest = 0;    // crashes inside recoveries of recoveries
  Tally& operator+=(const Tally& other);
};

struct Depth {
  // Of the images with room for it, one in so many has its recovery crashed, at every call.
  std::uint64_t one_in = 0;  // 0: none
  Effort effort;             // for the images of those crashes
};

struct Plan {
  Effort effort;
  std::vector<Depth> recoveries;  // [d]: crashes inside recovery number d + 1
  std::uint64_t seed = 1;
};

class Explorer {
 public:
  Explorer(const Workload& workload, Plan plan) : workload_(workload), plan_(std::move(plan)) {}
  // Empty when every promise held.
  [[nodiscard]] std::string Run();
  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  // A disk on which something changed, and what it may hold.
  struct Moment {
    std::unique_ptr<MemoryFileSystem> disk;
    Bounds bounds;
    std::uint64_t call = 0;
    bool shown = false;  // the open that was interrupted had answered a scan before
  };

  void Examine(std::vector<Moment> moments);
  // Judges one image; `where` names it.
  void Judge(std::unique_ptr<MemoryFileSystem> image, const Bounds& bounds, std::size_t depth,
             const std::string& where);
  // Opens the image again and loses power at every call of that.
  void CrashRecovery(std::unique_ptr<MemoryFileSystem> image, const Bounds& bounds,
                     std::size_t depth, const std::string& where);
  [[nodiscard]] bool Chosen(std::size_t depth);
  void Fail(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }

  const Workload& workload_;
  const Plan plan_;
  Ledger ledger_;
  Tally tally_;
  std::unordered_map<std::uint64_t, Sighting> seen_;  // by fingerprint of the image
  std::vector<std::uint64_t> candidates_ = std::vector<std::uint64_t>(8);  // by depth
  std::string wrong_;
};

}  // namespace firn::testing
