// CURRENT: what is accepted is, byte for byte, the one rendering of what it says. The checksum line
// is made right first when the input asks for it.

#include <xxhash.h>

#include <cinttypes>
#include <cstdio>

#include "fuzz/fuzz_input.h"
#include "version/manifest_format.h"

namespace firn::testing {
namespace {

std::string Sealed(Slice text) {
  const std::size_t line = text.rfind("checksum ");
  const Slice covered = text.substr(0, line);
  char checksum[32];
  std::snprintf(checksum, sizeof(checksum), "checksum %016" PRIx64 "\n",
                static_cast<std::uint64_t>(XXH3_64bits(covered.data(), covered.size())));
  return std::string(covered) + checksum;
}

void Run(Slice text) {
  const auto current = DecodeCurrent(text);
  if (!current.ok()) {
    FIRN_CHECK(current.status().code() == StatusCode::kCorruption ||
               current.status().code() == StatusCode::kNotSupported);
    return;
  }
  FIRN_CHECK(current->manifest.value != 0);
  FIRN_CHECK(EncodeCurrent(*current) == text);
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const firn::Slice text = firn::testing::FuzzInput(data, size).Rest();
  firn::testing::Run(text);
  firn::testing::Run(firn::testing::Sealed(text));
  return 0;
}
