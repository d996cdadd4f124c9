#include "import_format.h"

#include <fmt/format.h>

#include "paragraph_reader.h"

namespace firn::tool {
namespace {

Status Malformed(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}

Result<std::string> DecodeField(Slice field, TextCoding coding, std::string_view name) {
  Result<std::string> bytes = Decode(coding, field);
  if (bytes.ok()) return bytes;
  return Malformed(fmt::format("{}: {}", name, bytes.status().message()));
}

// Formats of one record a line; blank lines separate nothing and mean nothing.
class LineRecordReader : public RecordReader {
 public:
  LineRecordReader(const ImportSettings& settings, ByteSource& source)
      : RecordReader(source, settings.line_bytes_max), settings_(settings) {}

  Outcome Next(Record* record) override {
    for (;;) {
      Slice line;
      const LineReader::Outcome outcome = lines_.Next(&line);
      line_number_ = lines_.line_number();
      switch (outcome) {
        case LineReader::Outcome::kEnd: return Outcome::kEnd;
        case LineReader::Outcome::kTooLong: return RejectTooLong(settings_.line_bytes_max);
        case LineReader::Outcome::kFailed:
          (void)Reject(lines_.status());
          return Outcome::kFailed;
        case LineReader::Outcome::kLine: break;
      }
      if (line.empty()) continue;
      return Deliver(settings_.format == ImportFormat::kJson
                         ? ParseJsonLine(line)
                         : ParseSeparatedLine(line, settings_.coding),
                     record);
    }
  }

 private:
  const ImportSettings settings_;
};

}  // namespace

Result<Record> ParseSeparatedLine(Slice line, TextCoding coding) {
  const std::size_t tab = line.find('\t');
  if (tab == Slice::npos) return Malformed("no TAB between key and value");
  Result<std::string> key = DecodeField(line.substr(0, tab), coding, "key");
  if (!key.ok()) return std::move(key).status();
  Result<std::string> value = DecodeField(line.substr(tab + 1), coding, "value");
  if (!value.ok()) return std::move(value).status();
  return Record{std::move(key).value(), std::move(value).value()};
}

std::unique_ptr<RecordReader> RecordReader::Make(const ImportSettings& settings,
                                                 ByteSource& source) {
  if (settings.format == ImportFormat::kParagraphs) {
    return std::make_unique<ParagraphReader>(settings, source);
  }
  return std::make_unique<LineRecordReader>(settings, source);
}

RecordReader::Outcome RecordReader::Deliver(Result<Record> parsed, Record* record) {
  if (!parsed.ok()) return Reject(parsed.status());
  if (parsed->key.size() > kKeyBytesMax) {
    return Reject(Malformed(fmt::format("the key has {} bytes: at most {} are allowed",
                                        parsed->key.size(), kKeyBytesMax)));
  }
  if (parsed->value.size() > kValueBytesMax) {
    return Reject(Malformed(fmt::format("the value has {} bytes: at most {} are allowed",
                                        parsed->value.size(), kValueBytesMax)));
  }
  *record = std::move(parsed).value();
  return Outcome::kRecord;
}

RecordReader::Outcome RecordReader::Reject(Status status) {
  status_ = std::move(status);
  return Outcome::kBad;
}

RecordReader::Outcome RecordReader::RejectTooLong(std::size_t line_bytes_max) {
  return Reject(Malformed(fmt::format("the line is longer than {} bytes", line_bytes_max)));
}

}  // namespace firn::tool
