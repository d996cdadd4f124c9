// The import formats of the firn command: any text becomes the same records whatever pieces it
// arrives in, and a record written as dump writes it is read back.

#include <vector>

#include "fuzz/fuzz_input.h"
#include "import_format.h"
#include "record_writer.h"
#include "string_source.h"

namespace firn::testing {
namespace {

using tool::ImportFormat;
using tool::ImportSettings;
using tool::Record;
using tool::RecordReader;
using tool::TextCoding;

struct Outcome {
  RecordReader::Outcome kind;
  Record record;
  std::uint64_t line;
};

std::vector<Outcome> ReadAll(const ImportSettings& settings, const std::string& text,
                             std::size_t piece_bytes) {
  tool::testing::StringSource source(text, piece_bytes);
  const auto reader = RecordReader::Make(settings, source);
  std::vector<Outcome> outcomes;
  for (;;) {
    Record record;
    const RecordReader::Outcome kind = reader->Next(&record);
    FIRN_CHECK(kind != RecordReader::Outcome::kFailed);
    FIRN_CHECK(reader->bytes_consumed() <= text.size());
    if (kind == RecordReader::Outcome::kEnd) return outcomes;
    if (kind == RecordReader::Outcome::kBad) FIRN_CHECK(!reader->status().message().empty());
    outcomes.push_back({kind, std::move(record), reader->line_number()});
  }
}

void CheckRewritten(const Record& record, TextCoding coding) {
  for (const bool json : {false, true}) {
    std::string line;
    tool::AppendRecord({.json = json, .coding = coding}, record.key, record.value, line);
    FIRN_CHECK(line.ends_with('\n') && line.find('\n') + 1 == line.size());
    line.pop_back();
    const auto again =
        json ? tool::ParseJsonLine(line) : tool::ParseSeparatedLine(line, coding);
    FIRN_CHECK(again.ok() && again->key == record.key && again->value == record.value);
  }
}

void Run(FuzzInput input) {
  const auto choice = input.Number<std::uint8_t>();
  ImportSettings settings;
  settings.format = static_cast<ImportFormat>(choice % 3);
  settings.coding = static_cast<TextCoding>(choice / 3 % 3);
  settings.key_field = "Package";
  settings.line_bytes_max = choice < 128 ? 4096 : 40;
  const std::string text(input.Rest());
  const std::vector<Outcome> whole = ReadAll(settings, text, text.size() + 1);
  const std::vector<Outcome> pieces = ReadAll(settings, text, 3);
  FIRN_CHECK(whole.size() == pieces.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    FIRN_CHECK(whole[i].kind == pieces[i].kind && whole[i].line == pieces[i].line);
    if (whole[i].kind != RecordReader::Outcome::kRecord) continue;
    FIRN_CHECK(whole[i].record.key == pieces[i].record.key);
    FIRN_CHECK(whole[i].record.value == pieces[i].record.value);
    CheckRewritten(whole[i].record, TextCoding::kEscape);
    CheckRewritten(whole[i].record, TextCoding::kHex);
  }
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::Run(firn::testing::FuzzInput(data, size));
  return 0;
}
