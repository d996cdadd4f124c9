#include "paragraph_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace firn::tool {
namespace {

constexpr char kBlanks[] = " \t";

Slice Trimmed(Slice text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == Slice::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

char LowerAscii(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                              : character;
}

bool EqualIgnoringCase(Slice left, Slice right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return LowerAscii(a) == LowerAscii(b); });
}

}  // namespace

RecordReader::Outcome ParagraphReader::Next(Record* record) {
  record_ = {};
  has_lines_ = has_key_ = false;
  problem_.clear();
  for (;;) {
    Slice line;
    const LineReader::Outcome outcome = lines_.Next(&line);
    if (outcome == LineReader::Outcome::kFailed) {
      line_number_ = lines_.line_number();
      (void)Reject(lines_.status());
      return Outcome::kFailed;
    }
    const bool is_blank = outcome == LineReader::Outcome::kLine && Trimmed(line).empty();
    if (outcome == LineReader::Outcome::kEnd || is_blank) {
      if (has_lines_) return FinishParagraph(record);
      if (outcome == LineReader::Outcome::kEnd) return Outcome::kEnd;
      continue;
    }
    if (!has_lines_) line_number_ = lines_.line_number();
    if (outcome == LineReader::Outcome::kTooLong) {
      has_lines_ = true;
      problem_ = fmt::format("a line is longer than {} bytes", settings_.line_bytes_max);
    } else {
      AddLine(line);
    }
  }
}

void ParagraphReader::AddLine(Slice line) {
  const bool is_first = !has_lines_;
  has_lines_ = true;
  if (!problem_.empty()) return;
  if (record_.value.size() + line.size() >= kValueBytesMax) {
    problem_ = fmt::format("the paragraph is longer than {} bytes", kValueBytesMax);
    record_.value.clear();
    return;
  }
  if (!is_first) record_.value.push_back('\n');
  record_.value.append(line);
  if (line[0] == ' ' || line[0] == '\t') {
    if (is_first) problem_ = "a continuation line without a field before it";
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == Slice::npos || colon == 0) {
    problem_ = fmt::format("line {} is no \"Field: text\"", lines_.line_number());
    return;
  }
  if (!EqualIgnoringCase(line.substr(0, colon), settings_.key_field)) return;
  if (has_key_) problem_ = fmt::format("field {} stands there twice", settings_.key_field);
  has_key_ = true;
  record_.key = Trimmed(line.substr(colon + 1));
}

RecordReader::Outcome ParagraphReader::FinishParagraph(Record* record) {
  if (problem_.empty() && !has_key_) {
    problem_ = fmt::format("no field {} in this paragraph", settings_.key_field);
  }
  if (!problem_.empty()) return Reject(Status(StatusCode::kInvalidArgument, problem_));
  return Deliver(std::move(record_), record);
}

}  // namespace firn::tool
