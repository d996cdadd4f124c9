// Compression: damaged blocks never write outside their room, and any bytes come back as they went
// in. One byte of codec, two of raw size in sixteens, then the stored bytes.

#include <span>
#include <vector>

#include "fuzz/fuzz_input.h"
#include "table/block_codec.h"

namespace firn::testing {
namespace {

void CheckRoundTrip(Compression codec, Slice raw) {
  BlockCompressor compressor(codec);
  std::string stored;
  if (!compressor.Compress(raw, stored)) return;
  FIRN_CHECK(stored.size() < raw.size());
  std::vector<char> again(raw.size());
  FIRN_CHECK(Decompress(static_cast<std::uint8_t>(codec), stored, again));
  FIRN_CHECK(Slice(again.data(), again.size()) == raw);
  // One byte more or less than there is.
  std::vector<char> longer(raw.size() + 1);
  FIRN_CHECK(!Decompress(static_cast<std::uint8_t>(codec), stored, longer));
  FIRN_CHECK(!Decompress(static_cast<std::uint8_t>(codec), stored,
                         std::span(again).first(raw.size() - 1)));
}

void Run(FuzzInput input) {
  const auto codec = input.Number<std::uint8_t>();
  const std::size_t raw_bytes = std::size_t{input.Number<std::uint16_t>()} * 16;
  // On the heap, so that a byte too much is seen.
  std::vector<char> raw(raw_bytes);
  const bool decoded = Decompress(codec, input.Rest(), raw);
  FIRN_CHECK(!decoded || codec == static_cast<std::uint8_t>(Compression::kLz4) ||
             codec == static_cast<std::uint8_t>(Compression::kZstd));
  CheckRoundTrip(Compression::kLz4, input.Rest());
  CheckRoundTrip(Compression::kZstd, input.Rest());
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::Run(firn::testing::FuzzInput(data, size));
  return 0;
}
