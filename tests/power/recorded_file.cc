#include "power/recorded_file.h"

#include <algorithm>

namespace firn::power {

using testing::CrashKeep;
using testing::SeededRandom;

RecordedFile::RecordedFile(const std::string& content) : sizes_{{0, content.size()}} {
  for (std::size_t at = 0; at < content.size(); at += kSectorBytes) {
    std::string bytes = content.substr(at, kSectorBytes);
    bytes.resize(kSectorBytes);
    sectors_.push_back({Version{.order = 0, .on_disk = true, .bytes = std::move(bytes)}});
  }
}

std::string& RecordedFile::Change(std::uint64_t order, std::size_t index) {
  while (sectors_.size() <= index) {
    sectors_.push_back({Version{.bytes = std::string(kSectorBytes, '\0')}});
  }
  Sector& sector = sectors_[index];
  if (sector.back().order != order) {
    sector.push_back(Version{.order = order, .on_disk = false, .bytes = sector.back().bytes});
  }
  return sector.back().bytes;
}

void RecordedFile::Write(std::uint64_t order, std::uint64_t offset, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const std::uint64_t at = offset + done;
    const std::size_t inside = at % kSectorBytes;
    const std::size_t count = std::min(kSectorBytes - inside, bytes.size() - done);
    Change(order, at / kSectorBytes).replace(inside, count, bytes, done, count);
    done += count;
  }
  if (offset + bytes.size() > size()) sizes_.emplace_back(order, offset + bytes.size());
}

void RecordedFile::Resize(std::uint64_t order, std::uint64_t new_size) {
  if (new_size == size()) return;
  // What is cut off reads as zeros when the file grows again.
  for (std::uint64_t at = new_size; at < size();) {
    const std::uint64_t end = std::min(size(), (at / kSectorBytes + 1) * kSectorBytes);
    Change(order, at / kSectorBytes).replace(at % kSectorBytes, end - at, end - at, '\0');
    at = end;
  }
  if (new_size > 0) static_cast<void>(Change(order, (new_size - 1) / kSectorBytes));
  sizes_.emplace_back(order, new_size);
}

void RecordedFile::Sync(std::uint64_t begin) {
  if (sync_failed_) return;
  for (Sector& sector : sectors_) {
    auto covered = sector.begin();
    while (covered + 1 != sector.end() && (covered + 1)->order <= begin) ++covered;
    covered->on_disk = true;
    sector.erase(sector.begin(), covered);
  }
  auto size = sizes_.begin();
  while (size + 1 != sizes_.end() && (size + 1)->first <= begin) ++size;
  sizes_.erase(sizes_.begin(), size);
}

std::string RecordedFile::Content() const {
  std::string content;
  for (const Sector& sector : sectors_) content += sector.back().bytes;
  content.resize(size());
  return content;
}

bool RecordedFile::fully_durable() const {
  return sizes_.size() == 1 && std::all_of(sectors_.begin(), sectors_.end(), [](const auto& each) {
           return each.size() == 1;
         });
}

bool RecordedFile::IsDurableAt(std::uint64_t offset) const {
  const std::size_t index = offset / kSectorBytes;
  return offset < durable_size() && index < sectors_.size() && sectors_[index].size() == 1;
}

std::string RecordedFile::CrashContent(CrashKeep::Data keep, SeededRandom& random) const {
  if (keep == CrashKeep::Data::kEverything) return Content();
  const bool all_lost = keep == CrashKeep::Data::kNothing;
  const bool junk = !all_lost && random.Below(2) == 0;
  std::string content;
  for (const Sector& sector : sectors_) {
    const Version& kept = sector[all_lost ? 0 : random.Below(sector.size())];
    content += kept.bytes;
    if (kept.on_disk || kept.order != 0 || !junk) continue;
    for (std::size_t i = content.size() - kSectorBytes; i < content.size(); ++i) {
      content[i] = static_cast<char>(random.Next64());
    }
  }
  content.resize(sizes_[all_lost ? 0 : random.Below(sizes_.size())].second);
  return content;
}

}  // namespace firn::power
