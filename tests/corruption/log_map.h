// What stands where in a specimen's log, and so what damage to it may cost: the rule of decision
// 0007, stated once more and independently of the code that applies it.
//
// L1  Damage below a durable position that an undamaged record or the manifest states is refused.
// L2  Other damage to a record drops exactly that commit and all behind it. Among what is dropped
//     may be commits that were acknowledged as durable: nothing else in the store says so. That is
//     the one exception to "what was synced is there, or open refuses".
// L3  Bytes outside headers and records mean nothing.
// Threads: immutable after Make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "corruption/specimen.h"
#include "wal/log_format.h"

namespace firn::testing {

class LogMap {
 public:
  // Requires: the specimen is undamaged.
  static LogMap Make(const Specimen& specimen);

  struct Cost {
    bool touched = false;  // a header or a record of a segment in use was damaged
    bool framing = false;  // among them what makes the file a segment of the log
    // Commits that remain when the log ends where it is damaged.
    std::size_t state = 0;
    bool proven = false;   // L1: the damaged place is known to have been durable
  };
  // Of a file of the log whose bytes are now `damaged`; nullopt: it was removed.
  [[nodiscard]] Cost CostOf(const std::string& file,
                            const std::optional<std::string>& damaged) const;

 private:
  enum class What : std::uint8_t { kHeader, kChain, kBatch, kSeal };
  struct Part {
    std::string file;
    What what = What::kBatch;
    std::size_t offset = 0;
    std::string bytes;
    LogPosition position = 0;  // of a header: that of the record behind it
    LogPosition durable = 0;
  };

  void AddSegment(const SpecimenFile& file, FileNumber number, const DatabaseId& database);

  std::vector<Part> parts_;  // by position
  std::size_t last_state_ = 0;
  LogPosition replay_from_ = 0;
  LogPosition manifest_durable_ = 0;
};

}  // namespace firn::testing
