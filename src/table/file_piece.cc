#include "table/file_piece.h"

#include <algorithm>

#include "base/check.h"
#include "base/status_macros.h"

namespace firn {

Status FilePiece::Read(std::uint64_t begin, std::uint64_t end) {
  FIRN_CHECK(begin < end && end <= file_.bytes());
  begin_ = end_ = 0;  // until the read succeeded
  const std::uint64_t from = begin / kDirectAlignment * kDirectAlignment;
  const std::uint64_t to = std::min(
      (end + kDirectAlignment - 1) / kDirectAlignment * kDirectAlignment, file_.bytes());
  const auto bytes = static_cast<std::size_t>(to - from);
  if (bytes > memory_.size()) {
    Drop();
    memory_ = AlignedBuffer(bytes, kDirectAlignment);
    ledger_.Add(kind_, memory_.size());
  }
  FIRN_RETURN_IF_ERROR(file_.ReadAt(from, {memory_.data(), bytes}));
  begin_ = from;
  end_ = to;
  return {};
}

void FilePiece::Drop() {
  ledger_.Remove(kind_, memory_.size());
  memory_ = AlignedBuffer();
  begin_ = end_ = 0;
}

}  // namespace firn
