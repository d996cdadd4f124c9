#include "sim/memory_file.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/page_allocation.h"

namespace firn::testing {

MemoryFile::~MemoryFile() {
  if (mapping_ != nullptr) FreePages(mapping_, size());
}

CowBytes MemoryFile::Visible() const {
  CowBytes visible = visible_;
  if (mapping_ != nullptr) visible.CopyFromShared(mapping_);
  return visible;
}

void MemoryFile::Read(std::uint64_t offset, std::span<char> into) const {
  if (mapping_ == nullptr) return visible_.Read(offset, into);
  Visible().Read(offset, into);
}

void MemoryFile::Write(std::uint64_t offset, Slice bytes) {
  if (mapping_ == nullptr) return visible_.Write(offset, bytes);
  FIRN_CHECK(offset <= size() && bytes.size() <= size() - offset);
  std::memcpy(mapping_ + offset, bytes.data(), bytes.size());
}

void MemoryFile::ExtendWithZeros(std::uint64_t size) {
  FIRN_CHECK(mapping_ == nullptr && size >= visible_.size());
  visible_.Resize(size);
}

char* MemoryFile::Map() {
  FIRN_CHECK(size() > 0);
  if (mapping_users_++ == 0) {
    mapping_ = AllocatePages(size());
    visible_.CopyToZeroed(mapping_);
  }
  return mapping_;
}

void MemoryFile::Unmap() {
  FIRN_CHECK(mapping_users_ > 0);
  if (--mapping_users_ != 0) return;
  visible_ = Visible();
  FreePages(mapping_, size());
  mapping_ = nullptr;
}

void MemoryFile::Sync() {
  visible_ = Visible();
  const bool size_unsynced = believed_.size() != visible_.size();
  if (size_unsynced) durable_.Resize(visible_.size());
  for (const std::uint64_t sector : CowBytes::DifferentSectors(visible_, believed_)) {
    durable_.TakeSector(visible_, sector);
  }
  believed_ = visible_;
  // Sharing one content again keeps later comparisons and copies cheap.
  if (durable_.size() == visible_.size() &&
      CowBytes::DifferentSectors(durable_, visible_).empty()) {
    durable_ = visible_;
  }
}

void MemoryFile::DropUnsynced() {
  visible_ = Visible();
  believed_ = visible_;
}

void MemoryFile::RevertUnsynced() {
  visible_ = Visible();
  CowBytes reverted = believed_;
  reverted.Resize(visible_.size());
  if (mapping_ != nullptr) {
    for (const std::uint64_t sector : CowBytes::DifferentSectors(visible_, reverted)) {
      const std::uint64_t offset = sector * kSectorBytes;
      const std::size_t count = std::min<std::uint64_t>(kSectorBytes, size() - offset);
      reverted.Read(offset, std::span(mapping_ + offset, count));
    }
  }
  visible_ = reverted;
  believed_ = std::move(reverted);
}

bool MemoryFile::Replace(const std::string& content) {
  if (mapping_ != nullptr) {
    if (content.size() != size()) return false;
    std::memcpy(mapping_, content.data(), content.size());
  }
  visible_ = CowBytes();
  visible_.Write(0, content);
  believed_ = visible_;
  durable_ = visible_;
  return true;
}

std::string MemoryFile::Content() const {
  std::string content(size(), '\0');
  Read(0, content);
  return content;
}

CowBytes MemoryFile::WithRandomSectors(SeededRandom& random) const {
  const CowBytes visible = Visible();
  CowBytes survived = durable_;
  if (visible.size() != believed_.size()) {
    // The size reaches the medium apart from the content: not at all, in full, or as it was between
    // two writes.
    const std::uint64_t grown_by = visible.size() - survived.size();
    switch (random.Below(3)) {
      case 0: break;
      case 1: survived.Resize(visible.size()); break;
      default: survived.Resize(survived.size() + random.Below(grown_by + 1));
    }
  }
  for (const std::uint64_t sector : CowBytes::DifferentSectors(visible, believed_)) {
    if (random.Coin()) survived.TakeSector(visible, sector);
  }
  return survived;
}

MemoryFile::Unsynced MemoryFile::GetUnsynced() const {
  const CowBytes visible = Visible();
  return {visible.size() != believed_.size(), CowBytes::DifferentSectors(visible, believed_)};
}

std::shared_ptr<MemoryFile> MemoryFile::CrashCopyOf(const Unsynced& kept) const {
  const CowBytes visible = Visible();
  auto copy = std::make_shared<MemoryFile>();
  CowBytes& survived = copy->durable_;
  survived = durable_;
  if (kept.size) survived.Resize(visible.size());
  for (const std::uint64_t sector : kept.sectors) {
    const std::uint64_t end = std::min(visible.size(), (sector + 1) * kSectorBytes);
    if (end > survived.size()) survived.Resize(end);
    survived.TakeSector(visible, sector);
  }
  copy->visible_ = survived;
  copy->believed_ = survived;
  return copy;
}

std::shared_ptr<MemoryFile> MemoryFile::Clone() const {
  auto copy = std::make_shared<MemoryFile>();
  copy->visible_ = Visible();
  copy->believed_ = believed_;
  copy->durable_ = durable_;
  return copy;
}

std::shared_ptr<MemoryFile> MemoryFile::CrashCopy(CrashKeep::Data keep,
                                                  SeededRandom& random) const {
  auto copy = std::make_shared<MemoryFile>();
  switch (keep) {
    case CrashKeep::Data::kNothing: copy->durable_ = durable_; break;
    case CrashKeep::Data::kEverything: copy->durable_ = Visible(); break;
    case CrashKeep::Data::kRandomSectors: copy->durable_ = WithRandomSectors(random); break;
  }
  copy->visible_ = copy->durable_;
  copy->believed_ = copy->durable_;
  return copy;
}

}  // namespace firn::testing
