// Checking a store: what a check reports, and the check of a store that nobody has open.
//
// Checked are all checksums of every file that belongs to the store (tables with every block,
// filter and fence, the manifest, CURRENT, the log as far as it is known durable), the order inside
// tables and across the tables of a run, and bounds, counts, sequences and sizes against what is
// there. A check goes on behind what it finds.
// Threads: values, and a function for any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "firn/export.h"
#include "firn/options.h"
#include "firn/status.h"

namespace firn {

// One place that is not as it was written.
struct VerifyFinding {
  std::string file;  // its name in the store's directory
  std::optional<std::uint64_t> offset = {};
  std::string what;
  std::string advice;
};

struct FIRN_EXPORT VerifyReport {
  static constexpr std::size_t kFindingsMax = 1000;

  std::uint64_t tables = 0;
  std::uint64_t entries = 0;      // in tables, as counted when they were written
  std::uint64_t bytes = 0;        // read and checked: tables, and the durable part of the log
  std::uint64_t log_records = 0;  // of a store that is not open
  // The end of the log that was never synced may be torn after a crash. Opening drops it, and it is
  // no finding: nobody was promised these bytes.
  std::uint64_t log_bytes_dropped = 0;
  std::vector<std::string> orphan_files;  // named like the store's, but nothing refers to them
  std::vector<VerifyFinding> findings;    // the first kFindingsMax
  std::uint64_t findings_more = 0;        // how many more there were
  Status stopped;                         // ok, or why the check could not be finished

  // Whether everything was checked and nothing found. Orphans are harmless.
  [[nodiscard]] bool ok() const { return stopped.ok() && findings.empty(); }
  // ok; kCorruption that tells the first finding; or `stopped`.
  [[nodiscard]] Status status() const;
};

// Gets (bytes done, bytes in all).
using VerifyProgress = std::function<void(std::uint64_t, std::uint64_t)>;

// Checks the store in `directory`, which stays locked meanwhile, and changes nothing in it.
// `stopped` is kNotFound (no store), kBusy (open elsewhere), kNotSupported (newer format), kIo.
[[nodiscard]] FIRN_EXPORT VerifyReport VerifyStore(const std::string& directory,
                                                   const Options& options = {},
                                                   const VerifyProgress& progress = {});

}  // namespace firn
