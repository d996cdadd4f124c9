#include "table/file_piece.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status_macros.h"

namespace firn {

FilePiece::Range FilePiece::Aligned(std::uint64_t begin, std::uint64_t end) const {
  FIRN_CHECK(begin < end && end <= file_.bytes());
  const std::uint64_t up = (end + kDirectAlignment - 1) / kDirectAlignment * kDirectAlignment;
  return {begin / kDirectAlignment * kDirectAlignment, std::min(up, file_.bytes())};
}

void FilePiece::Reserve(std::uint64_t begin, std::uint64_t end) {
  begin_ = end_ = 0;
  const Range range = Aligned(begin, end);
  const auto bytes = static_cast<std::size_t>(range.end - range.begin);
  if (bytes <= memory_.size()) return;
  Drop();
  memory_ = AlignedBuffer(bytes, kDirectAlignment);
  ledger_.Add(kind_, memory_.size());
}

Status FilePiece::Read(std::uint64_t begin, std::uint64_t end) {
  Reserve(begin, end);  // and empty until the read succeeded
  const Range range = Aligned(begin, end);
  const auto bytes = static_cast<std::size_t>(range.end - range.begin);
  FIRN_RETURN_IF_ERROR(file_.ReadAt(range.begin, {memory_.data(), bytes}));
  begin_ = range.begin;
  end_ = range.end;
  return {};
}

void FilePiece::Drop() {
  if (memory_.size() == 0) return;  // most have none, and the books are shared by all threads
  ledger_.Remove(kind_, memory_.size());
  memory_ = AlignedBuffer();
  begin_ = end_ = 0;
}

void FilePiece::Swap(FilePiece& other) {
  FIRN_DCHECK(&file_ == &other.file_ && &ledger_ == &other.ledger_ && kind_ == other.kind_);
  std::swap(memory_, other.memory_);
  std::swap(begin_, other.begin_);
  std::swap(end_, other.end_);
}

}  // namespace firn
