#include "cache/frame_memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "base/page_allocation.h"

namespace firn {
namespace {

constexpr std::size_t kAlignment = 64;

std::size_t RoundUp(std::size_t bytes, std::size_t step) {
  return (bytes + step - 1) / step * step;
}

}  // namespace

FrameMemory::~FrameMemory() {
  MutexLock lock(mutex_);
  FIRN_CHECK(regions_.empty());
}

std::size_t FrameMemory::Footprint(std::size_t bytes) const {
  if (!FromRegions(bytes)) return RoundUp(bytes, kAlignment);
  const std::size_t objects = kSpanBytes / ObjectBytes(bytes);
  return (kSpanBytes + objects - 1) / objects;
}

char* FrameMemory::Take(std::size_t bytes) {
  if (!FromRegions(bytes)) {
    void* const memory = std::aligned_alloc(kAlignment, Footprint(bytes));
    FIRN_CHECK(memory != nullptr);
    return static_cast<char*>(memory);
  }
  MutexLock lock(mutex_);
  const std::size_t object_bytes = ObjectBytes(bytes);
  Span& span = OpenSpan(object_bytes);
  char* object = span.free_list;
  if (object != nullptr) {
    std::memcpy(&span.free_list, object, sizeof(char*));
  } else {
    object = span.begin + span.fresh;
    span.fresh += object_bytes;
  }
  ++span.taken;
  if (span.full()) LeaveOpen(span);
  return object;
}

void FrameMemory::GiveBack(char* object, std::size_t bytes) {
  if (!FromRegions(bytes)) {
    std::free(object);
    return;
  }
  MutexLock lock(mutex_);
  const auto address = reinterpret_cast<std::uintptr_t>(object);
  const std::uintptr_t base = address / kRegionBytes * kRegionBytes;
  const auto found = regions_.find(base);
  FIRN_CHECK(found != regions_.end());
  Region& region = *found->second;
  Span& span = region.spans[(address - base) / kSpanBytes];
  FIRN_CHECK(span.object_bytes == ObjectBytes(bytes));
  if (span.full()) EnterOpen(span);
  std::memcpy(object, &span.free_list, sizeof(char*));
  span.free_list = object;
  if (--span.taken > 0) return;

  LeaveOpen(span);
  span.object_bytes = 0;
  if (--region.spans_used > 0) {
    free_spans_.push_back(&span);
    return;
  }
  std::erase_if(free_spans_, [&](const Span* free) {
    return free >= region.spans.data() && free < region.spans.data() + region.spans.size();
  });
  FreePages(region.begin, kRegionBytes);
  regions_.erase(found);
}

// A span of this object size with room.
FrameMemory::Span& FrameMemory::OpenSpan(std::size_t object_bytes) {
  std::vector<Span*>& open = open_[object_bytes / kStepBytes];
  if (!open.empty()) return *open.back();
  if (free_spans_.empty()) {
    auto region = std::make_unique<Region>();
    region->begin = AllocatePages(kRegionBytes);
    const auto base = reinterpret_cast<std::uintptr_t>(region->begin);
    FIRN_CHECK(base % kRegionBytes == 0);
    // In reverse, so that a region fills from its begin.
    for (std::size_t i = kSpansPerRegion; i-- > 0;) {
      region->spans[i].begin = region->begin + i * kSpanBytes;
      free_spans_.push_back(&region->spans[i]);
    }
    regions_.emplace(base, std::move(region));
  }
  Span& span = *free_spans_.back();
  free_spans_.pop_back();
  span.free_list = nullptr;
  span.fresh = 0;
  span.object_bytes = object_bytes;
  const auto base = reinterpret_cast<std::uintptr_t>(span.begin) / kRegionBytes * kRegionBytes;
  ++regions_.at(base)->spans_used;
  EnterOpen(span);
  return span;
}

void FrameMemory::EnterOpen(Span& span) {
  std::vector<Span*>& open = open_[span.object_bytes / kStepBytes];
  span.open_index = open.size();
  open.push_back(&span);
}

void FrameMemory::LeaveOpen(Span& span) {
  std::vector<Span*>& open = open_[span.object_bytes / kStepBytes];
  Span* const last = open.back();
  open[span.open_index] = last;
  last->open_index = span.open_index;
  open.pop_back();
}

std::size_t FrameMemory::region_bytes() const {
  MutexLock lock(mutex_);
  return regions_.size() * kRegionBytes;
}

}  // namespace firn
