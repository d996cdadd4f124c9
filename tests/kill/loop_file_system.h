// A small file system of its own in a file, which can be stopped as a power loss stops it.
//
// The mounts are in a namespace of this process and its children: whatever becomes of them, the
// system takes mount and loop device back with the last of these processes.
// Needs root, loop devices and the mkfs of the type.
// Threads: one at a time, before any other thread runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace firn::kill {

class LoopFileSystem {
 public:
  // `type`: "ext4" or "xfs". `directory`: an existing one, for the image and the mount point.
  LoopFileSystem(std::string type, const std::string& directory);
  LoopFileSystem(const LoopFileSystem&) = delete;
  LoopFileSystem& operator=(const LoopFileSystem&) = delete;
  ~LoopFileSystem();

  // Makes it afresh and mounts it. An answer says why this machine cannot.
  [[nodiscard]] std::optional<std::string> Make();
  // Nothing reaches the image any more, the journal in memory included. Every call on a file fails
  // from here on.
  void Shutdown();
  // As the machine does after power has come back: the journal is replayed.
  void Remount();

  [[nodiscard]] const std::string& mount_point() const { return mount_point_; }

 private:
  [[nodiscard]] bool Mount();
  void Unmount();

  const std::string type_;
  const std::string image_;
  const std::string mount_point_;
  bool mounted_ = false;
};

}  // namespace firn::kill
