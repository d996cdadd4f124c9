// A filter: any bytes either are none or answer for any hash from inside themselves; and one built
// from hashes contains each of them.

#include <vector>

#include "fuzz/fuzz_input.h"
#include "table/filter.h"

namespace firn::testing {
namespace {

void Run(FuzzInput input) {
  const auto bits_per_key = input.Number<std::uint8_t>() % 32u;
  const Slice bytes = input.Rest();
  std::vector<std::uint64_t> hashes = {0, ~std::uint64_t{0}};
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= bytes.size(); at += 8) {
    hashes.push_back(LoadFixed<std::uint64_t>(bytes.data() + at));
  }
  // Alone on the heap, so that a read beside it is seen.
  const std::string copy(bytes);
  FilterView given;
  if (FilterView::Parse(copy, &given)) {
    for (const std::uint64_t hash : hashes) {
      given.Prefetch(hash);
      const bool maybe = given.MayContain(hash);
      FIRN_CHECK(maybe || given.active());
    }
  }
  std::vector<char> built(FilterBytes(hashes.size(), bits_per_key));
  if (built.empty()) return;
  BuildFilter(hashes, bits_per_key, built.data());
  FilterView view;
  FIRN_CHECK(FilterView::Parse(Slice(built.data(), built.size()), &view));
  FIRN_CHECK(view.active());
  for (const std::uint64_t hash : hashes) FIRN_CHECK(view.MayContain(hash));
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::Run(firn::testing::FuzzInput(data, size));
  return 0;
}
