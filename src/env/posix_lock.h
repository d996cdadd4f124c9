// The lock that keeps a second process, or a second open of this one, out of a directory (rule F4).
//
// Threads: concurrently.
// L1  A lock file is never removed, and its content never read: only the lock on it counts.
// L2  Two names of one file are one lock: holders are known by device and inode.
#pragma once

#include <memory>
#include <string>

#include "env/file_system.h"

namespace firn {

// kBusy when any process, this one included, holds it.
Result<std::unique_ptr<FileLock>> LockPosixFile(const std::string& path);

}  // namespace firn
