#include "power/recorder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace firn::power {
namespace {

[[noreturn]] void Refuse(const char* call, const std::string& what) {
  std::fprintf(stderr, "recorder: cannot record %s of %s\n", call, what.c_str());
  std::abort();
}

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

int Answer(long result) { return static_cast<int>(result); }

std::int32_t ErrorOf(long result) { return result < 0 ? errno : 0; }

}  // namespace

Recorder& Recorder::Process() {
  // Never destroyed: worker threads of the program may call until the process is gone.
  alignas(Recorder) static char memory[sizeof(Recorder)];
  static Recorder* const recorder = ::new (memory) Recorder();
  return *recorder;
}

Recorder::Recorder() : root_(Environment("FIRN_RECORDER_ROOT")) {
  if (root_.empty()) return;
  if (const std::string trace = Environment("FIRN_RECORDER_TRACE"); !trace.empty()) {
    trace_ = Answer(::syscall(SYS_openat, AT_FDCWD, trace.c_str(),
                              O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (trace_ < 0) Refuse("anything: no trace file", trace);
  }
  failing_sync_ = std::strtoull(Environment("FIRN_RECORDER_FAIL_SYNC").c_str(), nullptr, 10);
  ParseKillPoint(Environment("FIRN_RECORDER_KILL").c_str());
}

void Recorder::ParseKillPoint(const char* text) {
  constexpr std::array<const char*, 10> kNames = {"call", "create", "write", "resize", "sync",
                                                  "directory-sync", "rename", "link", "unlink",
                                                  "close"};
  std::string_view rest(text);
  if (rest.empty()) return;
  const std::size_t first = rest.find(':');
  const std::size_t second = rest.find(':', first + 1);
  if (first == rest.npos || second == rest.npos) Refuse("a kill point", text);
  const auto name = std::find(kNames.begin(), kNames.end(),
                              rest.substr(first + 1, second - first - 1));
  if (name == kNames.end()) Refuse("a kill point", text);
  kill_.armed = true;
  kill_.after = rest.substr(0, first) == "after";
  kill_.kind = static_cast<Kind>(name - kNames.begin());
  kill_.number = std::strtoull(text + second + 1, nullptr, 10);
}

bool Recorder::Inside(const char* path, std::string* relative) const {
  if (!active() || path == nullptr) return false;
  std::string whole(path);
  if (whole.empty()) return false;
  if (whole.front() != '/') {
    std::array<char, 4096> here{};
    if (::getcwd(here.data(), here.size()) == nullptr) return false;
    whole = std::string(here.data()) + "/" + whole;
  }
  while (whole.size() > 1 && whole.back() == '/') whole.pop_back();
  if (!whole.starts_with(root_)) return false;
  if (whole.size() == root_.size()) {
    relative->clear();
    return true;
  }
  if (whole[root_.size()] != '/') return false;
  *relative = whole.substr(root_.size() + 1);
  return true;
}

const Recorder::OpenFile* Recorder::Find(int fd) const {
  const auto found = open_.find(fd);
  return found == open_.end() ? nullptr : &found->second;
}

bool Recorder::Passes(Kind kind) {
  if (!kill_.armed || (kill_.kind != Kind::kCall && kill_.kind != kind)) return false;
  if (++kill_.passed != kill_.number) return false;
  if (!kill_.after) DieIf(true);
  return true;
}

void Recorder::DieIf(bool now) {
  if (now) ::kill(::getpid(), SIGKILL);
}

void Recorder::Emit(Event event) {
  event.order = ++last_order_;
  if (trace_ < 0) return;
  std::string encoded;
  AppendEncoded(event, encoded);
  const long written = ::syscall(SYS_write, trace_, encoded.data(), encoded.size());
  if (written != static_cast<long>(encoded.size())) Refuse("more", "the trace file, which is full");
}

// A sector that is being stored to may be copied half old, half new: so may the disk's.
void Recorder::TakeStores(Mapping& mapping) {
  if (trace_ < 0) return;
  Event event{.call = Call::kStored, .file = mapping.file};
  const auto flush = [&] {
    if (!event.bytes.empty()) Emit(event);
    event.bytes.clear();
  };
  std::array<char, kSectorBytes> sector;
  for (std::size_t at = 0; at < mapping.bytes; at += kSectorBytes) {
    const std::size_t count = std::min(kSectorBytes, mapping.bytes - at);
    std::memcpy(sector.data(), mapping.memory + at, count);
    if (std::memcmp(sector.data(), mapping.seen.data() + at, count) == 0) {
      flush();
      continue;
    }
    if (event.bytes.empty()) event.offset = at;
    event.bytes.append(sector.data(), count);
    std::memcpy(mapping.seen.data() + at, sector.data(), count);
  }
  flush();
}

void Recorder::TakeStoresOf(FileId file) {
  for (Mapping& mapping : mappings_) {
    if (mapping.file == file) TakeStores(mapping);
  }
}

int Recorder::Open(int directory, const char* path, int flags, mode_t mode) {
  Event event{.call = Call::kOpen};
  if (!Inside(path, &event.path)) {
    return Answer(::syscall(SYS_openat, directory, path, flags, mode));
  }
  if (directory != AT_FDCWD && path[0] != '/') Refuse("openat", path);
  constexpr int kUnknown = O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);
  if ((flags & kUnknown) != 0) Refuse("such an open", path);
  const Lock lock(mutex_);
  struct stat before {};
  const bool existed = ::fstatat(AT_FDCWD, path, &before, AT_SYMLINK_NOFOLLOW) == 0;
  const bool creates = !existed && (flags & O_CREAT) != 0;
  const bool dies = creates && Passes(Kind::kCreate);
  const int fd = Answer(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  if (fd < 0) return fd;
  struct stat info {};
  if (::fstat(fd, &info) != 0) Refuse("fstat", path);
  FileId& file = files_[{info.st_dev, info.st_ino}];
  if (file == 0 || creates) file = ++last_file_;  // the system uses inode numbers again
  open_[fd] = OpenFile{file, S_ISDIR(info.st_mode)};
  event.file = file;
  event.created = creates;
  Emit(event);
  DieIf(dies);
  return fd;
}

int Recorder::Close(int fd) {
  const Lock lock(mutex_);
  const OpenFile* const open = Find(fd);
  if (open == nullptr) return Answer(::syscall(SYS_close, fd));
  const bool dies = Passes(Kind::kClose);
  Event event{.call = Call::kClose, .file = open->file};
  open_.erase(fd);
  const int result = Answer(::syscall(SYS_close, fd));
  event.error = ErrorOf(result);
  const int error = errno;
  Emit(event);
  DieIf(dies);
  errno = error;
  return result;
}

ssize_t Recorder::Written(const OpenFile& open, std::uint64_t offset, const void* bytes,
                          ssize_t count) {
  const int error = errno;
  Event event{.call = Call::kWrite, .error = ErrorOf(count), .file = open.file, .offset = offset};
  if (count > 0) event.bytes.assign(static_cast<const char*>(bytes), static_cast<size_t>(count));
  for (Mapping& mapping : mappings_) {
    if (mapping.file != open.file || offset >= mapping.bytes) continue;
    std::memcpy(mapping.seen.data() + offset, event.bytes.data(),
                std::min<std::size_t>(event.bytes.size(), mapping.bytes - offset));
  }
  Emit(std::move(event));
  errno = error;
  return count;
}

ssize_t Recorder::Write(int fd, const void* bytes, std::size_t count) {
  Lock lock(mutex_);
  const OpenFile* const open = Find(fd);
  if (open == nullptr) {
    lock.unlock();
    return ::syscall(SYS_write, fd, bytes, count);
  }
  const bool dies = Passes(Kind::kWrite);
  const off_t offset = ::lseek(fd, 0, SEEK_CUR);
  const ssize_t written = ::syscall(SYS_write, fd, bytes, count);
  Written(*open, static_cast<std::uint64_t>(offset), bytes, written);
  DieIf(dies);
  return written;
}

ssize_t Recorder::WriteAt(int fd, const void* bytes, std::size_t count, off_t offset) {
  Lock lock(mutex_);
  const OpenFile* const open = Find(fd);
  if (open == nullptr) {
    lock.unlock();
    return ::syscall(SYS_pwrite64, fd, bytes, count, offset);
  }
  const bool dies = Passes(Kind::kWrite);
  // What was stored before must not be taken for newer than this.
  TakeStoresOf(open->file);
  const ssize_t written = ::syscall(SYS_pwrite64, fd, bytes, count, offset);
  Written(*open, static_cast<std::uint64_t>(offset), bytes, written);
  DieIf(dies);
  return written;
}

int Recorder::Resized(const OpenFile& open, std::uint64_t size, long result) {
  const int error = errno;
  Emit({.call = Call::kResize, .error = ErrorOf(result), .file = open.file, .offset = size});
  errno = error;
  return Answer(result);
}

int Recorder::Allocate(int fd, int mode, off_t offset, off_t length) {
  const Lock lock(mutex_);
  const OpenFile* const open = Find(fd);
  if (open == nullptr) return Answer(::syscall(SYS_fallocate, fd, mode, offset, length));
  if (mode != 0) Refuse("fallocate with a mode", std::to_string(mode));
  const bool dies = Passes(Kind::kResize);
  const long result = ::syscall(SYS_fallocate, fd, mode, offset, length);
  const int error = errno;
  struct stat info {};
  if (::fstat(fd, &info) != 0) Refuse("fstat", "an open file");
  errno = error;
  const int answer = Resized(*open, static_cast<std::uint64_t>(info.st_size), result);
  DieIf(dies);
  return answer;
}

int Recorder::Truncate(int fd, off_t size) {
  const Lock lock(mutex_);
  const OpenFile* const open = Find(fd);
  if (open == nullptr) return Answer(::syscall(SYS_ftruncate, fd, size));
  const bool dies = Passes(Kind::kResize);
  const int answer = Resized(*open, static_cast<std::uint64_t>(size),
                             ::syscall(SYS_ftruncate, fd, size));
  DieIf(dies);
  return answer;
}

void* Recorder::Map(void* address, std::size_t length, int protection, int flags, int fd,
                    off_t offset) {
  const Lock lock(mutex_);
  // The raw call answers -1 and errno as libc's does.
  const long result = ::syscall(SYS_mmap, address, length, protection, flags, fd, offset);
  void* const memory = reinterpret_cast<void*>(result);
  const OpenFile* const open = fd < 0 ? nullptr : Find(fd);
  const bool stores = (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0;
  if (open == nullptr || !stores || memory == MAP_FAILED) return memory;
  if (offset != 0) Refuse("a mapping", "the middle of a file");
  Mapping mapping{.memory = static_cast<char*>(memory), .bytes = length, .file = open->file,
                  .seen = {}};
  mapping.seen.assign(mapping.memory, length);
  mappings_.push_back(std::move(mapping));
  return memory;
}

int Recorder::Unmap(void* address, std::size_t length) {
  const Lock lock(mutex_);
  const auto mapping = std::find_if(mappings_.begin(), mappings_.end(), [&](const Mapping& each) {
    return each.memory == address;
  });
  if (mapping != mappings_.end()) {
    if (mapping->bytes != length) Refuse("munmap", "a part of a mapping");
    TakeStores(*mapping);
    mappings_.erase(mapping);
  }
  return Answer(::syscall(SYS_munmap, address, length));
}

int Recorder::Sync(int fd, long system_call) {
  Lock lock(mutex_);
  const OpenFile* const open = Find(fd);
  if (open == nullptr) {
    lock.unlock();
    return Answer(::syscall(system_call, fd));
  }
  const FileId file = open->file;
  const bool fails = !open->is_directory && ++file_syncs_ == failing_sync_;
  const bool dies = Passes(open->is_directory ? Kind::kDirectorySync : Kind::kSync);
  TakeStoresOf(file);
  Emit({.call = Call::kSyncBegin, .file = file});
  const std::uint64_t begin = last_order_;
  lock.unlock();
  errno = EIO;
  const long result = fails ? -1 : ::syscall(system_call, fd);
  const int error = errno;
  lock.lock();
  TakeStoresOf(file);
  errno = error;
  Emit({.call = Call::kSyncEnd, .error = ErrorOf(result), .file = file, .offset = begin});
  DieIf(dies);
  errno = error;
  return Answer(result);
}

int Recorder::NameCall(Kind kind, Event event, long result) {
  const int error = errno;
  event.error = ErrorOf(result);
  Emit(std::move(event));
  // Passes() was asked before the call; what is left is to die behind it.
  DieIf(kill_.armed && kill_.after && kill_.passed == kill_.number &&
        (kill_.kind == Kind::kCall || kill_.kind == kind));
  errno = error;
  return Answer(result);
}

int Recorder::Rename(const char* from, const char* to) {
  const auto call = [&] {
    return ::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  };
  Event event{.call = Call::kRename};
  const bool inside = Inside(from, &event.path);
  if (inside != Inside(to, &event.target)) Refuse("rename", to);
  if (!inside) return Answer(call());
  const Lock lock(mutex_);
  Passes(Kind::kRename);
  return NameCall(Kind::kRename, std::move(event), call());
}

int Recorder::Link(const char* from, const char* to) {
  const auto call = [&] { return ::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0); };
  Event event{.call = Call::kLink};
  const bool inside = Inside(from, &event.path);
  if (inside != Inside(to, &event.target)) Refuse("link", to);
  if (!inside) return Answer(call());
  const Lock lock(mutex_);
  Passes(Kind::kLink);
  return NameCall(Kind::kLink, std::move(event), call());
}

int Recorder::Unlink(const char* path) {
  Event event{.call = Call::kUnlink};
  if (!Inside(path, &event.path)) return Answer(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
  const Lock lock(mutex_);
  Passes(Kind::kUnlink);
  return NameCall(Kind::kUnlink, std::move(event), ::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int Recorder::MakeDirectory(const char* path, mode_t mode) {
  Event event{.call = Call::kMakeDirectory};
  if (!Inside(path, &event.path)) return Answer(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
  const Lock lock(mutex_);
  Passes(Kind::kCreate);
  const long result = ::syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  const int error = errno;
  struct stat info {};
  // Its inode number may have been a removed file's.
  if (result == 0 && ::stat(path, &info) == 0) files_.erase({info.st_dev, info.st_ino});
  errno = error;
  return NameCall(Kind::kCreate, std::move(event), result);
}

int Recorder::RemoveDirectory(const char* path) {
  Event event{.call = Call::kRemoveDirectory};
  const auto call = [&] { return ::syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR); };
  if (!Inside(path, &event.path)) return Answer(call());
  const Lock lock(mutex_);
  Passes(Kind::kUnlink);
  return NameCall(Kind::kUnlink, std::move(event), call());
}

int Recorder::Control(int fd, int command, void* argument) {
  const bool duplicates = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  // Others may wait for a lock of a file, which must not make all calls wait.
  if (!duplicates) return Answer(::syscall(SYS_fcntl, fd, command, argument));
  const Lock lock(mutex_);
  const int result = Answer(::syscall(SYS_fcntl, fd, command, argument));
  const OpenFile* const open = Find(fd);
  if (open != nullptr && result >= 0) open_[result] = *open;
  return result;
}

void Recorder::Mark(const char* text) {
  const Lock lock(mutex_);
  for (Mapping& mapping : mappings_) TakeStores(mapping);
  Event event{.call = Call::kMark};
  event.bytes = text;
  Emit(std::move(event));
}

void Recorder::RefuseFd(int fd, const char* call) {
  const Lock lock(mutex_);
  if (Find(fd) != nullptr) Refuse(call, "an open file");
}

void Recorder::RefuseMapping(const void* address, const char* call) {
  const Lock lock(mutex_);
  for (const Mapping& mapping : mappings_) {
    const auto* const at = static_cast<const char*>(address);
    if (at >= mapping.memory && at < mapping.memory + mapping.bytes) Refuse(call, "a mapping");
  }
}

void Recorder::RefusePath(const char* path, const char* call) {
  std::string relative;
  if (Inside(path, &relative)) Refuse(call, path);
}

}  // namespace firn::power
