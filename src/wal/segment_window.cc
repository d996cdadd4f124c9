#include "wal/segment_window.h"

#include <algorithm>
#include <cstring>

#include "base/status_macros.h"
#include "wal/log_format.h"

namespace firn {

Status SegmentWindow::Open(FileSystem& file_system, const std::string& path) {
  held_ = 0;
  FIRN_ASSIGN_OR_RETURN(file_, file_system.OpenFile(path));
  FIRN_ASSIGN_OR_RETURN(file_bytes_, file_->Size());
  if (file_bytes_ <= kSegmentBytesMax) return Status();
  return Status(StatusCode::kCorruption,
                path + ": is " + std::to_string(file_bytes_) + " bytes long, more than the " +
                    std::to_string(kSegmentBytesMax) + " a log segment may have; move it away");
}

Result<Slice> SegmentWindow::From(std::uint64_t offset, std::uint64_t bytes_min) {
  if (offset >= file_bytes_) return Slice();
  const std::uint64_t left = file_bytes_ - offset;
  const std::uint64_t needed = std::min(bytes_min, left);
  const bool inside = offset >= begin_ && offset <= end();
  if (!inside || end() - offset < needed) {
    const auto wanted = static_cast<std::size_t>(
        std::min<std::uint64_t>(std::max<std::uint64_t>(needed, bytes_), left));
    const std::size_t kept = inside ? static_cast<std::size_t>(end() - offset) : 0;
    if (wanted > capacity_) {
      auto larger = std::make_unique_for_overwrite<char[]>(wanted);
      if (kept != 0) std::memcpy(larger.get(), buffer_.get() + (offset - begin_), kept);
      buffer_ = std::move(larger);
      capacity_ = wanted;
    } else if (kept != 0) {
      std::memmove(buffer_.get(), buffer_.get() + (offset - begin_), kept);
    }
    begin_ = offset;
    held_ = kept;
    FIRN_RETURN_IF_ERROR(
        file_->ReadAt(offset + kept, std::span(buffer_.get() + kept, wanted - kept)));
    held_ = wanted;
  }
  return Slice(buffer_.get() + (offset - begin_), static_cast<std::size_t>(end() - offset));
}

}  // namespace firn
