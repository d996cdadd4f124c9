// The parts of a check that do not depend on whether the store is open: tables, runs, and the book
// of findings.
//
// Not here: where manifest and log come from (engine_verify.cc, verify_store.cc).
// Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "db/file_names.h"
#include "env/file_system.h"
#include "firn/verify.h"
#include "version/version.h"

namespace firn {

class StoreVerifier {
 public:
  // `stop`, if set, is asked between files; when it says yes the check ends with kClosed.
  StoreVerifier(FileSystem& file_system, std::string directory, const VerifyProgress& progress,
                std::function<bool()> stop)
      : file_system_(file_system),
        directory_(std::move(directory)),
        progress_(progress),
        stop_(std::move(stop)) {}

  void Report(VerifyFinding finding);
  // From a status whose message is "path: what; advice" or "what; advice".
  void ReportStatus(const std::string& file, std::optional<std::uint64_t> offset,
                    const Status& status);
  // More bytes to check; the total is known best before the first is.
  void Expect(std::uint64_t bytes) { bytes_expected_ += bytes; }
  void Done(std::uint64_t bytes);
  // True when the check has to end.
  bool Stopped();
  void Stop(Status status) { report_.stopped = std::move(status); }

  // V1-V4, and sequences against the largest one given out.
  void CheckVersion(const Version& version, const std::string& manifest,
                    SequenceNumber last_sequence);
  // Presence, size and content.
  void CheckTables(std::span<const std::shared_ptr<const TableReader>> tables);
  // Notes tables, manifests and temporaries whose number is not in `live`.
  void NoteOrphans(std::span<const std::string> names, const std::set<FileNumber>& live);

  [[nodiscard]] VerifyReport& report() { return report_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] FileSystem& file_system() { return file_system_; }

 private:
  void CheckTable(const TableReader& table);

  FileSystem& file_system_;
  const std::string directory_;
  const VerifyProgress& progress_;
  const std::function<bool()> stop_;
  std::uint64_t bytes_expected_ = 0;
  VerifyReport report_;
};

}  // namespace firn
