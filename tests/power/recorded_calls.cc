// The functions of libc that the recorder stands in for; this file is nothing but their names.
//
// Left as they are: reads, and sync_file_range, sync and syncfs, on which no promise may rest.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>

#include "power/recorder.h"

namespace {

firn::power::Recorder& Calls() { return firn::power::Recorder::Process(); }

mode_t ModeOf(int flags, std::va_list arguments) {
  // mode_t is passed as an int.
  return (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace

// A mark from the recorded program, found with dlsym; what it says, the trace says at this place.
extern "C" [[gnu::visibility("default")]] void FirnRecorderMark(const char* text) {
  Calls().Mark(text);
}

#pragma GCC visibility push(default)
extern "C" {

int open(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return Calls().Open(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return Calls().Open(AT_FDCWD, path, flags, mode);
}
int openat(int directory, const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return Calls().Open(directory, path, flags, mode);
}
int close(int fd) { return Calls().Close(fd); }

ssize_t write(int fd, const void* bytes, std::size_t count) {
  return Calls().Write(fd, bytes, count);
}
ssize_t pwrite(int fd, const void* bytes, std::size_t count, off_t offset) {
  return Calls().WriteAt(fd, bytes, count, offset);
}
ssize_t pwrite64(int fd, const void* bytes, std::size_t count, off64_t offset) {
  return Calls().WriteAt(fd, bytes, count, offset);
}
int fallocate(int fd, int mode, off_t offset, off_t length) {
  return Calls().Allocate(fd, mode, offset, length);
}
int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
  return Calls().Allocate(fd, mode, offset, length);
}
int ftruncate(int fd, off_t size) noexcept { return Calls().Truncate(fd, size); }
int ftruncate64(int fd, off64_t size) noexcept { return Calls().Truncate(fd, size); }

void* mmap(void* address, std::size_t length, int protection, int flags, int fd,
           off_t offset) noexcept {
  return Calls().Map(address, length, protection, flags, fd, offset);
}
void* mmap64(void* address, std::size_t length, int protection, int flags, int fd,
             off64_t offset) noexcept {
  return Calls().Map(address, length, protection, flags, fd, offset);
}
int munmap(void* address, std::size_t length) noexcept { return Calls().Unmap(address, length); }

int fdatasync(int fd) { return Calls().Sync(fd, SYS_fdatasync); }
int fsync(int fd) { return Calls().Sync(fd, SYS_fsync); }

int rename(const char* from, const char* to) noexcept { return Calls().Rename(from, to); }
int link(const char* from, const char* to) noexcept { return Calls().Link(from, to); }
int unlink(const char* path) noexcept { return Calls().Unlink(path); }
int mkdir(const char* path, mode_t mode) noexcept { return Calls().MakeDirectory(path, mode); }
int rmdir(const char* path) noexcept { return Calls().RemoveDirectory(path); }

int fcntl(int fd, int command, ...) {
  std::va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return Calls().Control(fd, command, argument);
}
int fcntl64(int fd, int command, ...) {
  std::va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return Calls().Control(fd, command, argument);
}

// Not recorded, so not allowed on the recorded folder.
int creat(const char* path, mode_t mode) {
  Calls().RefusePath(path, "creat");
  return static_cast<int>(
      ::syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode));
}
int truncate(const char* path, off_t size) noexcept {
  Calls().RefusePath(path, "truncate");
  return static_cast<int>(::syscall(SYS_truncate, path, size));
}
int unlinkat(int directory, const char* path, int flags) noexcept {
  Calls().RefusePath(path, "unlinkat");
  return static_cast<int>(::syscall(SYS_unlinkat, directory, path, flags));
}
int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  Calls().RefusePath(from, "renameat");
  Calls().RefusePath(to, "renameat");
  return static_cast<int>(::syscall(SYS_renameat2, from_directory, from, to_directory, to, 0));
}
int symlink(const char* from, const char* to) noexcept {
  Calls().RefusePath(to, "symlink");
  return static_cast<int>(::syscall(SYS_symlinkat, from, AT_FDCWD, to));
}
ssize_t writev(int fd, const iovec* parts, int count) {
  Calls().RefuseFd(fd, "writev");
  return ::syscall(SYS_writev, fd, parts, count);
}
ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  Calls().RefuseFd(fd, "pwritev");
  // The kernel takes the offset in two halves.
  return ::syscall(SYS_pwritev, fd, parts, count, offset, offset >> 32);
}
int dup(int fd) noexcept {
  Calls().RefuseFd(fd, "dup");
  return static_cast<int>(::syscall(SYS_dup, fd));
}
int msync(void* address, std::size_t length, int flags) {
  Calls().RefuseMapping(address, "msync");
  return static_cast<int>(::syscall(SYS_msync, address, length, flags));
}

}  // extern "C"
#pragma GCC visibility pop
