#include "testing/tree_drawing.h"

#include <algorithm>
#include <sstream>

#include "base/check.h"
#include "testing/fake_table.h"

namespace firn::testing {
namespace {

struct Parser {
  const char* at;
  std::uint64_t next_number = 1000;  // counts down: what is drawn first is newest
  Tree tree;

  void SkipSpace() {
    while (*at == ' ') ++at;
  }
  bool Take(char wanted) {
    SkipSpace();
    if (*at != wanted) return false;
    ++at;
    return true;
  }
  std::string Word() {
    const char* first = at;
    while (std::isalnum(static_cast<unsigned char>(*at)) != 0) ++at;
    return std::string(first, at);
  }
  std::uint64_t Number() { return std::stoull(Word()); }

  std::shared_ptr<const TableReader> Table() {
    const std::string lower = Word();
    FIRN_CHECK(Take('-'));
    TableMetadata table = FakeMetadata(next_number--, lower, Word());
    table.upper_exclusive = Take(')');
    FIRN_CHECK(table.upper_exclusive || Take(']'));
    table.file_bytes = Take('*') ? Number() : 10;
    table.deletes = Take('d') ? Number() : 0;
    return MakeFakeTable(table);
  }

  Tree Parse() {
    while (Take('L')) {
      const auto level = static_cast<std::size_t>(Number());
      FIRN_CHECK(level < kLevelsMax && Take(':'));
      do {
        std::vector<std::shared_ptr<const TableReader>> tables;
        while (Take('[')) tables.push_back(Table());
        auto run = MakeRun({next_number--}, std::move(tables));
        FIRN_CHECK(run.ok());
        tree.levels[level].push_back(*run);
      } while (Take('|'));
      Take(';');
    }
    FIRN_CHECK(*at == '\0');
    FIRN_CHECK(CheckInvariants(tree).ok());
    return tree;
  }
};

}  // namespace

Tree ParseTree(const std::string& drawing) {
  return Parser{.at = drawing.c_str(), .tree = {}}.Parse();
}

std::string Draw(const CompactionChoice& choice) {
  std::ostringstream text;
  for (const CompactionInput& input : choice.inputs) {
    const TableMetadata& table = input.table->metadata();
    text << "L" << static_cast<int>(input.level) << " [" << table.lower << "-" << table.upper
         << (table.upper_exclusive ? ")" : "]") << " ";
  }
  text << "-> L" << static_cast<int>(choice.output_level);
  if (choice.trivial_move) text << ", move";
  if (choice.bottom) text << ", bottom";
  for (std::size_t i = 0; i < choice.cut_points.size(); ++i) {
    text << (i == 0 ? ", cut " : ",") << choice.cut_points[i];
  }
  return text.str();
}

}  // namespace firn::testing
