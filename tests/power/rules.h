// The order of calls that docs/rules.md demands, checked on a trace: whatever images happen to be
// drawn, a call that is out of order is found.
//
// E1  No write and no sync of a file after one of its syncs has failed.
// W4  A segment's header and name are durable before the segment is used.
// W9  A segment that is removed or recycled lies below the replay point of every manifest that a
//     power loss may leave.
// D1  A table is durable, in its full size and with its name, before the live manifest names it, or
//     before a manifest that names it becomes the live one.
// D3  A store that was opened, or made by a checkpoint, has a durable directory.
// M4  What is renamed to CURRENT is durable, and so is the manifest it names.
// F2  What is removed is in no state that a power loss may leave: no table in it, no manifest that
//     CURRENT may name.
// Threads: one at a time.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/types.h"
#include "power/recorded_disk.h"
#include "version/version_edit.h"

namespace firn::power {

class RuleChecker {
 public:
  // Borrows the disk, which the caller moves along the trace.
  explicit RuleChecker(const RecordedDisk& disk) : disk_(disk) {}

  // Before the disk is told of `event`: nullopt, or the rule it breaks and how.
  [[nodiscard]] std::optional<std::string> Check(const Event& event);

  // How often each rule was looked at, so that a test can tell it from a rule that never applied.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& looks() const { return looks_; }

 private:
  using Finding = std::optional<std::string>;
  // What a manifest says, as far as the rules care.
  struct Contents {
    std::map<FileNumber, KeyspaceId> tables;
    std::map<FileNumber, std::uint64_t> bytes;  // of the tables
    std::uint64_t replay_from = 0;
  };
  // Where a segment stands in the log.
  struct Chain {
    std::uint64_t start = 0;
    FileNumber predecessor;
  };

  Finding CheckWrite(const Event& event, const std::string& path);
  Finding CheckLogUse(const Event& event, const std::string& path);
  Finding CheckManifestWrite(const Event& event, const std::string& path);
  Finding CheckCurrent(const Event& event);
  Finding CheckRemoval(const std::string& path);
  Finding CheckLogRemoval(const std::string& directory, FileNumber number);
  Finding CheckMark(const std::string& mark);
  Finding CheckTables(const std::string& directory, const Contents& contents);

  // Of every manifest that may be the live one after a power loss, what it surely says.
  [[nodiscard]] std::map<FileNumber, Contents> LiveManifests(const std::string& directory) const;
  static void Apply(const VersionEdit& edit, Contents& contents);
  [[nodiscard]] static Contents Parse(const std::string& manifest, FileNumber number);
  [[nodiscard]] std::optional<Chain> ChainOf(const std::string& directory,
                                             FileNumber number) const;

  const RecordedDisk& disk_;
  std::set<FileId> unused_segments_;  // with a header, and nothing behind it yet
  std::map<std::string, std::uint64_t> looks_;
};

}  // namespace firn::power
