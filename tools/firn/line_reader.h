// Cuts a byte stream into lines.
//
// L1  A line ends at LF or at the end of the input; one CR before that end is dropped.
// L2  No more than bytes_max bytes of a line are ever held; the rest of a longer one is skipped.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>

#include "firn/slice.h"
#include "firn/status.h"
#include "standard_streams.h"

namespace firn::tool {

class LineReader {
 public:
  enum class Outcome : std::uint8_t { kLine, kTooLong, kEnd, kFailed };

  // `source` must outlive the reader.
  LineReader(ByteSource& source, std::size_t bytes_max);

  // On kLine `line` is valid until the next call.
  [[nodiscard]] Outcome Next(Slice* line);
  // Of the line Next returned last; the first line is 1.
  [[nodiscard]] std::uint64_t line_number() const { return line_number_; }
  // Of the input, up to the end of that line.
  [[nodiscard]] std::uint64_t bytes_consumed() const { return bytes_consumed_; }
  // Why Next returned kFailed.
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  bool Refill();

  ByteSource& source_;
  const std::size_t bytes_max_;
  std::string chunk_;
  Slice rest_;           // of chunk_, not yet handed out
  std::string joined_;   // a line that spans chunks
  std::uint64_t line_number_ = 0;
  std::uint64_t bytes_consumed_ = 0;
  bool at_end_ = false;
  Status status_;
};

}  // namespace firn::tool
