#include "line_reader.h"

namespace firn::tool {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

Slice WithoutCarriageReturn(Slice line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace

LineReader::LineReader(ByteSource& source, std::size_t bytes_max)
    : source_(source), bytes_max_(bytes_max), chunk_(kChunkBytes, '\0') {}

// False at the end of the input and on failure.
bool LineReader::Refill() {
  if (at_end_) return false;
  const Result<std::size_t> got = source_.Read(chunk_.data(), chunk_.size());
  if (!got.ok()) status_ = got.status();
  at_end_ = !got.ok() || *got == 0;
  rest_ = at_end_ ? Slice() : Slice(chunk_.data(), *got);
  return !at_end_;
}

LineReader::Outcome LineReader::Next(Slice* line) {
  joined_.clear();
  bool has_bytes = false;
  bool too_long = false;
  for (;;) {
    if (rest_.empty() && !Refill()) {
      if (!status_.ok()) return Outcome::kFailed;
      if (!has_bytes) return Outcome::kEnd;
      ++line_number_;
      *line = WithoutCarriageReturn(joined_);
      return too_long ? Outcome::kTooLong : Outcome::kLine;
    }
    has_bytes = true;
    const std::size_t end = rest_.find('\n');
    const Slice piece = rest_.substr(0, end);
    const std::size_t taken = end == Slice::npos ? rest_.size() : end + 1;
    rest_.remove_prefix(taken);
    bytes_consumed_ += taken;
    too_long = too_long || joined_.size() + piece.size() > bytes_max_;
    if (end == Slice::npos || !joined_.empty()) {
      if (too_long) {
        joined_.clear();
      } else {
        joined_.append(piece);
      }
    }
    if (end == Slice::npos) continue;
    ++line_number_;
    if (too_long) return Outcome::kTooLong;
    *line = WithoutCarriageReturn(joined_.empty() ? piece : Slice(joined_));
    return Outcome::kLine;
  }
}

}  // namespace firn::tool
