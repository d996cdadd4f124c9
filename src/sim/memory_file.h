// One file of the simulated disk: what programs see, what the kernel believes to be on the medium,
// and what is there.
//
// Not here: names (memory_directory.h), faults (call_plan.h), locking (memory_file_system.cc).
// Threads: one at a time; only stores into the mapping may happen beside any member.
// F1  Without a failed sync, the believed and the durable image are the same.
// F2  A sector is unsynced when it differs between the visible and the believed image. A sync
//     writes unsynced sectors only, so what a failed sync dropped stays lost until it changes
//     again, as in a page cache that marks failed pages clean.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/cow_bytes.h"
#include "sim/memory_file_system.h"
#include "sim/seeded_random.h"

namespace firn::testing {

class MemoryFile {
 public:
  MemoryFile() = default;
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  [[nodiscard]] std::uint64_t size() const { return visible_.size(); }
  // Requires: the range lies inside the file.
  void Read(std::uint64_t offset, std::span<char> into) const;
  // May extend the file unless it is mapped.
  void Write(std::uint64_t offset, Slice bytes);
  void ExtendWithZeros(std::uint64_t size);

  // The content as memory, the same for all users; every Map needs its Unmap.
  char* Map();
  void Unmap();

  void Sync();
  // A sync that fails the way Linux fails: nothing is written, yet everything counts as written.
  void DropUnsynced();
  // The other way to fail: the unsynced bytes are gone from the cache too. The size stays.
  void RevertUnsynced();

  // Replaces all three images: damage on the medium. False when a mapping forbids the new size.
  [[nodiscard]] bool Replace(const std::string& content);
  [[nodiscard]] std::string Content() const;

  // What a power loss decides on.
  struct Unsynced {
    bool size = false;
    std::vector<std::uint64_t> sectors;  // ascending
  };
  [[nodiscard]] Unsynced GetUnsynced() const;
  // The file after a power loss that kept exactly `kept`; a sector takes the size along.
  [[nodiscard]] std::shared_ptr<MemoryFile> CrashCopyOf(const Unsynced& kept) const;
  // All three images, without the mapping.
  [[nodiscard]] std::shared_ptr<MemoryFile> Clone() const;
  // Of the durable image.
  [[nodiscard]] std::uint64_t Fingerprint() const { return durable_.Fingerprint(); }

  // The file after a power loss.
  [[nodiscard]] std::shared_ptr<MemoryFile> CrashCopy(CrashKeep::Data keep,
                                                      SeededRandom& random) const;

 private:
  // The visible image with the stores into the mapping.
  [[nodiscard]] CowBytes Visible() const;
  // The durable image with some unsynced sectors and some size between the durable and the visible.
  [[nodiscard]] CowBytes WithRandomSectors(SeededRandom& random) const;

  CowBytes visible_;  // stale while mapped, except for its size
  CowBytes believed_;
  CowBytes durable_;
  char* mapping_ = nullptr;
  std::uint64_t mapping_users_ = 0;
};

}  // namespace firn::testing
