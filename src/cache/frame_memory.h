// Where frames live: objects of a few KiB cut from huge pages, because a point read touches a
// random frame, and with 4 KiB pages the walk of the page tables costs more than the data's own
// cache misses.
//
// Regions of 2 MiB are cut into spans of 256 KiB, a span into objects of one size (steps of 256
// bytes): so little is left at a span's end that whole spans can be booked. Freed objects are reused first, an empty span serves any size again, an empty region goes
// back to the OS. Objects above 32 KiB, and all of them in a small store, come from the C library.
//
// Threads:  all members concurrently; one mutex, taken only when a block is read or evicted.
// Lifetime: everything must be given back before the FrameMemory dies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"

namespace firn {

class FrameMemory {
 public:
  enum class Pages : std::uint8_t { kHuge, kOrdinary };

  explicit FrameMemory(Pages pages) : pages_(pages) {}
  ~FrameMemory();
  FrameMemory(const FrameMemory&) = delete;
  FrameMemory& operator=(const FrameMemory&) = delete;

  // What an object of `bytes` occupies, its share of its span's rest included; at least `bytes`.
  [[nodiscard]] std::size_t Footprint(std::size_t bytes) const;
  // 64-byte aligned, contents arbitrary. Ends the process when the OS has no memory.
  [[nodiscard]] char* Take(std::size_t bytes) FIRN_EXCLUDES(mutex_);
  // `bytes` as given to Take.
  void GiveBack(char* object, std::size_t bytes) FIRN_EXCLUDES(mutex_);
  // Of regions held, in use or not.
  [[nodiscard]] std::size_t region_bytes() const FIRN_EXCLUDES(mutex_);

 private:
  static constexpr std::size_t kRegionBytes = std::size_t{2} << 20;
  static constexpr std::size_t kSpanBytes = std::size_t{256} << 10;
  static constexpr std::size_t kSpansPerRegion = kRegionBytes / kSpanBytes;
  static constexpr std::size_t kStepBytes = 256;
  static constexpr std::size_t kObjectBytesMax = std::size_t{32} << 10;
  static constexpr std::size_t kClasses = kObjectBytesMax / kStepBytes + 1;

  // Part of a region; serves one class while any of its objects is taken.
  struct Span {
    char* begin = nullptr;
    char* free_list = nullptr;      // given back; each holds the address of the next
    std::size_t fresh = 0;          // bytes handed out at least once
    std::size_t object_bytes = 0;   // 0: free for any class
    std::size_t taken = 0;          // objects
    std::size_t open_index = 0;     // its place in open_[class], while it has room
    [[nodiscard]] bool full() const {
      return free_list == nullptr && fresh + object_bytes > kSpanBytes;
    }
  };
  struct Region {
    char* begin = nullptr;
    std::size_t spans_used = 0;
    std::array<Span, kSpansPerRegion> spans;
  };

  // As it is cut from a span.
  [[nodiscard]] static std::size_t ObjectBytes(std::size_t bytes) {
    return (bytes + kStepBytes - 1) / kStepBytes * kStepBytes;
  }
  [[nodiscard]] bool FromRegions(std::size_t bytes) const {
    return pages_ == Pages::kHuge && bytes <= kObjectBytesMax;
  }
  Span& OpenSpan(std::size_t object_bytes) FIRN_REQUIRES(mutex_);
  void EnterOpen(Span& span) FIRN_REQUIRES(mutex_);
  void LeaveOpen(Span& span) FIRN_REQUIRES(mutex_);

  const Pages pages_;
  mutable Mutex mutex_;
  std::unordered_map<std::uintptr_t, std::unique_ptr<Region>> regions_ FIRN_GUARDED_BY(mutex_);
  std::vector<Span*> free_spans_ FIRN_GUARDED_BY(mutex_);
  std::array<std::vector<Span*>, kClasses> open_ FIRN_GUARDED_BY(mutex_);
};

}  // namespace firn
