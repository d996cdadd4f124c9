#include "progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "standard_streams.h"
#include "units.h"

namespace firn::tool {
namespace {

constexpr std::uint64_t kMicrosPerSecond = 1'000'000;
constexpr std::uint64_t kRedrawMicros = 100'000;
constexpr std::size_t kBarColumnsMax = 30;
constexpr std::size_t kBarColumnsMin = 5;
constexpr Slice kClearLine = "\r\033[K";

std::string Facts(const ProgressState& state) {
  const std::uint64_t micros = std::max<std::uint64_t>(state.elapsed_micros, 1);
  const double bytes_per_micro = static_cast<double>(state.bytes) / static_cast<double>(micros);
  std::string text;
  if (state.rows.has_value()) text += fmt::format("{} rows  ", FormatCount(*state.rows));
  text += FormatBytes(state.bytes);
  // Bytes a microsecond are megabytes a second.
  text += fmt::format("  {:.1f} MB/s", bytes_per_micro);
  if (state.bytes_total > 0 && state.bytes > 0) {
    const std::uint64_t left = state.bytes_total - std::min(state.bytes, state.bytes_total);
    const double seconds = static_cast<double>(left) / bytes_per_micro / kMicrosPerSecond;
    text += fmt::format("  {} left", FormatDuration(static_cast<std::uint64_t>(seconds + 0.5)));
  }
  return text;
}

// The last column stays free: some terminals wrap when it is written.
std::size_t LineColumns() { return TerminalColumns() - 1; }

}  // namespace

std::string RenderBar(std::optional<double> share, std::string facts, std::size_t columns) {
  if (share.has_value()) {
    const std::string percent = fmt::format("{:3}%", static_cast<int>(*share * 100));
    // "[bar] 100%  facts"
    const std::size_t other_columns = facts.size() + percent.size() + 5;
    const std::size_t room = columns > other_columns ? columns - other_columns : 0;
    if (room >= kBarColumnsMin) {
      const std::size_t width = std::min(room, kBarColumnsMax);
      const auto full = static_cast<std::size_t>(*share * static_cast<double>(width));
      facts = fmt::format("[{}{}] {}  {}", std::string(full, '#'), std::string(width - full, '.'),
                          percent, facts);
    } else {
      facts = fmt::format("{}  {}", percent, facts);
    }
  }
  if (facts.size() > columns) facts.resize(columns);
  return facts;
}

std::string RenderProgress(const ProgressState& state, std::size_t columns) {
  std::optional<double> share;
  if (state.bytes_total > 0) {
    share = static_cast<double>(std::min(state.bytes, state.bytes_total)) /
            static_cast<double>(state.bytes_total);
  }
  return RenderBar(share, Facts(state), columns);
}

ProgressLine::ProgressLine(bool enabled, std::uint64_t bytes_total)
    : enabled_(enabled), bytes_total_(bytes_total), start_micros_(MonotonicMicros()) {}

bool ProgressLine::IsDue(std::uint64_t now) const {
  return enabled_ && (!is_drawn_ || now - drawn_micros_ >= kRedrawMicros);
}

void ProgressLine::Draw(const std::string& line, std::uint64_t now) {
  WriteToStandardError(std::string(kClearLine) + line);
  drawn_micros_ = now;
  is_drawn_ = true;
}

void ProgressLine::Update(std::optional<std::uint64_t> rows, std::uint64_t bytes) {
  const std::uint64_t now = MonotonicMicros();
  if (!IsDue(now)) return;
  Draw(RenderProgress({.rows = rows,
                       .bytes = bytes,
                       .bytes_total = bytes_total_,
                       .elapsed_micros = now - start_micros_},
                      LineColumns()),
       now);
}

void ProgressLine::Show(std::optional<double> share, const std::string& facts) {
  const std::uint64_t now = MonotonicMicros();
  if (IsDue(now)) Draw(RenderBar(share, facts, LineColumns()), now);
}

void ProgressLine::Print(Slice line) {
  Clear();
  WriteToStandardError(line);
}

void ProgressLine::Clear() {
  if (!is_drawn_) return;
  WriteToStandardError(kClearLine);
  is_drawn_ = false;
}

std::uint64_t ProgressLine::elapsed_micros() const { return MonotonicMicros() - start_micros_; }

}  // namespace firn::tool
