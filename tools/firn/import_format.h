// Turns input text into records: one parser for each --format of load and compare
// (docs/command-line.md, "Import formats").
//
// I1  A malformed record is reported with its line and skipped; the records around it are unharmed.
// I2  Records come in input order.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "firn/slice.h"
#include "firn/status.h"
#include "line_reader.h"
#include "text_coding.h"

namespace firn::tool {

inline constexpr std::size_t kKeyBytesMax = std::size_t{64} << 10;
inline constexpr std::size_t kValueBytesMax = std::size_t{1} << 30;

struct Record {
  std::string key;
  std::string value;
};

enum class ImportFormat : std::uint8_t {
  kSeparated,   // key, TAB, value
  kJson,        // one JSON object a line
  kParagraphs,  // "Field: text" paragraphs between blank lines, keyed by one field's text
};

struct ImportSettings {
  ImportFormat format = ImportFormat::kSeparated;
  TextCoding coding = TextCoding::kEscape;         // of keys and values, kSeparated only
  std::string key_field;                           // kParagraphs only
  std::size_t line_bytes_max = kValueBytesMax + kKeyBytesMax + 1;
};

// Parses one line of its format. kInvalidArgument tells what is wrong with it.
[[nodiscard]] Result<Record> ParseSeparatedLine(Slice line, TextCoding coding);
[[nodiscard]] Result<Record> ParseJsonLine(Slice line);

class RecordReader {
 public:
  enum class Outcome : std::uint8_t { kRecord, kBad, kEnd, kFailed };

  // `source` must outlive the reader.
  [[nodiscard]] static std::unique_ptr<RecordReader> Make(const ImportSettings& settings,
                                                          ByteSource& source);
  virtual ~RecordReader() = default;

  // kRecord fills `record`; kBad and kFailed are explained by status().
  [[nodiscard]] virtual Outcome Next(Record* record) = 0;

  [[nodiscard]] const Status& status() const { return status_; }
  // Where the record returned last, good or bad, starts.
  [[nodiscard]] std::uint64_t line_number() const { return line_number_; }
  [[nodiscard]] std::uint64_t bytes_consumed() const { return lines_.bytes_consumed(); }

 protected:
  RecordReader(ByteSource& source, std::size_t line_bytes_max) : lines_(source, line_bytes_max) {}
  // Checks the limits of the data model, then hands the record out.
  Outcome Deliver(Result<Record> parsed, Record* record);
  Outcome Reject(Status status);
  Outcome RejectTooLong(std::size_t line_bytes_max);

  LineReader lines_;
  std::uint64_t line_number_ = 0;

 private:
  Status status_;
};

}  // namespace firn::tool
