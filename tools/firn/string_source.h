// Test helper: a ByteSource over a string that hands out a few bytes at a time and can fail.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "standard_streams.h"

namespace firn::tool::testing {

class StringSource : public ByteSource {
 public:
  explicit StringSource(std::string bytes, std::size_t piece_bytes = 3)
      : bytes_(std::move(bytes)), piece_bytes_(piece_bytes) {}

  // After the bytes comes this error instead of the end.
  void FailAtEnd(Status status) { failure_ = std::move(status); }

  Result<std::size_t> Read(char* to, std::size_t count) override {
    const std::size_t taken = std::min({count, piece_bytes_, bytes_.size() - position_});
    if (taken == 0 && !failure_.ok()) return failure_;
    std::memcpy(to, bytes_.data() + position_, taken);
    position_ += taken;
    return taken;
  }

 private:
  std::string bytes_;
  std::size_t piece_bytes_;
  std::size_t position_ = 0;
  Status failure_;
};

}  // namespace firn::tool::testing
