// What the measurements share: clocks, memory of a chosen page size, files that do not outlive
// them, threads that start together.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "firn/status.h"

namespace firn::limits {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

// kIo (kNoSpace for a full disk or memory) with errno's text: "cannot <what> <where>: <why>".
Status FromErrno(std::string_view what, const std::string& where);

enum class Pages : std::uint8_t { kSmall, kHuge };

// Anonymous memory, every page touched, unmapped on destruction. Move-only.
class Memory {
 public:
  // Errors: kNoSpace.
  static Result<Memory> Allocate(std::uint64_t bytes, Pages pages);
  Memory(Memory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  Memory& operator=(Memory&&) = delete;
  ~Memory();

  [[nodiscard]] std::byte* data() { return data_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  template <typename T>
  [[nodiscard]] T* as() {
    return reinterpret_cast<T*>(data_);
  }
  template <typename T>
  [[nodiscard]] std::uint64_t count() const {
    return bytes_ / sizeof(T);
  }

 private:
  Memory(std::byte* data, std::uint64_t bytes) : data_(data), bytes_(bytes) {}
  std::byte* data_;
  std::uint64_t bytes_;
};

// Bytes of this process on huge pages, as the kernel tells: asking for them is no promise.
std::uint64_t HugePageBytes();

// A file without a name: it is gone when the descriptor is, however the process ends. Move-only.
class ScratchFile {
 public:
  // Creates it in `directory`, opened with `flags` besides. Errors: kIo; kNotSupported when the
  // file system refuses O_DIRECT.
  static Result<ScratchFile> Create(const std::string& directory, int flags);
  ScratchFile(ScratchFile&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), where_(std::move(other.where_)) {}
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ScratchFile& operator=(ScratchFile&&) = delete;
  ~ScratchFile();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  Status Write(const std::byte* data, std::uint64_t bytes, std::uint64_t offset);
  Status Read(std::byte* data, std::uint64_t bytes, std::uint64_t offset);
  Status Sync();
  // Writes zeros over [0, bytes) and syncs them: afterwards an overwrite changes no metadata.
  Status Fill(std::uint64_t bytes);
  // Reserves [0, bytes) without writing it. Errors: kNotSupported where there is no fallocate.
  Status Reserve(std::uint64_t bytes);
  // Takes what is synced out of the page cache.
  void DropCache();

 private:
  ScratchFile(int descriptor, std::string where)
      : descriptor_(descriptor), where_(std::move(where)) {}
  int descriptor_;
  std::string where_;
};

// Runs body(0) ... body(threads - 1), all starting at once; wall seconds until the last is done.
double RunTogether(unsigned threads, const std::function<void(unsigned)>& body);

}  // namespace firn::limits
