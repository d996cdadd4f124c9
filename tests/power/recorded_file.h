// One file of the recorded folder: every content it had since it was last synced, sector by sector.
//
// F1  A sector's first version is the one a completed sync covered (or none, when the file has
//     never been so long on disk); each later one may be on disk or not.
// F2  After a failed sync no later one makes anything durable: the page cache may have forgotten
//     what it owed the disk (docs/recovery.md, "What the medium may do").
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "power/trace.h"
#include "sim/memory_file_system.h"
#include "sim/seeded_random.h"

namespace firn::power {

class RecordedFile {
 public:
  RecordedFile() = default;
  // On disk, all of it, before the recording.
  explicit RecordedFile(const std::string& content);

  void Write(std::uint64_t order, std::uint64_t offset, const std::string& bytes);
  void Resize(std::uint64_t order, std::uint64_t size);
  // A sync that began at `begin` has returned 0: what was there then is on disk.
  void Sync(std::uint64_t begin);
  void FailSync() { sync_failed_ = true; }

  [[nodiscard]] std::uint64_t size() const { return sizes_.back().second; }
  [[nodiscard]] std::string Content() const;
  // Nothing of it can be lost.
  [[nodiscard]] bool fully_durable() const;
  // No byte below can be lost, if the file was only ever appended to.
  [[nodiscard]] std::uint64_t durable_size() const { return sizes_.front().second; }
  [[nodiscard]] bool sync_failed() const { return sync_failed_; }
  // Whether the sector that holds `offset` cannot be lost.
  [[nodiscard]] bool IsDurableAt(std::uint64_t offset) const;

  // What a power loss may leave of it. Under kRandomSectors each sector is any of its versions, the
  // size any of its sizes, and sectors the disk never had are zeros or junk.
  [[nodiscard]] std::string CrashContent(testing::CrashKeep::Data keep,
                                         testing::SeededRandom& random) const;

 private:
  struct Version {
    std::uint64_t order = 0;
    bool on_disk = false;  // false of a first version: the disk has no such sector
    std::string bytes;     // kSectorBytes of them
  };
  using Sector = std::vector<Version>;  // never empty; ascending orders

  // The sector's newest version, made at `order`.
  std::string& Change(std::uint64_t order, std::size_t index);

  std::vector<Sector> sectors_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> sizes_{{0, 0}};  // order, size
  bool sync_failed_ = false;
};

}  // namespace firn::power
