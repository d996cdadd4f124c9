#include "sim/memory_file_system.h"

#include <atomic>
#include <utility>

#include "base/status_macros.h"
#include "sim/memory_handles.h"

namespace firn::testing {
namespace {

Status NotFound(const std::string& path) {
  return Status(StatusCode::kNotFound, path + ": no such file or directory");
}

class MemoryFileSystemImpl final : public MemoryFileSystem {
 public:
  MemoryFileSystemImpl() : core_(std::make_shared<MemoryCore>()) {}

  Result<std::unique_ptr<WritableFile>> CreateFile(const std::string& path,
                                                   PageCache cache) override;
  Result<std::unique_ptr<RandomAccessFile>> OpenFile(const std::string& path,
                                                     PageCache cache) override;
  Result<std::string> ReadFile(const std::string& path, std::uint64_t bytes_max) override;
  Result<std::unique_ptr<SegmentFile>> CreateSegment(const std::string& path, std::uint64_t bytes,
                                                     SegmentBackend backend) override;
  Result<std::unique_ptr<SegmentFile>> ReopenSegment(const std::string& path,
                                                     SegmentBackend backend) override;
  Result<std::unique_ptr<DirectoryHandle>> OpenDirectory(const std::string& path) override;
  Status CreateDirectory(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Result<std::uint64_t> FileSize(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status Link(const std::string& from, const std::string& to) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  Result<std::uint64_t> FreeSpace(const std::string& directory) override;

  [[nodiscard]] std::uint64_t calls() const override;
  [[nodiscard]] std::uint64_t looks() const override;
  [[nodiscard]] std::uint64_t mappings() const override;
  void InjectFault(Fault fault) override;
  [[nodiscard]] bool fault_fired() const override;
  [[nodiscard]] std::uint64_t fault_call() const override;
  [[nodiscard]] std::string fault_place() const override;
  void SetFaultRates(const FaultRates& rates) override;
  [[nodiscard]] std::uint64_t random_faults() const override;
  void ObserveFaults(std::function<void(const StruckFault&)> observer) override;
  void SetPause(std::function<void()> pause) override { core_->pause = std::move(pause); }
  void StopAt(std::uint64_t at_call) override;
  [[nodiscard]] std::unique_ptr<MemoryFileSystem> CrashImage(
      const CrashKeep& keep) const override;
  [[nodiscard]] std::vector<UnsyncedUnit> Unsynced() const override;
  [[nodiscard]] std::unique_ptr<MemoryFileSystem> CrashImageOf(
      const std::vector<bool>& kept) const override;
  [[nodiscard]] std::unique_ptr<MemoryFileSystem> Freeze() const override;
  [[nodiscard]] std::uint64_t Fingerprint() const override;
  void SetCapacity(std::uint64_t bytes) override;
  void RefuseDirectReads() override { refuses_direct_reads_.store(true); }
  Status Corrupt(const std::string& path,
                 const std::function<void(std::string&)>& change) override;
  [[nodiscard]] std::uint64_t open_handles() const override;

 private:
  [[nodiscard]] Result<std::shared_ptr<MemoryFile>> FindFile(const std::string& path) const
      FIRN_REQUIRES(core_->mutex);
  Result<std::shared_ptr<MemoryFile>> AddFile(const std::string& path)
      FIRN_REQUIRES(core_->mutex);
  // Whether the memory for it is refused; nothing is mapped yet.
  [[nodiscard]] Status BeginMapping(const std::string& path, SegmentBackend backend) const
      FIRN_REQUIRES(core_->mutex);

  const std::shared_ptr<MemoryCore> core_;
  std::atomic<bool> refuses_direct_reads_{false};
};

Result<std::shared_ptr<MemoryFile>> MemoryFileSystemImpl::FindFile(const std::string& path) const {
  MemoryEntry entry = core_->tree.Find(path);
  if (entry.empty()) return NotFound(path);
  if (entry.file == nullptr) return Status(StatusCode::kIo, path + ": is a directory");
  return std::move(entry.file);
}

Result<std::shared_ptr<MemoryFile>> MemoryFileSystemImpl::AddFile(const std::string& path) {
  FIRN_RETURN_IF_ERROR(core_->Begin(CallKind::kAllocate, path));
  auto file = std::make_shared<MemoryFile>();
  FIRN_RETURN_IF_ERROR(core_->tree.Add(path, {.file = file, .directory = nullptr}));
  return file;
}

Status MemoryFileSystemImpl::BeginMapping(const std::string& path, SegmentBackend backend) const {
  if (backend != SegmentBackend::kMapped || !core_->plan.FailsMapping(path)) return Status();
  return Status(StatusCode::kIo, "map " + path + ": simulated lack of memory");
}

Result<std::unique_ptr<WritableFile>> MemoryFileSystemImpl::CreateFile(const std::string& path,
                                                                      PageCache /*cache*/) {
  DiskCall call(*core_);
  FIRN_ASSIGN_OR_RETURN(auto file, AddFile(path));
  return std::unique_ptr<WritableFile>(
      std::make_unique<MemoryWritableFile>(testing::OpenFile{core_, path, std::move(file)}));
}

Result<std::unique_ptr<RandomAccessFile>> MemoryFileSystemImpl::OpenFile(const std::string& path,
                                                                         PageCache cache) {
  DiskCall call(*core_);
  FIRN_RETURN_IF_ERROR(core_->BeginLook(path));
  FIRN_ASSIGN_OR_RETURN(auto file, FindFile(path));
  if (cache == PageCache::kBypass && refuses_direct_reads_) {
    return Status(StatusCode::kNotSupported, path + ": simulated lack of direct I/O");
  }
  return std::unique_ptr<RandomAccessFile>(
      std::make_unique<MemoryRandomAccessFile>(testing::OpenFile{core_, path, std::move(file)}));
}

Result<std::string> MemoryFileSystemImpl::ReadFile(const std::string& path,
                                                   std::uint64_t bytes_max) {
  DiskCall call(*core_);
  FIRN_RETURN_IF_ERROR(core_->BeginLook(path));
  FIRN_ASSIGN_OR_RETURN(auto file, FindFile(path));
  if (file->size() > bytes_max) {
    return Status(StatusCode::kCorruption, path + ": is " + std::to_string(file->size()) +
                                               " bytes long, more than the " +
                                               std::to_string(bytes_max) + " it may have");
  }
  return file->Content();
}

Result<std::unique_ptr<SegmentFile>> MemoryFileSystemImpl::CreateSegment(const std::string& path,
                                                                         std::uint64_t bytes,
                                                                         SegmentBackend backend) {
  if (bytes == 0) return Status(StatusCode::kInvalidArgument, path + ": a segment of 0 bytes");
  DiskCall call(*core_);
  const bool fits = bytes <= core_->FreeBytes();
  FIRN_ASSIGN_OR_RETURN(auto file, AddFile(path));
  Status refused = fits ? BeginMapping(path, backend)
                        : Status(StatusCode::kNoSpace, path + ": simulated disk is full");
  if (!refused.ok()) {
    FIRN_RETURN_IF_ERROR(core_->tree.RemoveFile(path));
    return refused;
  }
  file->ExtendWithZeros(bytes);
  return std::unique_ptr<SegmentFile>(std::make_unique<MemorySegmentFile>(
      testing::OpenFile{core_, path, std::move(file)}, backend));
}

Result<std::unique_ptr<SegmentFile>> MemoryFileSystemImpl::ReopenSegment(const std::string& path,
                                                                         SegmentBackend backend) {
  DiskCall call(*core_);
  FIRN_RETURN_IF_ERROR(core_->BeginLook(path));
  FIRN_ASSIGN_OR_RETURN(auto file, FindFile(path));
  if (file->size() == 0) {
    return Status(StatusCode::kCorruption, path + ": is empty, so it cannot be a segment");
  }
  FIRN_RETURN_IF_ERROR(BeginMapping(path, backend));
  return std::unique_ptr<SegmentFile>(std::make_unique<MemorySegmentFile>(
      testing::OpenFile{core_, path, std::move(file)}, backend));
}

Result<std::unique_ptr<DirectoryHandle>> MemoryFileSystemImpl::OpenDirectory(
    const std::string& path) {
  DiskCall call(*core_);
  FIRN_RETURN_IF_ERROR(core_->BeginLook(path));
  MemoryEntry entry = core_->tree.Find(path);
  if (entry.empty()) return NotFound(path);
  if (entry.directory == nullptr) return Status(StatusCode::kIo, path + ": is not a directory");
  return std::unique_ptr<DirectoryHandle>(
      std::make_unique<MemoryDirectoryHandle>(core_, path, std::move(entry.directory)));
}

Status MemoryFileSystemImpl::CreateDirectory(const std::string& path) {
  DiskCall call(*core_);
  FIRN_RETURN_IF_ERROR(core_->Begin(CallKind::kAllocate, path));
  if (core_->tree.Find(path).directory != nullptr) return Status();
  return core_->tree.Add(path, {.file = nullptr, .directory = std::make_shared<MemoryDirectory>()});
}

Status MemoryFileSystemImpl::RemoveDirectory(const std::string& path) {
  DiskCall call(*core_);
  bool happens = true;
  const Status told = core_->BeginNameChange(CallKind::kRemove, path, &happens);
  if (happens) FIRN_RETURN_IF_ERROR(core_->tree.RemoveDirectory(path));
  return told;
}

Result<std::vector<std::string>> MemoryFileSystemImpl::List(const std::string& directory) {
  DiskCall call(*core_);
  FIRN_RETURN_IF_ERROR(core_->BeginLook(directory));
  const MemoryEntry entry = core_->tree.Find(directory);
  if (entry.empty()) return NotFound(directory);
  if (entry.directory == nullptr) return Status(StatusCode::kIo, directory + ": not a directory");
  std::vector<std::string> names;
  for (const auto& [name, unused] : entry.directory->visible) names.push_back(name);
  return names;
}

Result<std::uint64_t> MemoryFileSystemImpl::FileSize(const std::string& path) {
  DiskCall call(*core_);
  FIRN_RETURN_IF_ERROR(core_->BeginLook(path));
  FIRN_ASSIGN_OR_RETURN(auto file, FindFile(path));
  return file->size();
}

Status MemoryFileSystemImpl::Rename(const std::string& from, const std::string& to) {
  DiskCall call(*core_);
  bool happens = true;
  const Status told = core_->BeginNameChange(CallKind::kRename, from, &happens);
  if (happens) FIRN_RETURN_IF_ERROR(core_->tree.Rename(from, to));
  return told;
}

Status MemoryFileSystemImpl::Remove(const std::string& path) {
  DiskCall call(*core_);
  bool happens = true;
  const Status told = core_->BeginNameChange(CallKind::kRemove, path, &happens);
  if (happens) FIRN_RETURN_IF_ERROR(core_->tree.RemoveFile(path));
  return told;
}

Status MemoryFileSystemImpl::Link(const std::string& from, const std::string& to) {
  DiskCall call(*core_);
  FIRN_RETURN_IF_ERROR(core_->Begin(CallKind::kLink, to));
  FIRN_ASSIGN_OR_RETURN(auto file, FindFile(from));
  return core_->tree.Add(to, {.file = std::move(file), .directory = nullptr});
}

Result<std::unique_ptr<FileLock>> MemoryFileSystemImpl::Lock(const std::string& path) {
  DiskCall call(*core_);
  std::shared_ptr<MemoryFile> file = core_->tree.Find(path).file;
  if (file == nullptr) {
    FIRN_ASSIGN_OR_RETURN(file, AddFile(path));
  } else {
    FIRN_RETURN_IF_ERROR(core_->Begin(CallKind::kLock, path));
  }
  if (!core_->locked.insert(file.get()).second) {
    return Status(StatusCode::kBusy, path + ": is locked; close the store that holds it first");
  }
  return std::unique_ptr<FileLock>(
      std::make_unique<MemoryFileLock>(testing::OpenFile{core_, path, std::move(file)}));
}

Result<std::uint64_t> MemoryFileSystemImpl::FreeSpace(const std::string& directory) {
  DiskCall call(*core_);
  FIRN_RETURN_IF_ERROR(core_->BeginLook(directory));
  if (core_->tree.Find(directory).directory == nullptr) return NotFound(directory);
  return core_->FreeBytes();
}

std::uint64_t MemoryFileSystemImpl::calls() const {
  MutexLock lock(core_->mutex);
  return core_->plan.calls();
}

std::uint64_t MemoryFileSystemImpl::looks() const {
  MutexLock lock(core_->mutex);
  return core_->plan.looks();
}

std::uint64_t MemoryFileSystemImpl::mappings() const {
  MutexLock lock(core_->mutex);
  return core_->plan.mappings();
}

void MemoryFileSystemImpl::InjectFault(Fault fault) {
  MutexLock lock(core_->mutex);
  core_->plan.SetFault(fault);
}

bool MemoryFileSystemImpl::fault_fired() const {
  MutexLock lock(core_->mutex);
  return core_->plan.fault_fired();
}

std::uint64_t MemoryFileSystemImpl::fault_call() const {
  MutexLock lock(core_->mutex);
  return core_->plan.fault_call();
}

std::string MemoryFileSystemImpl::fault_place() const {
  MutexLock lock(core_->mutex);
  return core_->plan.fault_place();
}

void MemoryFileSystemImpl::SetFaultRates(const FaultRates& rates) {
  MutexLock lock(core_->mutex);
  core_->plan.SetRates(rates);
}

std::uint64_t MemoryFileSystemImpl::random_faults() const {
  MutexLock lock(core_->mutex);
  return core_->plan.random_faults();
}

void MemoryFileSystemImpl::ObserveFaults(std::function<void(const StruckFault&)> observer) {
  MutexLock lock(core_->mutex);
  core_->plan.ObserveFaults(std::move(observer));
}

void MemoryFileSystemImpl::StopAt(std::uint64_t at_call) {
  MutexLock lock(core_->mutex);
  core_->plan.StopAt(at_call);
}

std::unique_ptr<MemoryFileSystem> MemoryFileSystemImpl::CrashImage(const CrashKeep& keep) const {
  auto image = std::make_unique<MemoryFileSystemImpl>();
  SeededRandom random(keep.seed);
  MutexLock lock(core_->mutex);
  MutexLock image_lock(image->core_->mutex);
  image->core_->tree = core_->tree.CrashCopy(keep, random);
  image->core_->capacity = core_->capacity;
  return image;
}

std::vector<UnsyncedUnit> MemoryFileSystemImpl::Unsynced() const {
  MutexLock lock(core_->mutex);
  return core_->tree.Unsynced();
}

std::unique_ptr<MemoryFileSystem> MemoryFileSystemImpl::CrashImageOf(
    const std::vector<bool>& kept) const {
  auto image = std::make_unique<MemoryFileSystemImpl>();
  MutexLock lock(core_->mutex);
  MutexLock image_lock(image->core_->mutex);
  image->core_->tree = core_->tree.CrashCopyOf(kept);
  image->core_->capacity = core_->capacity;
  return image;
}

std::unique_ptr<MemoryFileSystem> MemoryFileSystemImpl::Freeze() const {
  auto frozen = std::make_unique<MemoryFileSystemImpl>();
  MutexLock lock(core_->mutex);
  MutexLock frozen_lock(frozen->core_->mutex);
  frozen->core_->tree = core_->tree.Clone();
  return frozen;
}

std::uint64_t MemoryFileSystemImpl::Fingerprint() const {
  MutexLock lock(core_->mutex);
  return core_->tree.Fingerprint();
}

void MemoryFileSystemImpl::SetCapacity(std::uint64_t bytes) {
  MutexLock lock(core_->mutex);
  core_->capacity = bytes;
}

Status MemoryFileSystemImpl::Corrupt(const std::string& path,
                                     const std::function<void(std::string&)>& change) {
  MutexLock lock(core_->mutex);
  FIRN_ASSIGN_OR_RETURN(auto file, FindFile(path));
  std::string content = file->Content();
  change(content);
  if (file->Replace(content)) return Status();
  return Status(StatusCode::kInvalidArgument, path + ": is mapped, so its size cannot change");
}

std::uint64_t MemoryFileSystemImpl::open_handles() const { return core_->open_handles; }

}  // namespace

std::unique_ptr<MemoryFileSystem> MemoryFileSystem::Create() {
  return std::make_unique<MemoryFileSystemImpl>();
}

}  // namespace firn::testing
