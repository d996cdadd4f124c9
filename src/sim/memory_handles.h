// The open files, directories and locks of the simulated disk.
//
// Threads: as env/file_system.h says; each call takes the disk's mutex.
#pragma once

#include <memory>
#include <string>

#include "sim/memory_core.h"

namespace firn::testing {

// What every handle is made of.
struct OpenFile {
  std::shared_ptr<MemoryCore> core;
  std::string path;
  std::shared_ptr<MemoryFile> file;
};

class MemoryWritableFile final : public WritableFile {
 public:
  explicit MemoryWritableFile(OpenFile open);
  Status Append(Slice bytes) override;
  Status SyncData() override;
  Status Close() override;

 private:
  HandleCount handle_;
  const std::string path_;
  const std::shared_ptr<MemoryFile> file_;
};

class MemoryRandomAccessFile final : public RandomAccessFile {
 public:
  explicit MemoryRandomAccessFile(OpenFile open);
  Status ReadAt(std::uint64_t offset, std::span<char> into) const override;
  [[nodiscard]] Result<std::uint64_t> Size() const override;

 private:
  HandleCount handle_;
  const std::string path_;
  const std::shared_ptr<MemoryFile> file_;
};

class MemorySegmentFile final : public SegmentFile {
 public:
  // Requires: the mutex is held (a mapping is made) and the file is not empty.
  MemorySegmentFile(OpenFile open, SegmentBackend backend);
  ~MemorySegmentFile() override;
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] char* mapping() override { return mapping_; }
  Status WriteAt(std::uint64_t offset, Slice bytes) override;
  Status SyncData() override;
  void Populate(std::uint64_t offset, std::uint64_t length) override;
  void Release(std::uint64_t offset, std::uint64_t length) override;
  Status Close() override;

 private:
  // Requires: the mutex is held.
  void LetGo();

  HandleCount handle_;
  const std::string path_;
  const std::shared_ptr<MemoryFile> file_;
  const std::uint64_t size_;
  char* mapping_ = nullptr;
};

class MemoryDirectoryHandle final : public DirectoryHandle {
 public:
  MemoryDirectoryHandle(std::shared_ptr<MemoryCore> core, std::string path,
                        std::shared_ptr<MemoryDirectory> directory);
  Status Sync() override;

 private:
  HandleCount handle_;
  const std::string path_;
  const std::shared_ptr<MemoryDirectory> directory_;
};

class MemoryFileLock final : public FileLock {
 public:
  // Requires: the file is in the core's set of locked files; the destructor takes it out.
  explicit MemoryFileLock(OpenFile open);
  ~MemoryFileLock() override;

 private:
  HandleCount handle_;
  const std::shared_ptr<MemoryFile> file_;
};

}  // namespace firn::testing
