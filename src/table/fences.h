// Fences: the sparse index. Fence i is a key that is >= every key of part i and < every key of a
// later part, unless a key's versions run on into the next part; then it is that key. So the first
// part that may hold a key is the first whose fence is >= the key.
//
//   0 u32 fences | 4 u32 prefix bytes | 8 u32 flags (1: head lengths present) | 12 u32 zero
//   heads: n x u64 | offsets: (n + 1) x u32, ends of tails from the section's start
//   head lengths: n x u8, if flagged | prefix | tails
//
// Threads: FenceBuilder one; the parsed column is a view.
#pragma once

#include <string>
#include <vector>

#include "table/key_column.h"

namespace firn {

// The shortest key s with `last` <= s < `next`; `last` itself when both are equal.
[[nodiscard]] Slice Separator(Slice last, Slice next, std::string& buffer);

class FenceBuilder {
 public:
  void Add(Slice fence);
  [[nodiscard]] std::size_t count() const { return ends_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }
  // Requires: at least one fence.
  void AppendTo(std::string& out) const;
  void Clear();

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

// Null, or what is wrong. On success `fences` views `section`, has exactly `count` keys and is
// checked.
[[nodiscard]] const char* ParseFences(Slice section, std::size_t count, KeyColumn* fences);

}  // namespace firn
