// Integers and the reader: a script of reads over bytes. A read that fails changes nothing, one
// that succeeds moves by what it read, and numbers written are the numbers read.

#include "fuzz/fuzz_input.h"

namespace firn::testing {
namespace {

void CheckVarint(std::uint64_t value, std::size_t bytes_read) {
  std::string encoded;
  AppendVarint(encoded, value);
  FIRN_CHECK(encoded.size() <= bytes_read);
  ByteReader reader(encoded);
  std::uint64_t again = 0;
  FIRN_CHECK(reader.ReadVarint(&again) && again == value && reader.empty());
}

bool ReadOne(ByteReader& reader, std::uint8_t verb, std::uint64_t max) {
  const std::size_t before = reader.offset();
  std::uint64_t number = 0;
  std::uint32_t small = 0;
  Slice bytes;
  switch (verb % 5) {
    case 0:
      if (!reader.ReadVarint(&number)) return false;
      CheckVarint(number, reader.offset() - before);
      return true;
    case 1:
      if (!reader.ReadVarintUpTo(max, &number)) return false;
      FIRN_CHECK(number <= max);
      return true;
    case 2: return reader.ReadFixed(&small) && reader.offset() == before + sizeof(small);
    case 3:
      if (!reader.ReadBytes(max, &bytes)) return false;
      FIRN_CHECK(bytes.size() == max && reader.offset() == before + max);
      return true;
    default:
      if (!reader.ReadLengthPrefixed(max, &bytes)) return false;
      FIRN_CHECK(bytes.size() <= max);
      return true;
  }
}

void Run(FuzzInput input) {
  const Slice script = input.Piece();
  ByteReader reader(input.Rest());
  const std::size_t total = reader.remaining();
  for (const char step : script) {
    const std::size_t before = reader.offset();
    const auto verb = static_cast<std::uint8_t>(step);
    const bool read = ReadOne(reader, verb, std::uint64_t{1} << (verb >> 2));
    FIRN_CHECK(read || reader.offset() == before);
    FIRN_CHECK(reader.offset() >= before && reader.offset() + reader.remaining() == total);
  }
}

}  // namespace
}  // namespace firn::testing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firn::testing::Run(firn::testing::FuzzInput(data, size));
  return 0;
}
