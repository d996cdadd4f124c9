// The paragraph format of mail headers and Debian control files: lines "Field: text", continued by
// lines that start with a space or TAB, in paragraphs separated by blank lines. The key of a record
// is the text of one field, its value the whole paragraph with LF line ends and none at the end.
#pragma once

#include <string>

#include "import_format.h"

namespace firn::tool {

class ParagraphReader : public RecordReader {
 public:
  ParagraphReader(const ImportSettings& settings, ByteSource& source)
      : RecordReader(source, settings.line_bytes_max), settings_(settings) {}

  [[nodiscard]] Outcome Next(Record* record) override;

 private:
  void AddLine(Slice line);
  Outcome FinishParagraph(Record* record);

  const ImportSettings settings_;
  // Of the paragraph being read.
  Record record_;
  bool has_lines_ = false;
  bool has_key_ = false;
  std::string problem_;
};

}  // namespace firn::tool
