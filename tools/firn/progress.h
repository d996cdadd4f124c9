// A line on standard error that shows how far a long command is.
//
// P1  The line is redrawn in place at most ten times a second and never wraps.
// P2  Nothing is drawn unless standard error is a terminal or the user asked for it.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "firn/slice.h"

namespace firn::tool {

struct ProgressState {
  std::optional<std::uint64_t> rows;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;  // 0: not known
  std::uint64_t elapsed_micros = 0;
};

// One line of at most `columns` characters, without a line end: a bar and the time left when the
// total is known, rows, bytes and bytes a second always.
[[nodiscard]] std::string RenderProgress(const ProgressState& state, std::size_t columns);

// `facts` behind a bar of the part that is done, or alone when that is not known. At most `columns`
// characters.
[[nodiscard]] std::string RenderBar(std::optional<double> share, std::string facts,
                                    std::size_t columns);

class ProgressLine {
 public:
  ProgressLine(bool enabled, std::uint64_t bytes_total);
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Update(std::optional<std::uint64_t> rows, std::uint64_t bytes);
  // For what is not counted in bytes: `share` of the work is done, `facts` says more.
  void Show(std::optional<double> share, const std::string& facts);
  void set_bytes_total(std::uint64_t bytes_total) { bytes_total_ = bytes_total; }
  // A message line above the progress line; shown also when that is off.
  void Print(Slice line);
  // Takes the line off the terminal.
  void Clear();
  [[nodiscard]] std::uint64_t elapsed_micros() const;

 private:
  [[nodiscard]] bool IsDue(std::uint64_t now) const;
  void Draw(const std::string& line, std::uint64_t now);

  const bool enabled_;
  std::uint64_t bytes_total_;
  const std::uint64_t start_micros_;
  std::uint64_t drawn_micros_ = 0;
  bool is_drawn_ = false;
};

}  // namespace firn::tool
