#include "loop_file_system.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "process.h"

namespace firn::kill {
namespace {

// The least that mkfs.xfs takes; the file is sparse, so it costs what is written.
constexpr std::uint64_t kImageBytes = std::uint64_t{320} << 20;

// EXT4_IOC_SHUTDOWN of fs/ext4/ext4.h and XFS_IOC_GOINGDOWN of libxfs/xfs_fs.h are one number, and
// so are their flags: 2 leaves the log in memory unwritten.
constexpr unsigned long kGoingDown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t kNoLogFlush = 2;

}  // namespace

LoopFileSystem::LoopFileSystem(std::string type, const std::string& directory)
    : type_(std::move(type)),
      image_(directory + "/image"),
      mount_point_(directory + "/mount") {}

LoopFileSystem::~LoopFileSystem() {
  if (mounted_) ::umount2(mount_point_.c_str(), MNT_DETACH);
}

std::optional<std::string> LoopFileSystem::Make() {
  if (::geteuid() != 0) return "not root";
  if (::unshare(CLONE_NEWNS) != 0) return "no mount namespace of its own";
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return "the mounts cannot be made private";
  }
  std::filesystem::create_directories(mount_point_);
  std::ofstream(image_).close();
  std::filesystem::resize_file(image_, kImageBytes);
  const std::string force = type_ == "xfs" ? "-f" : "-F";
  if (!RunCommand({"mkfs." + type_, "-q", force, image_})) {
    return "mkfs." + type_ + " is missing or failed";
  }
  if (!Mount()) return "the image cannot be mounted";
  return std::nullopt;
}

bool LoopFileSystem::Mount() {
  // The loop device goes with the mount.
  mounted_ = RunCommand({"mount", "-t", type_, "-o", "loop", image_, mount_point_});
  return mounted_;
}

void LoopFileSystem::Unmount() {
  if (::umount2(mount_point_.c_str(), 0) != 0) ExitWithErrno("cannot unmount " + mount_point_);
  mounted_ = false;
}

void LoopFileSystem::Shutdown() {
  const int root = ::open(mount_point_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) ExitWithErrno("cannot open " + mount_point_);
  std::uint32_t flags = kNoLogFlush;
  if (::ioctl(root, kGoingDown, &flags) != 0) ExitWithErrno("cannot shut down " + mount_point_);
  ::close(root);
}

void LoopFileSystem::Remount() {
  Unmount();
  if (!Mount()) ExitWith("the file system does not mount after its shutdown");
}

}  // namespace firn::kill
