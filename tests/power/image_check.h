// Opens what a power loss left, with the real engine on the real file system, and judges it.
//
// Threads: one at a time.
#pragma once

#include <optional>
#include <string>

#include "firn/db.h"
#include "power/recorded_disk.h"
#include "power/timeline.h"

namespace firn::power {

enum class Medium : std::uint8_t {
  kDisk,    // where syncs take their time, and others run meanwhile
  kMemory,  // where there is such: what it holds is only read, and a sync costs nothing
};

// A folder of its own that goes with its owner, unless it is kept as evidence.
class ScratchFolder {
 public:
  explicit ScratchFolder(Medium medium);
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();
  [[nodiscard]] const std::string& path() const { return path_; }
  // Its path; it stays.
  const std::string& Keep() {
    keep_ = true;
    return path_;
  }

 private:
  std::string path_;
  bool keep_ = false;
};

// All of an open store: every keyspace read both ways and by key, and verified. An error text when
// answers disagree.
[[nodiscard]] std::optional<std::string> ReadStore(Db& db, Contents* contents);

struct ImageVerdict {
  std::optional<std::string> wrong = {};
  Reached reached = {};
  bool opened_a_checkpoint = false;
};

// Opens the store of `image`, holds it against the timeline, closes it, opens it again and finds
// the same; then the checkpoints. `killed`: the image is the page cache, not what a disk kept.
[[nodiscard]] ImageVerdict CheckImage(const Workload& workload, const RecordedDisk::Image& image,
                                      const Timeline& timeline, bool killed);

}  // namespace firn::power
