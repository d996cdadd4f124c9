// The arguments of the firn command, one a line: parsing them ends, with the one subcommand that
// was asked for or a usage error. Nothing is run: a fuzzer must not choose which files are touched.

#include <vector>

#include "command_line.h"
#include "fuzz/fuzz_input.h"

namespace firn::testing {
namespace {

constexpr std::size_t kArgumentsMax = 64;

void Run(Slice text) {
  std::vector<std::string> words = {"firn"};
  while (!text.empty() && words.size() < kArgumentsMax) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const Slice word = text.substr(0, end);
    words.emplace_back(word.substr(0, word.find('\0')));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  // Declaring some two dozen subcommands takes longer than parsing.
  static tool::CommandLine command_line;
  const tool::ExitCode code =
      command_line.Check(static_cast<int>(arguments.size()), arguments.data());
  FIRN_CHECK(code == tool::ExitCode::kOk || code == tool::ExitCode::kUsage);
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::Run(firn::testing::FuzzInput(data, size).Rest());
  return 0;
}
